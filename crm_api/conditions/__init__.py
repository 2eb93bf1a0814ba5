"""One typed condition tree, and the only compiler from it to SQL."""
