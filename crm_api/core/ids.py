"""Identifiers: UUIDv7, so that ids made later sort later and inserts stay at the end of the index."""

from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """A fresh UUIDv7 (RFC 9562), made here and not by the database, so that a row knows its id at once."""
    return uuid7()
