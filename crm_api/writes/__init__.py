"""What every change through the API may ask for: a rehearsal, an answer kept for a repeat, many at once."""
