"""The one organisation of an installation, and its territories."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crm_api.core.columns import Archivable, Timestamps, Versioned, derived
from crm_api.core.database import Base
from crm_api.core.text import fold


class Organisation(Timestamps, Versioned, Base):
    """The company's profile; there is exactly one row."""

    __tablename__ = "organisation"
    __kind__ = "organisation"
    __audited__ = True
    __table_args__ = (
        sa.CheckConstraint("fiscal_year_start_month BETWEEN 1 AND 12", name="fiscal_month"),
        sa.CheckConstraint('"only" = 1', name="only_one"),
    )

    only: Mapped[int] = mapped_column(default=1, unique=True)
    name: Mapped[str] = mapped_column(default="My company")
    postal_address: Mapped[str | None]
    time_zone: Mapped[str] = mapped_column(default="UTC")
    currency: Mapped[str] = mapped_column(default="USD")
    fiscal_year_start_month: Mapped[int] = mapped_column(default=1)
    settings: Mapped[dict[str, Any]] = mapped_column(default=dict)


class Territory(Timestamps, Versioned, Archivable, Base):
    """A part of the map or the market that people are responsible for."""

    __tablename__ = "territories"
    __kind__ = "territory"
    __audited__ = True

    name: Mapped[str]
    name_key: Mapped[str] = derived(lambda row: fold(row.name))
    parent_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("territories.id"))
    origin: Mapped[str] = mapped_column(default="api")

    __table_args__ = (
        sa.Index(
            "uq_territories_name_key",
            "name_key",
            unique=True,
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        ),
    )


class Counter(Base):
    """The last people-facing number taken, per kind and day."""

    __tablename__ = "counters"

    key: Mapped[str] = mapped_column(unique=True)
    value: Mapped[int] = mapped_column(default=0)


class Secret(Base):
    """Token caches and other small secrets of adapters, encrypted with a key derived from SECRET_KEY."""

    __tablename__ = "secrets"

    key: Mapped[str] = mapped_column(unique=True)
    value: Mapped[bytes]


class JobSlot(Base):
    """The last round of one of the scheduler's jobs. Of several workers, the one that moves `slot` runs it."""

    __tablename__ = "job_slots"

    job: Mapped[str] = mapped_column(unique=True)
    slot: Mapped[int] = mapped_column(default=0)
    worker: Mapped[str]
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    done: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None]
