"""Coloured labels on any record."""
