"""The core: every business rule, the HTTP API and the web pages. Knows no vendor."""
