"""Optional parts."""
