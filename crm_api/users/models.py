"""Users, teams and sessions."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm_api.core import clock
from crm_api.core.columns import Archivable, Timestamps, Versioned, derived, one_of
from crm_api.core.database import Base
from crm_api.core.text import fold
from crm_api.organisation.models import DISTANCE_UNITS, Territory

ROLES = ("administrator", "manager", "rep", "field", "viewer")

user_territories = sa.Table(
    "user_territories",
    Base.metadata,
    sa.Column("user_id", sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("territory_id", sa.ForeignKey("territories.id", ondelete="CASCADE"), primary_key=True),
)


class Team(Timestamps, Versioned, Archivable, Base):
    """People with one manager; teams form a tree."""

    __tablename__ = "teams"
    __kind__ = "team"
    __audited__ = True

    name: Mapped[str]
    name_key: Mapped[str] = derived(lambda row: fold(row.name))
    parent_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("teams.id"), index=True)
    manager_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("users.id", use_alter=True, name="fk_teams_manager_id"), index=True
    )
    origin: Mapped[str] = mapped_column(default="api")


class User(Timestamps, Versioned, Base):
    """Somebody who signs in, or owns records. Without an e-mail address there is no signing in."""

    __tablename__ = "users"
    __kind__ = "user"
    __audited__ = True
    __follows__ = ("email_key",)
    __secret__ = ("password_hash",)
    __search__ = ("name", "email")
    __table_args__ = (
        one_of("role", ROLES),
        one_of("distance_unit", DISTANCE_UNITS),
        sa.CheckConstraint("week_starts_on BETWEEN 1 AND 7", name="week_start"),
        sa.Index(
            "uq_users_external",
            "external_system",
            "external_id",
            unique=True,
            sqlite_where=sa.text("external_id IS NOT NULL"),
            postgresql_where=sa.text("external_id IS NOT NULL"),
        ),
    )

    name: Mapped[str]
    name_key: Mapped[str] = derived(lambda row: fold(row.name), index=True)
    email: Mapped[str | None]
    email_key: Mapped[str | None] = mapped_column(unique=True)
    role: Mapped[str] = mapped_column(default="rep")
    password_hash: Mapped[str | None]
    is_active: Mapped[bool] = mapped_column(default=True)
    team_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("teams.id"), index=True)
    manager_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("users.id"), index=True)
    time_zone: Mapped[str | None]
    locale: Mapped[str | None]
    week_starts_on: Mapped[int | None]
    distance_unit: Mapped[str | None]
    phone: Mapped[str | None]
    home_latitude: Mapped[float | None]
    home_longitude: Mapped[float | None]
    external_system: Mapped[str | None]
    external_id: Mapped[str | None]
    origin: Mapped[str] = mapped_column(default="api")
    last_sign_in_at: Mapped[datetime | None]

    territories: Mapped[list[Territory]] = relationship(
        secondary=user_territories, lazy="raise", order_by=Territory.name_key
    )

    @property
    def can_sign_in(self) -> bool:
        """Active, with an address and a password."""
        return self.is_active and self.email is not None and self.password_hash is not None


class UserSession(Base):
    """One sign-in, on one device. Refresh tokens are kept as SHA-256 and rotate; the one before is
    remembered, so that its reuse ends the session (RFC 9700, section 4.14.2)."""

    __tablename__ = "user_sessions"

    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"), index=True)
    channel: Mapped[str] = mapped_column(default="api")
    token_hash: Mapped[str] = mapped_column(unique=True)
    previous_hash: Mapped[str | None] = mapped_column(index=True)
    csrf_token: Mapped[str | None]
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str | None]
    user_agent: Mapped[str | None]
    address: Mapped[str | None]


class SignInAttempt(Base):
    """One attempt to sign in; failures slow down the next ones."""

    __tablename__ = "sign_in_attempts"
    __table_args__ = (sa.Index("ix_sign_in_attempts_key", "email_key", "at"),)

    email_key: Mapped[str]
    address: Mapped[str | None]
    at: Mapped[datetime] = mapped_column(index=True)
    succeeded: Mapped[bool]


class ApiKey(Base):
    """A token for a program that acts as a user, within `scopes`. Only its SHA-256 is kept.

    `hint` is how the token begins, so that people recognise theirs; `last_used_at` is right to ten minutes.
    """

    __tablename__ = "api_keys"
    __kind__ = "api_key"
    __audited__ = True
    __secret__ = ("token_hash",)

    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"), index=True)
    name: Mapped[str]
    token_hash: Mapped[str] = mapped_column(unique=True)
    hint: Mapped[str]
    scopes: Mapped[list[str]]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    created_by: Mapped[UUID | None]
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
