"""Places and roads: where accounts are, how we know, how far it is, and what asking costs."""
