"""Handing over everything somebody owns to those who follow them."""
