"""The installation's secret, and what is derived from it: token signatures, encrypted blobs."""

import base64
import hashlib
import os
import secrets
from datetime import datetime, timedelta
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import jwt
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from crm_api.core import clock
from crm_api.core.errors import NotSignedIn


def load_or_create(data_dir: Path, configured: str | None) -> str:
    """The secret key: as configured, else read from DATA_DIR, else made there once (mode 0600).

    Several processes may start at once: the file is made with O_EXCL, and the loser reads the winner's.
    """
    if configured:
        return configured
    path = data_dir / "secret_key"
    data_dir.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        staged = data_dir / f".secret_key.{os.getpid()}"
        handle = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_urlsafe(48))
        try:
            os.link(staged, path)
        except FileExistsError:
            pass
        finally:
            staged.unlink()
    return path.read_text().strip()


def fingerprint(token: str) -> str:
    """SHA-256 of a random token, hex: what is stored instead of the token itself."""
    return hashlib.sha256(token.encode()).hexdigest()


class Keys:
    """Keys derived from the secret, one per purpose. Two secrets, comma-separated, while rotating:
    the first signs and encrypts, both are believed."""

    def __init__(self, secret: str) -> None:
        self._secrets = [part.strip() for part in secret.split(",") if part.strip()]

    @staticmethod
    @cache
    def _derive(secret: str, purpose: str) -> bytes:
        return HKDF(hashes.SHA256(), 32, salt=None, info=f"rounds/{purpose}".encode()).derive(secret.encode())

    def sign(self, claims: dict[str, Any], *, purpose: str, lifetime: timedelta) -> str:
        """A JWT (HS256) with `iat` and `exp` set."""
        now = clock.now()
        body = {**claims, "iat": now, "exp": now + lifetime, "aud": purpose}
        return jwt.encode(body, self._derive(self._secrets[0], purpose), algorithm="HS256")

    def verify(self, token: str, *, purpose: str) -> dict[str, Any]:
        """The claims of a token signed here; raises NotSignedIn for any other, and for a late one."""
        claims = _signed(token, purpose, *(self._derive(secret, purpose) for secret in self._secrets))
        if datetime.fromtimestamp(claims["exp"], tz=clock.now().tzinfo) <= clock.now():
            raise NotSignedIn("The token has run out; refresh it or sign in again.")
        return dict(claims)

    def _box(self, purpose: str) -> MultiFernet:
        return MultiFernet(
            [Fernet(base64.urlsafe_b64encode(self._derive(secret, purpose))) for secret in self._secrets]
        )

    def encrypt(self, text: str, *, purpose: str) -> bytes:
        """Authenticated encryption (Fernet: AES-CBC and HMAC-SHA256)."""
        return self._box(purpose).encrypt(text.encode())

    def decrypt(self, blob: bytes, *, purpose: str) -> str | None:
        """The text again, or None where the key has changed since."""
        try:
            return self._box(purpose).decrypt(blob).decode()
        except InvalidToken:
            return None


@lru_cache(maxsize=4096)
def _signed(token: str, purpose: str, *keys: bytes) -> dict[str, Any]:
    """The claims of a token that one of the keys signed; raises NotSignedIn for any other. A client sends the same
    token many times over, and what it says does not change; whether it has run out is asked each time. A refusal is
    raised and not kept: forged tokens may be huge, and no two alike."""
    for key in keys:
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=["HS256"],
                audience=purpose,
                options={"require": ["exp", "iat", "aud"], "verify_exp": False, "verify_iat": False},
            )
        except jwt.InvalidTokenError:
            continue
        return claims
    raise NotSignedIn("This token was not made here; sign in again.")
