"""Figures with one definition each, for API, pages and questions."""
