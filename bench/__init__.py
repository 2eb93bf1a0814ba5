"""Repeatable measurements, one command each, printing ratios to ceilings measured in the same run."""
