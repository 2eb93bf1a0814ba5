"""What the Makefile runs. Nothing here is imported by the service."""
