"""Who could be visited: accounts with what a plan needs to know of them."""

import math
from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from crm_api.access import Actor, visible
from crm_api.accounts.models import VISIT_CITY, Account, AccountStats
from crm_api.activities.models import Activity
from crm_api.opportunities.models import Opportunity
from crm_api.pipelines.models import CLOSED_KINDS
from crm_api.ports import METRES_A_DEGREE, Coordinates
from crm_api.visits.models import VisitHabits, VisitPlan, VisitPlanStop


def around(centre: Coordinates, metres: float) -> sa.ColumnElement[bool]:
    """The box around a circle: the index finds it, the caller measures what is in it exactly.

    Near the poles and across the date line a box of longitudes is none, and only latitude is used.
    """
    reach = metres / METRES_A_DEGREE * 1.01
    terms = [Account.latitude.between(centre.latitude - reach, centre.latitude + reach)]
    narrowing = math.cos(math.radians(min(90.0, abs(centre.latitude) + reach)))
    if narrowing > 0.01:
        width = reach / narrowing
        if centre.longitude - width >= -180 and centre.longitude + width <= 180:
            terms.append(Account.longitude.between(centre.longitude - width, centre.longitude + width))
    return sa.and_(*terms)


def has_place() -> sa.ColumnElement[bool]:
    """Coordinates are there; 0,0 lies in the Gulf of Guinea and is what a failed look-up leaves."""
    there = sa.and_(Account.latitude.is_not(None), Account.longitude.is_not(None))
    return sa.and_(there, sa.or_(Account.latitude != 0, Account.longitude != 0))


def reachable(
    actors: tuple[Actor, ...], *, territory_id: UUID | None, account_type: str | None
) -> list[sa.ColumnElement[bool]]:
    """Live accounts that every one of `actors` may see."""
    terms = [Account.archived_at.is_(None), *(visible("account", actor) for actor in actors)]
    if territory_id is not None:
        terms.append(Account.territory_id == territory_id)
    if account_type is not None:
        terms.append(Account.account_type == account_type)
    return terms


