"""Signing in: look up, verify in a thread, record. The slow hash runs between two transactions."""

from crm_api.core.database import Database
from crm_api.core.secrets import Keys
from crm_api.users import passwords, sessions
from crm_api.users.schemas import Tokens
from crm_api.users.sessions import ACCESS_LIFETIME, Opened

ACCESS = "access"


async def sign_in(
    db: Database,
    email: str,
    password: str,
    *,
    channel: str,
    address: str | None = None,
    user_agent: str | None = None,
) -> Opened:
    """Open a session; raises NotSignedIn or TooMany, and keeps the trace of the attempt either way."""
    user_id, stored = await db.read(sessions.credentials, email, address)
    right = await passwords.verify(stored, password)
    opened = await db.write(
        sessions.open_session,
        email,
        user_id if right else None,
        channel=channel,
        address=address,
        user_agent=user_agent,
    )
    assert isinstance(opened, Opened)
    return opened


async def refresh(db: Database, refresh_token: str) -> Opened:
    """The next pair of tokens; raises NotSignedIn, after ending the session where the token was reused."""
    opened = await db.write(sessions.rotate, refresh_token)
    assert isinstance(opened, Opened)
    return opened


def tokens(keys: Keys, opened: Opened) -> Tokens:
    """The access token (a JWT with the session's id) and the refresh token of a session."""
    access = keys.sign(
        {"sub": str(opened.user_id), "sid": str(opened.session_id)}, purpose=ACCESS, lifetime=ACCESS_LIFETIME
    )
    return Tokens(
        access_token=access, refresh_token=opened.token, expires_in=int(ACCESS_LIFETIME.total_seconds())
    )
