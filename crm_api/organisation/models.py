"""The one organisation of an installation: its profile, territories, holidays and exchange rates."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crm_api.core.columns import Archivable, ExactDecimal, Timestamps, Versioned, derived, one_of
from crm_api.core.database import Base
from crm_api.core.text import fold

DISTANCE_UNITS = ("km", "mi")


class Organisation(Timestamps, Versioned, Base):
    """The company's profile; there is exactly one row.

    `working_hours` is keyed by ISO weekday, as an account's opening hours are: `{"1": [["09:00", "17:00"]]}`.
    Weekdays that are not there are days off; None says nothing about the week. `locale`, `week_starts_on` and
    `distance_unit` hold for everybody who has not chosen their own. Deals worth more than `approval_threshold` (minor
    units of `currency`) are won with an approval only.
    """

    __tablename__ = "organisation"
    __kind__ = "organisation"
    __audited__ = True
    __table_args__ = (
        sa.CheckConstraint("fiscal_year_start_month BETWEEN 1 AND 12", name="fiscal_month"),
        sa.CheckConstraint('"only" = 1', name="only_one"),
        sa.CheckConstraint("week_starts_on BETWEEN 1 AND 7", name="week_start"),
        one_of("distance_unit", DISTANCE_UNITS),
    )

    only: Mapped[int] = mapped_column(default=1, unique=True)
    name: Mapped[str] = mapped_column(default="My company")
    postal_address: Mapped[str | None]
    street: Mapped[str | None]
    city: Mapped[str | None]
    state: Mapped[str | None]
    zip: Mapped[str | None]
    country: Mapped[str | None]
    time_zone: Mapped[str] = mapped_column(default="UTC")
    currency: Mapped[str] = mapped_column(default="USD")
    fiscal_year_start_month: Mapped[int] = mapped_column(default=1)
    working_hours: Mapped[dict[str, Any] | None]
    locale: Mapped[str] = mapped_column(default="en-GB")
    week_starts_on: Mapped[int] = mapped_column(default=1)
    distance_unit: Mapped[str] = mapped_column(default="km")
    approval_threshold: Mapped[int | None]
    settings: Mapped[dict[str, Any]] = mapped_column(default=dict)

    @property
    def printed_address(self) -> str | None:
        """The address as it stands on mails: the text somebody wrote, else one made of the parts."""
        town = " ".join(part for part in (self.city, self.state, self.zip) if part)
        parts = [part for part in (self.street, town, self.country) if part]
        return self.postal_address or ", ".join(parts) or None


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


holiday_calendar_territories = sa.Table(
    "holiday_calendar_territories",
    Base.metadata,
    sa.Column("calendar_id", sa.ForeignKey("holiday_calendars.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("territory_id", sa.ForeignKey("territories.id", ondelete="CASCADE"), primary_key=True),
)


class HolidayCalendar(Timestamps, Versioned, Base):
    """A named list of days off. It holds in its territories, everywhere where it names none."""

    __tablename__ = "holiday_calendars"
    __kind__ = "holiday_calendar"
    __audited__ = True

    name: Mapped[str]
    name_key: Mapped[str] = derived(lambda row: fold(row.name))
    country: Mapped[str | None]
    origin: Mapped[str] = mapped_column(default="api")

    __table_args__ = (sa.Index("uq_holiday_calendars_name_key", "name_key", unique=True),)


class Holiday(Base):
    """One day off of a calendar; the whole day, by the date. The trail tells of it with its calendar."""

    __tablename__ = "holidays"
    __table_args__ = (sa.UniqueConstraint("calendar_id", "day"), sa.Index("ix_holidays_day", "day"))

    calendar_id: Mapped[UUID] = mapped_column(sa.ForeignKey("holiday_calendars.id", ondelete="CASCADE"))
    day: Mapped[date]
    name: Mapped[str]


class ExchangeRate(Timestamps, Versioned, Base):
    """From `valid_from` on, one unit of `currency` is `rate` units of the organisation's currency."""

    __tablename__ = "exchange_rates"
    __kind__ = "exchange_rate"
    __audited__ = True
    __table_args__ = (
        sa.UniqueConstraint("currency", "valid_from"),
        sa.Index("ix_exchange_rates_day", "valid_from", "id"),
    )

    currency: Mapped[str]
    valid_from: Mapped[date]
    rate: Mapped[Decimal] = mapped_column(ExactDecimal())
    source: Mapped[str | None]
    origin: Mapped[str] = mapped_column(default="api")


class Revaluation(Base):
    """Amounts in `currency` are to be worked out anew from `due_on` on, because its rates have changed."""

    __tablename__ = "revaluations"
    __table_args__ = (sa.UniqueConstraint("currency", "due_on"),)

    currency: Mapped[str]
    due_on: Mapped[date]
    requested_at: Mapped[datetime]


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
