"""API keys: making, finding behind a token, revoking."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.core import clock
from crm_api.core.errors import Conflict, Invalid, NotFound
from crm_api.core.presenting import shown_by
from crm_api.core.secrets import fingerprint
from crm_api.users.models import ApiKey, User
from crm_api.users.schemas import ApiKeyIn, ApiKeyOut

PREFIX = "crm_"
MOST_KEYS = 100  # a user; more are forgotten ones
USED_EVERY = timedelta(minutes=10)  # one write in so long, however busy the key is


@dataclass(frozen=True, slots=True)
class Issued:
    """A key just made. `token` is shown once and kept nowhere."""

    key_id: UUID
    token: str


@dataclass(frozen=True, slots=True)
class Held:
    """The living key behind a token, and its user."""

    key_id: UUID
    scopes: frozenset[str]
    user: User
    last_used_at: datetime | None

    @property
    def origin(self) -> str:
        """The channel that everything this key does came through."""
        return f"api_key:{self.key_id}"


def issue(session: Session, *, user_id: UUID, created_by: UUID | None, data: ApiKeyIn) -> Issued:
    """Make a key for a user; raises Invalid for an unknown or inactive one, or a date that has passed."""
    user = session.get(User, user_id)
    if user is None or not user.is_active:
        raise Invalid.field("user_id", "there is no such active user")
    if data.expires_at is not None and data.expires_at <= clock.now():
        raise Invalid.field("expires_at", "this moment has passed; leave it out for a key without an end")
    living = sa.select(sa.func.count()).where(ApiKey.user_id == user_id, ApiKey.revoked_at.is_(None))
    if (session.scalar(living) or 0) >= MOST_KEYS:
        raise Conflict(f"{user.name} has {MOST_KEYS} keys already; revoke what is not used.")
    token = PREFIX + secrets.token_urlsafe(32)
    key = ApiKey(
        user_id=user_id,
        created_by=created_by,
        name=data.name,
        scopes=sorted(set(data.scopes)),
        expires_at=data.expires_at,
        token_hash=fingerprint(token),
        hint=token[: len(PREFIX) + 4],
    )
    session.add(key)
    session.flush()
    return Issued(key.id, token)


def held(session: Session, token: str) -> Held | None:
    """The key behind a token: not revoked, not run out, its user active; None otherwise."""
    found = session.execute(
        sa.select(ApiKey, User)
        .join(User, User.id == ApiKey.user_id)
        .where(
            ApiKey.token_hash == fingerprint(token),
            ApiKey.revoked_at.is_(None),
            sa.or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > clock.now()),
            User.is_active,
        )
    ).first()
    if found is None:
        return None
    key, user = found
    return Held(key.id, frozenset(key.scopes), user, key.last_used_at)


def is_stale(last_used_at: datetime | None) -> bool:
    """Whether it is time to note again that a key is used."""
    return last_used_at is None or clock.now() - last_used_at >= USED_EVERY


def note_use(session: Session, key_id: UUID) -> None:
    """Remember when the key was last used. No entry in the trail: nobody changed anything."""
    session.execute(sa.update(ApiKey).where(ApiKey.id == key_id).values(last_used_at=clock.now()))


def listed(session: Session, *, user_id: UUID | None) -> list[dict[str, Any]]:
    """The keys of a user, newest first, revoked ones among them; of everybody for None."""
    statement = sa.select(*shown_by(ApiKeyOut, ApiKey)).order_by(ApiKey.id.desc())
    if user_id is not None:
        statement = statement.where(ApiKey.user_id == user_id)
    return [dict(row) for row in session.execute(statement).mappings()]


def revoke(session: Session, *, key_id: UUID, user_id: UUID | None) -> None:
    """End a key for good; with `user_id`, only that user's. Twice is harmless. Raises NotFound."""
    key = session.get(ApiKey, key_id)
    if key is None or user_id not in (None, key.user_id):
        raise NotFound(f"There is no API key {key_id}, or it is not yours to see.")
    key.revoked_at = key.revoked_at or clock.now()
