"""Telling other systems what happened, by Standard Webhooks (https://www.standardwebhooks.com)."""
