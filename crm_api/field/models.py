"""Check-ins, calendar feeds, and what stands in whose calendar."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crm_api.core import clock
from crm_api.core.columns import Timestamps, one_of
from crm_api.core.database import Base

VERDICTS = ("verified", "away", "unverified")


class CheckIn(Timestamps, Base):
    """Somebody says they are at an account's door, at `checked_in_at` by their phone.

    A statement, not a record to be edited: it is written once, and ended once by the check-out. The position is that
    of the check-in alone; `distance_metres` is how far the account's pin was then. `verified`: near enough; `away`:
    not; `unverified`: nobody can tell. `received_at` tells how late the phone came online.
    """

    __tablename__ = "check_ins"
    __kind__ = "check_in"
    __follows__ = ("team_id",)
    __table_args__ = (
        one_of("verdict", VERDICTS),
        sa.CheckConstraint("latitude BETWEEN -90 AND 90", name="latitude_range"),
        sa.CheckConstraint("longitude BETWEEN -180 AND 180", name="longitude_range"),
        sa.CheckConstraint("checked_out_at >= checked_in_at", name="out_after_in"),
        sa.Index("ix_check_ins_owner", "owner_id", "checked_in_at", "id"),
        sa.Index("ix_check_ins_account", "account_id", "checked_in_at"),
        sa.Index("ix_check_ins_at", "checked_in_at", "id"),
    )

    account_id: Mapped[UUID] = mapped_column(sa.ForeignKey("accounts.id"))
    activity_id: Mapped[UUID] = mapped_column(sa.ForeignKey("activities.id"), unique=True)
    owner_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id"))
    team_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("teams.id"), index=True)
    checked_in_at: Mapped[datetime]
    received_at: Mapped[datetime] = mapped_column(default=clock.now)
    checked_out_at: Mapped[datetime | None]
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    accuracy_metres: Mapped[int | None]
    distance_metres: Mapped[int | None]
    verdict: Mapped[str]


class CalendarFeed(Base):
    """The secret address of one person's calendar; only the SHA-256 of its token is kept."""

    __tablename__ = "calendar_feeds"

    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"), unique=True)
    token_hash: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    last_read_at: Mapped[datetime | None]


class CalendarEntry(Timestamps, Base):
    """A visit in the calendar of `mailbox`: what was put there (`seen_version` of the activity), under which id.

    Without a `provider_id` the event may have been made or not; making it again under the same transaction id is
    safe. `failed_because` with no `next_try_at` waits until the visit changes.
    """

    __tablename__ = "calendar_entries"
    __table_args__ = (sa.Index("ix_calendar_entries_due", "next_try_at"),)

    activity_id: Mapped[UUID] = mapped_column(sa.ForeignKey("activities.id", ondelete="CASCADE"), unique=True)
    mailbox: Mapped[str]
    provider_id: Mapped[str | None]
    is_in: Mapped[bool] = mapped_column(default=False)
    seen_version: Mapped[int] = mapped_column(default=0)
    attempts: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime | None]
    failed_because: Mapped[str | None]
