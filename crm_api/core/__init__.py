"""Building blocks without business meaning."""
