"""Who changed what: change sets with before and after of each field."""
