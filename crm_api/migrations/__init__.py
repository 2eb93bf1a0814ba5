"""The schema's history, forwards only. Expand in one release, contract in the next."""
