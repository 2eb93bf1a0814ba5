"""What the references say, executed."""