def candidates(actor: Actor, *terms: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """Accounts for which `terms` hold, with last visit and the open deals that `actor` may see, by id."""
    open_deals = (
        sa.select(
            Opportunity.account_id,
            sa.func.count().label("open_deals"),
            sa.func.coalesce(sa.func.sum(Opportunity.value_base), 0).label("open_value"),
        )
        .where(
            Opportunity.stage_kind.not_in(CLOSED_KINDS),
            Opportunity.archived_at.is_(None),
            visible("opportunity", actor),
        )
        .group_by(Opportunity.account_id)
        .subquery()
    )
    return (
        sa.select(
            Account.id,
            Account.name,
            Account.account_type,
            Account.tier,
            VISIT_CITY.label("city"),
            Account.phone,
            Account.latitude,
            Account.longitude,
            Account.opening_hours,
            Account.visit_minutes,
            Account.visit_every_days,
            Account.visit_days,
            Account.territory_id,
            AccountStats.last_visit_at,
            AccountStats.order_overdue_days,
            AccountStats.order_rhythm_days,
            VisitHabits.typical_minutes,
            VisitHabits.found_open,
            VisitHabits.found_shut,
            sa.func.coalesce(open_deals.c.open_deals, 0).label("open_deals"),
            sa.func.coalesce(open_deals.c.open_value, 0).label("open_value"),
        )
        .outerjoin(AccountStats, AccountStats.account_id == Account.id)
        .outerjoin(VisitHabits, VisitHabits.account_id == Account.id)
        .outerjoin(open_deals, open_deals.c.account_id == Account.id)
        .where(*terms)
        .order_by(Account.id)
    )


def stops_of(plan_ids: Sequence[UUID]) -> sa.Select[VisitPlanStop, str]:
    """The stops of these plans in their order, each with its account's name as it is now."""
    return (
        sa.select(VisitPlanStop, Account.name)
        .join(Account, Account.id == VisitPlanStop.account_id)
        .where(VisitPlanStop.plan_id.in_(plan_ids))
        .order_by(VisitPlanStop.plan_id, VisitPlanStop.position)
    )


OPEN = ("scheduled", "in_progress")
FIXED_TYPES = ("meeting", "visit", "video_call")


def planned_visits(
    account_ids: Collection[UUID],
    *,
    reps: Collection[UUID],
    days: Collection[date],
    week_id: UUID | None,
    since: date,
    until: date,
) -> sa.Select[UUID, date]:
    """Visits to these accounts on plans of other days: accepted ones still to be made, and those of the same week.

    The days that are being planned are not asked: their accepted plans give way to the new ones.
    """
    own = sa.and_(VisitPlan.owner_id.in_(reps), VisitPlan.day.in_(days))
    accepted = sa.and_(
        VisitPlan.status == "accepted", Activity.status.in_(OPEN), Activity.archived_at.is_(None)
    )
    in_week: sa.ColumnElement[bool] = sa.false()
    if week_id is not None:
        in_week = sa.and_(VisitPlan.status == "proposed", VisitPlan.week_id == week_id)
    return (
        sa.select(VisitPlanStop.account_id, VisitPlan.day)
        .join(VisitPlan, VisitPlan.id == VisitPlanStop.plan_id)
        .outerjoin(Activity, Activity.id == VisitPlanStop.activity_id)
        .where(
            VisitPlanStop.account_id.in_(account_ids),
            VisitPlan.day.between(since, until),
            sa.or_(accepted, in_week),
            sa.not_(own),
        )
    )


def engagements(
    owner_id: UUID, since: datetime, until: datetime
) -> sa.Select[UUID, UUID | None, datetime | None, int | None]:
    """What the rep's own calendar holds in that time, by its beginning; visits that a plan made are not fixed."""
    planned = sa.select(VisitPlanStop.activity_id).where(
        VisitPlanStop.activity_id.is_not(None), VisitPlanStop.has_appointment.is_(False)
    )
    return (
        sa.select(Activity.id, Activity.account_id, Activity.due_at, Activity.duration_minutes)
        .where(
            Activity.owner_id == owner_id,
            Activity.activity_type.in_(FIXED_TYPES),
            Activity.status.in_(OPEN),
            Activity.archived_at.is_(None),
            Activity.due_at >= since,
            Activity.due_at < until,
            Activity.id.not_in(planned),
        )
        .order_by(Activity.due_at, Activity.id)
    )


def dated(owner_id: UUID, since: datetime, until: datetime) -> sa.Select[UUID, datetime | None, int | None]:
    """Everything of the rep's that is or was meant for that time, whatever became of it."""
    return sa.select(Activity.id, Activity.due_at, Activity.duration_minutes).where(
        Activity.owner_id == owner_id, Activity.due_at >= since, Activity.due_at < until
    )


def last_place(owner_id: UUID, since: datetime, until: datetime) -> sa.Select[float | None, float | None]:
    """Where the rep's last visit of that time was."""
    return (
        sa.select(Account.latitude, Account.longitude)
        .join(Activity, Activity.account_id == Account.id)
        .where(
            Activity.owner_id == owner_id,
            Activity.activity_type == "visit",
            Activity.status == "completed",
            Activity.archived_at.is_(None),
            Activity.occurred_at.between(since, until),
            has_place(),
        )
        .order_by(Activity.occurred_at.desc(), Activity.id.desc())
        .limit(1)
    )


def places(*terms: sa.ColumnElement[bool]) -> sa.Select[float | None, float | None]:
    """Where the accounts are for which `terms` hold; enough of them to find their middle."""
    return (
        sa.select(Account.latitude, Account.longitude)
        .where(*terms, has_place())
        .order_by(Account.id)
        .limit(2000)
    )
