"""Normalise names, domains, phones and e-mails."""
