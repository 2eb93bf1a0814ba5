"""Files that belong to records: kept once by their content, named by people, read by whoever sees the record."""
