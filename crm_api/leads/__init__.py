"""Prospects on their way to becoming customers."""
