"""Targets of people and teams, and how far they have come."""
