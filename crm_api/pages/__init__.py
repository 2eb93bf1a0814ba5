"""The web pages: HTML over the same services as the API. No rule and no query of their own."""
