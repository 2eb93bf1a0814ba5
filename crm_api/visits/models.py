"""Visit plans: one rep, one day, the stops in their order; weeks of them; and what visits have taught of a dealer."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm_api.core.columns import Timestamps, Versioned, one_of
from crm_api.core.database import Base

STATUSES = ("proposed", "accepted", "declined", "replaced")
_ACCEPTED = sa.text("status = 'accepted'")


class VisitWeek(Timestamps, Versioned, Base):
    """Days planned together, from `first_day` to `last_day`, for one rep or several: their plans say the rest.

    `left_out` names the accounts that are on none of the days; `request` is what was asked. `owner_id` is the rep
    where there is just one, else whoever planned it.
    """

    __tablename__ = "visit_weeks"
    __kind__ = "visit_week"
    __audited__ = True
    __follows__ = ("team_id",)
    __table_args__ = (
        sa.Index("ix_visit_weeks_owner_day", "owner_id", "first_day", "id"),
        sa.Index("ix_visit_weeks_day", "first_day", "id"),
        sa.Index("ix_visit_weeks_created", "created_at", "id"),
    )

    owner_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id"))
    team_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("teams.id"), index=True)
    first_day: Mapped[date]
    last_day: Mapped[date]
    reps: Mapped[int]
    visits: Mapped[int]
    value: Mapped[int]
    driving_seconds: Mapped[int]
    driving_metres: Mapped[int]
    engine: Mapped[str]
    travel_source: Mapped[str]
    is_estimate: Mapped[bool]
    notes: Mapped[list[str]] = mapped_column(default=list)
    left_out: Mapped[list[Any]] = mapped_column(default=list)
    request: Mapped[dict[str, Any]] = mapped_column(default=dict)
    origin: Mapped[str] = mapped_column(default="api")


class VisitPlan(Timestamps, Versioned, Base):
    """A planned day of `owner_id`. Durations are seconds, distances metres by road.

    `week_id` is the week it was planned in, `replans_id` the plan of the same day that it changes, `proposed_by` who
    planned it. `busy` are the times without a place that the day keeps free, as pairs of instants.

    The day runs from `leaves_at` to `over_at`; `lunch_leg` is the number of visits made before lunch.
    `left_out` names the accounts that are not in it, each with its reason; `request` is what was asked.
    """

    __tablename__ = "visit_plans"
    __kind__ = "visit_plan"
    __audited__ = True
    __follows__ = ("team_id",)
    __table_args__ = (
        one_of("status", STATUSES),
        sa.Index("ix_visit_plans_owner_day", "owner_id", "day", "id"),
        sa.Index("ix_visit_plans_day", "day", "id"),
        sa.Index("ix_visit_plans_created", "created_at", "id"),
        sa.Index(
            "uq_visit_plans_accepted",
            "owner_id",
            "day",
            unique=True,
            sqlite_where=_ACCEPTED,
            postgresql_where=_ACCEPTED,
        ),
    )

    owner_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id"))
    team_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("teams.id"), index=True)
    week_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("visit_weeks.id"), index=True)
    replans_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("visit_plans.id"), index=True)
    proposed_by: Mapped[UUID | None] = mapped_column(sa.ForeignKey("users.id"), index=True)
    day: Mapped[date]
    time_zone: Mapped[str]
    status: Mapped[str] = mapped_column(default="proposed")
    accepted_at: Mapped[datetime | None]

    start_latitude: Mapped[float]
    start_longitude: Mapped[float]
    end_latitude: Mapped[float]
    end_longitude: Mapped[float]
    shift_starts_at: Mapped[datetime]
    shift_ends_at: Mapped[datetime]
    leaves_at: Mapped[datetime]
    returns_at: Mapped[datetime]
    over_at: Mapped[datetime]
    lunch_starts_at: Mapped[datetime | None]
    lunch_ends_at: Mapped[datetime | None]
    lunch_leg: Mapped[int | None]
    busy: Mapped[list[Any]] = mapped_column(default=list)

    visits: Mapped[int]
    value: Mapped[int]
    driving_seconds: Mapped[int]
    driving_metres: Mapped[int]
    visiting_seconds: Mapped[int]
    idle_seconds: Mapped[int]
    engine: Mapped[str]
    travel_source: Mapped[str]
    is_estimate: Mapped[bool]
    notes: Mapped[list[str]] = mapped_column(default=list)
    left_out: Mapped[list[Any]] = mapped_column(default=list)
    request: Mapped[dict[str, Any]] = mapped_column(default=dict)
    origin: Mapped[str] = mapped_column(default="api")

    stops: Mapped[list["VisitPlanStop"]] = relationship(
        lazy="raise", order_by="VisitPlanStop.position", cascade="all, delete-orphan"
    )


class VisitPlanStop(Base):
    """One visit of a plan: the drive that leads to it, and the visit. `activity_id` once it is accepted."""

    __tablename__ = "visit_plan_stops"
    __table_args__ = (sa.UniqueConstraint("plan_id", "position"),)

    plan_id: Mapped[UUID] = mapped_column(sa.ForeignKey("visit_plans.id", ondelete="CASCADE"))
    position: Mapped[int]
    account_id: Mapped[UUID] = mapped_column(sa.ForeignKey("accounts.id"), index=True)
    activity_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("activities.id"), index=True)
    latitude: Mapped[float]
    longitude: Mapped[float]
    leaves_at: Mapped[datetime]
    arrives_at: Mapped[datetime]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    driving_seconds: Mapped[int]
    driving_metres: Mapped[int]
    waiting_seconds: Mapped[int]
    value: Mapped[int]
    must_see: Mapped[bool]
    has_appointment: Mapped[bool]
    reasons: Mapped[list[Any]] = mapped_column(default=list)


class VisitHabits(Base):
    """What visits have taught of a dealer: how long they last, and when nobody was there.

    `minutes` are the lengths of the last visits, newest last; `typical_minutes` their median. `found_open` and
    `found_shut` count visits by ISO weekday and hour of the visitor's clock: `{"1": {"12": 2}}`.
    """

    __tablename__ = "visit_habits"

    account_id: Mapped[UUID] = mapped_column(sa.ForeignKey("accounts.id", ondelete="CASCADE"), unique=True)
    minutes: Mapped[list[Any]] = mapped_column(default=list)
    typical_minutes: Mapped[int | None]
    found_open: Mapped[dict[str, Any]] = mapped_column(default=dict)
    found_shut: Mapped[dict[str, Any]] = mapped_column(default=dict)
    learned_at: Mapped[datetime]
