"""Companies: customers, dealers, distributors, prospects."""
