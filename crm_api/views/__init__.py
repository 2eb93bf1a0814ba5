"""Saved views: the conditions, order and columns of a list under a name, for oneself or shared."""
