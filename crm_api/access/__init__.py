"""Who sees and may change what, decided once."""
