"""What happens before anything serves: migrate, the first records, the first administrator, the demo."""

import secrets
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api import subscriptions
from crm_api.core import clock, context
from crm_api.core.database import Database
from crm_api.core.text import fold
from crm_api.migrations.runner import migrate
from crm_api.organisation.service import profile
from crm_api.pipelines.service import ensure_defaults
from crm_api.settings import Settings
from crm_api.users import service as users
from crm_api.users import sessions
from crm_api.users.models import User
from crm_api.users.passwords import hash_password
from crm_api.users.schemas import UserIn
from entrypoints.demo import load as demo
from entrypoints.demo.company import generate, newest_day

DEMO_USERS = ("manager@demo.example", "rep@demo.example", "field@demo.example", "viewer@demo.example")


@dataclass(frozen=True, slots=True)
class Prepared:
    """What the person who started the service needs to know: how to sign in, and which schema there was and is."""

    admin_email: str
    new_password: str | None
    schema_before: str | None
    schema: str


async def prepare(settings: Settings, *, demo_password: str | None = None) -> Prepared:
    """Bring the database to this version and make what every installation has. Safe to repeat.

    With a `demo_password`, the demo company is made on the first start and its users sign in with it.
    """
    subscriptions.install()
    before, now = await migrate(settings.database)
    db = Database.open(settings.database)
    try:
        with context.working(origin="setup", label="first start"):
            await db.write(_first_records)
            new_password = await _first_administrator(db, settings)
        if demo_password:
            await _demo_company(db, demo_password)
        return Prepared(settings.crm_admin_email, new_password, before, now)
    finally:
        await db.close()


async def _demo_company(db: Database, password: str) -> None:
    """Make the demo company where there is none, and let its people in with today's password."""
    if not await db.read(demo.is_loaded):
        with context.working(origin="demo", label="Demo company"):
            await db.write(demo.load, generate(newest_day(clock.now())))
    await db.write(demo.let_in, password_hash=hash_password(password))


def _first_records(session: Session) -> None:
    profile(session)
    ensure_defaults(session)


async def _first_administrator(db: Database, settings: Settings) -> str | None:
    """Make the administrator where there is none; their password, where nobody has set one."""
    if await db.read(_has_administrator):
        return None
    configured = settings.crm_admin_password
    password = configured.get_secret_value() if configured else secrets.token_urlsafe(12)
    data = UserIn(name="Administrator", email=settings.crm_admin_email, role="administrator")
    await db.write(users.create, data=data, password_hash=hash_password(password))
    return None if configured else password


def _has_administrator(session: Session) -> bool:
    return bool(
        session.scalar(
            sa.select(sa.exists().where(User.role == "administrator", User.password_hash.is_not(None)))
        )
    )


def set_password(session: Session, *, email: str, password_hash: str) -> bool:
    """Give a user a new password and end their sessions; False where nobody has that address."""
    user: Any = session.scalars(sa.select(User).where(User.email_key == fold(email))).first()
    if user is None:
        return False
    user.password_hash = password_hash
    sessions.end_all(session, user.id, reason="password changed")
    return True
