"""Signatures as Standard Webhooks 1.0 has them, so that receivers verify with a library they have.

The signed text is `id.timestamp.body`, the signature `v1,` and the base64 of its HMAC-SHA256. While a secret
is being rotated there are two, separated by a space; a receiver accepts either.
"""

import base64
import hashlib
import hmac
import secrets as random
from collections.abc import Sequence
from datetime import datetime

PREFIX = "whsec_"
SECRET_BYTES = 32  # the specification asks for 24 to 64


def new_secret() -> str:
    """A fresh secret: `whsec_` and 32 random bytes in base64."""
    return PREFIX + base64.b64encode(random.token_bytes(SECRET_BYTES)).decode()


def signature(secret: str, *, message_id: str, timestamp: int, body: bytes) -> str:
    """The signature of one message with one secret; `timestamp` in seconds since 1970."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def headers(secrets: Sequence[str], *, message_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """The headers of one attempt. Made anew for each: receivers refuse a timestamp that is minutes old."""
    timestamp = int(at.timestamp())
    signed = [signature(s, message_id=message_id, timestamp=timestamp, body=body) for s in secrets]
    return {
        "content-type": "application/json",
        "user-agent": "Rounds-Webhooks/1",
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signed),
    }
