"""When, never what: a clock over the claim services of the core."""
