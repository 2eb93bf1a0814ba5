"""Records out: everything that matches, as CSV or JSON lines, of any size."""
