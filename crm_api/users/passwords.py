"""Passwords: argon2id with the library's current defaults (RFC 9106, low-memory profile)."""

import asyncio
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

hasher = PasswordHasher()


@cache
def _nobody() -> str:
    """Verified when nobody has the address, so that the time of an answer does not tell who exists."""
    return hasher.hash("nobody's password")


def hash_password(password: str) -> str:
    """The hash to store; takes some 50 ms on purpose, so never inside a transaction of the service."""
    return hasher.hash(password)


async def verify(stored: str | None, password: str) -> bool:
    """Whether the password is right; as slow for unknown users as for known ones."""

    def check() -> bool:
        try:
            return hasher.verify(stored or _nobody(), password) and stored is not None
        except (VerificationError, InvalidHashError):
            return False

    return await asyncio.to_thread(check)
