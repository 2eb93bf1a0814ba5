"""Deals in pipelines."""
