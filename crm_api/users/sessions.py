"""Signing in and staying signed in: sessions, rotating refresh tokens, throttling.

Refusals that must leave a trace (a failed sign-in, a reused refresh token) are *returned*: `db.write`
commits the trace and raises them afterwards.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.core import clock
from crm_api.core.errors import NotSignedIn, Problem, TooMany
from crm_api.core.secrets import fingerprint
from crm_api.core.text import fold
from crm_api.users.models import SignInAttempt, User, UserSession

ACCESS_LIFETIME = timedelta(minutes=10)
API_LIFETIME = timedelta(days=30)
WEB_LIFETIME = timedelta(hours=14)
FREE_FAILURES = 5
FREE_ACCOUNTS = 30  # tried in vain from one network address; a whole office may share one
WINDOW = timedelta(minutes=15)
KEPT = timedelta(days=30)  # attempts, for whoever looks into them
_WRONG = "E-mail address or password is wrong."


@dataclass(frozen=True, slots=True)
class Opened:
    """A session just opened or rotated; `token` is shown to the client once and kept nowhere."""

    session_id: UUID
    user_id: UUID
    token: str
    csrf_token: str


def credentials(session: Session, email: str, address: str | None) -> tuple[UUID | None, str | None]:
    """The user's id and password hash for an e-mail address, or (None, None).

    Raises TooMany after five failures within 15 minutes since the last success, waiting longer with each; and where
    somebody tries one account after the other from one network address.
    """
    key, now = _key(email), clock.now()
    _require_few_accounts(session, address, key, now)
    failures: list[datetime] = []
    for attempt in session.scalars(
        sa.select(SignInAttempt)
        .where(SignInAttempt.email_key == key, SignInAttempt.at > now - WINDOW)
        .order_by(SignInAttempt.at.desc(), SignInAttempt.id.desc())
    ):
        if attempt.succeeded:
            break
        failures.append(attempt.at)
    if len(failures) >= FREE_FAILURES:
        pause = timedelta(seconds=min(2 ** (len(failures) - FREE_FAILURES) * 5, 900))
        left = (failures[0] + pause - now).total_seconds()
        if left > 0:
            raise TooMany("Too many failed attempts; wait before the next one.", retry_after=int(left) + 1)
    user = session.scalars(sa.select(User).where(User.email_key == key)).first()
    return (user.id, user.password_hash) if user and user.can_sign_in else (None, None)


def _require_few_accounts(session: Session, address: str | None, key: str, now: datetime) -> None:
    """Raise TooMany where too many other accounts were tried from this address lately, and not one attempt went well:
    who mistypes and then gets in is nobody who guesses."""
    if address is None:
        return
    account, went_well = SignInAttempt.email_key, sa.cast(SignInAttempt.succeeded, sa.Integer)
    missed = (
        sa.select(sa.func.max(SignInAttempt.at))
        .where(SignInAttempt.at > now - WINDOW, SignInAttempt.address == address, account != key)
        .group_by(account)
        .having(sa.func.max(went_well) == 0)
    )
    tried = sorted(session.scalars(missed))
    if len(tried) >= FREE_ACCOUNTS:
        left = (tried[-FREE_ACCOUNTS] + WINDOW - now).total_seconds()
        raise TooMany(
            "Too many failed attempts from here; wait before the next one.", retry_after=int(left) + 1
        )


def _key(email: str) -> str:
    """The address as attempts are counted by; whatever is typed, it can be stored."""
    return "".join(c for c in fold(email) if c.isprintable())[:254]


def open_session(
    session: Session,
    email: str,
    user_id: UUID | None,
    *,
    channel: str,
    address: str | None = None,
    user_agent: str | None = None,
) -> Opened | Problem:
    """Record the attempt; open a session when `user_id` is given, that is when the password was right."""
    now = clock.now()
    session.add(SignInAttempt(email_key=_key(email), address=address, at=now, succeeded=user_id is not None))
    if user_id is None:
        return NotSignedIn(_WRONG)
    user = session.get_one(User, user_id)
    session.execute(sa.delete(SignInAttempt).where(SignInAttempt.at < now - KEPT))
    session.execute(
        sa.update(User).where(User.id == user.id).values(last_sign_in_at=now, version=User.version)
    )
    token, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(24)
    row = UserSession(
        user_id=user.id,
        channel=channel,
        token_hash=fingerprint(token),
        csrf_token=csrf,
        created_at=now,
        last_used_at=now,
        expires_at=now + (WEB_LIFETIME if channel == "web" else API_LIFETIME),
        user_agent=(user_agent or "")[:300] or None,
        address=address,
    )
    session.add(row)
    return Opened(row.id, user.id, token, csrf)


def rotate(session: Session, refresh_token: str) -> Opened | Problem:
    """Change a refresh token for the next one. A token used twice ends the session (RFC 9700, 4.14.2)."""
    now, mark = clock.now(), fingerprint(refresh_token)
    row = session.scalars(
        sa.select(UserSession)
        .where(
            sa.or_(UserSession.token_hash == mark, UserSession.previous_hash == mark),
            UserSession.channel == "api",
        )
        .with_for_update()
    ).first()
    if row is None or row.ended_at is not None or row.expires_at <= now:
        return NotSignedIn("The refresh token is not valid any more; sign in again.")
    if row.previous_hash == mark:
        end(session, row.id, reason="refresh token used twice")
        return NotSignedIn(
            "This refresh token was used before; the session is ended for safety. Sign in again."
        )
    user = session.get_one(User, row.user_id)
    if not user.can_sign_in:
        return NotSignedIn("This user may not sign in any more.")
    token = secrets.token_urlsafe(32)
    row.previous_hash, row.token_hash, row.last_used_at = row.token_hash, fingerprint(token), now
    return Opened(row.id, row.user_id, token, row.csrf_token or "")


def end(session: Session, session_id: UUID, *, reason: str) -> None:
    """End a session; ending it twice is harmless."""
    session.execute(
        sa.update(UserSession)
        .where(UserSession.id == session_id, UserSession.ended_at.is_(None))
        .values(ended_at=clock.now(), end_reason=reason)
    )


def end_all(session: Session, user_id: UUID, *, reason: str) -> None:
    """End every session of a user: on a new password, and on deactivation."""
    session.execute(
        sa.update(UserSession)
        .where(UserSession.user_id == user_id, UserSession.ended_at.is_(None))
        .values(ended_at=clock.now(), end_reason=reason)
    )


def live_user(session: Session, *, session_id: UUID | None = None, token: str | None = None) -> Any:
    """The (session, user) of a live session by its id or its opaque token, or None."""
    which = UserSession.id == session_id if session_id else UserSession.token_hash == fingerprint(token or "")
    found = session.execute(
        sa.select(UserSession, User)
        .join(User, User.id == UserSession.user_id)
        .where(which, UserSession.ended_at.is_(None), UserSession.expires_at > clock.now(), User.is_active)
    ).first()
    return tuple(found) if found else None
