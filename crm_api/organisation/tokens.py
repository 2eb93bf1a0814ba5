"""The TokenStore of adapters: encrypted rows, shared by all processes."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.core.database import Database
from crm_api.core.secrets import Keys
from crm_api.organisation.models import Secret

_PURPOSE = "token store"


class DatabaseTokenStore:
    """Keeps token caches in the `secrets` table, encrypted with a key derived from SECRET_KEY."""

    def __init__(self, db: Database, keys: Keys) -> None:
        self._db, self._keys = db, keys

    async def load(self, key: str) -> str | None:
        """The value kept under `key`, or None where there is none or the secret changed since."""
        blob = await self._db.read(_load, key)
        return None if blob is None else self._keys.decrypt(blob, purpose=_PURPOSE)

    async def save(self, key: str, value: str) -> None:
        """Keep `value` under `key`."""
        await self._db.write(_save, key, self._keys.encrypt(value, purpose=_PURPOSE))


def _load(session: Session, key: str) -> bytes | None:
    return session.scalar(sa.select(Secret.value).where(Secret.key == key))


def _save(session: Session, key: str, blob: bytes) -> None:
    row = session.scalars(sa.select(Secret).where(Secret.key == key)).first()
    if row is None:
        session.add(Secret(key=key, value=blob))
    else:
        row.value = blob
