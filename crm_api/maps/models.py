"""What map services were asked and what it cost, and how accounts came by their coordinates."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crm_api.core import clock
from crm_api.core.columns import Timestamps, one_of
from crm_api.core.database import Base

OUTCOMES = ("reserved", "paid", "refused", "uncertain")


class MapMonth(Base):
    """What a calendar month (UTC, `2026-11`) has cost so far, what is set aside included.

    One row, raised by a statement that fails where the limit would be passed: so two processes cannot both
    spend the last of it.
    """

    __tablename__ = "map_months"

    month: Mapped[str] = mapped_column(unique=True)
    micros: Mapped[int] = mapped_column(default=0)


class MapCall(Base):
    """One paid call: `units` of `service` for `micros` millionths of a US dollar at list price.

    Refused calls cost nothing. Uncertain ones may have been billed, and count.
    """

    __tablename__ = "map_calls"
    __table_args__ = (one_of("outcome", OUTCOMES), sa.Index("ix_map_calls_month", "month", "service"))

    at: Mapped[datetime] = mapped_column(default=clock.now, index=True)
    month: Mapped[str]
    service: Mapped[str]
    units: Mapped[int]
    micros: Mapped[int]
    outcome: Mapped[str] = mapped_column(default="reserved")
    actor_id: Mapped[UUID | None]


STATUSES = ("placed", "review", "nothing", "failed", "moved", "expired")
SOURCES = ("user", "check_in", "google", "nominatim", "gazetteer")
STATES = ("waiting", "done", "stopped", "cancelled")


class AccountPlace(Timestamps, Base):
    """How an account came by its coordinates, which are on the account itself.

    `address` is what was looked up, `candidates` what a person is to choose from. A place id may be kept for ever;
    Google's coordinates, labels and candidates for thirty days after `geocoded_at`.
    """

    __tablename__ = "account_places"
    __table_args__ = (
        one_of("status", STATUSES),
        sa.Index("ix_account_places_status", "status", "account_id"),
        sa.Index("ix_account_places_age", "source", "geocoded_at"),
    )

    account_id: Mapped[UUID] = mapped_column(sa.ForeignKey("accounts.id", ondelete="CASCADE"), unique=True)
    status: Mapped[str]
    source: Mapped[str | None]
    precision: Mapped[str | None]
    place_id: Mapped[str | None]
    label: Mapped[str | None]
    address: Mapped[str | None]
    geocoded_at: Mapped[datetime | None]
    candidates: Mapped[list[Any]] = mapped_column(default=list)
    note: Mapped[str | None]


class GeocodingRun(Timestamps, Base):
    """Many addresses looked up in the background, for `most_micros` (millionths of a US dollar) at most.

    A worker holds it until `lease_until`. One that was stopped goes on when somebody says so.
    """

    __tablename__ = "geocoding_runs"
    __table_args__ = (one_of("state", STATES), sa.Index("ix_geocoding_runs_state", "state", "created_at"))

    state: Mapped[str] = mapped_column(default="waiting")
    total: Mapped[int]
    most_micros: Mapped[int]
    message: Mapped[str | None]
    actor_id: Mapped[UUID | None]
    lease_until: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class GeocodingItem(Base):
    """One account of a run; `outcome` is empty until it was looked up, then the status of its place, or `skipped`."""

    __tablename__ = "geocoding_items"
    __table_args__ = (
        sa.UniqueConstraint("run_id", "account_id"),
        sa.Index("ix_geocoding_items_open", "run_id", "outcome", "id"),
    )

    run_id: Mapped[UUID] = mapped_column(sa.ForeignKey("geocoding_runs.id", ondelete="CASCADE"))
    account_id: Mapped[UUID] = mapped_column(sa.ForeignKey("accounts.id", ondelete="CASCADE"), index=True)
    outcome: Mapped[str | None]
