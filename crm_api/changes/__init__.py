"""Change sets: reading what was changed together, and undoing it."""
