"""Visit plans: accepting and declining them, and looking around."""

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.access import Actor
from crm_api.activities import service as activities
from crm_api.activities.models import Activity
from crm_api.activities.schemas import ActivityIn, ActivityPatch
from crm_api.conditions import records
from crm_api.core import clock
from crm_api.core.errors import Conflict, NotAllowed
from crm_api.events import record
from crm_api.ports import Coordinates
from crm_api.visits import queries
from crm_api.visits.candidates import Candidate, count_placeless, in_reach
from crm_api.visits.drafts import valuer_of
from crm_api.visits.hours import DayClock
from crm_api.visits.keeping import event
from crm_api.visits.models import VisitPlan, VisitPlanStop, VisitWeek


def accept(session: Session, actor: Actor, *, plan_id: UUID, if_match: int | None) -> VisitPlan:
    """Make a proposal the rep's day: each stop becomes a scheduled visit. Only the rep can.

    A plan accepted for that day before is replaced. Visits to accounts that are in both are moved, the others
    cancelled; what was agreed with somebody, and what is under way or over, stays as it is. Raises Conflict where
    the plan is no proposal any more, NotAllowed where it is somebody else's day.
    """
    plan: VisitPlan = records.get(session, actor, VisitPlan, plan_id, writing=True, if_match=if_match)
    if plan.status != "proposed":
        raise Conflict(f"This plan is {plan.status} already.")
    if plan.owner_id != actor.user_id:
        raise NotAllowed("A plan is a proposal until the rep whose day it is accepts it.")
    stops = session.execute(queries.stops_of([plan.id])).all()
    visits = _replace(session, actor, plan, {stop.account_id for stop, _ in stops})
    plan.status, plan.accepted_at = "accepted", clock.now()
    for stop, name in stops:
        if stop.activity_id is None:
            stop.activity_id = _visit(session, actor, plan, stop, name, visits.get(stop.account_id))
    session.flush()
    record(session, event("visit_plan.accepted", plan))
    return plan


def accept_week(session: Session, actor: Actor, *, week_id: UUID) -> VisitWeek:
    """Accept every proposed day of a week that is the actor's own; raises Conflict where there is none."""
    week: VisitWeek = records.get(session, actor, VisitWeek, week_id)
    own = sa.select(VisitPlan.id).where(
        VisitPlan.week_id == week.id, VisitPlan.owner_id == actor.user_id, VisitPlan.status == "proposed"
    )
    days = session.scalars(own.order_by(VisitPlan.day, VisitPlan.created_at, VisitPlan.id)).all()
    if not days:
        raise Conflict("No day of this week is a proposal for you.")
    for plan_id in days:
        accept(session, actor, plan_id=plan_id, if_match=None)
    return week


def decline(session: Session, actor: Actor, *, plan_id: UUID, if_match: int | None) -> VisitPlan:
    """Say no to a proposal; the rep or whoever proposed it. Raises Conflict where it is none any more."""
    plan: VisitPlan = records.get(session, actor, VisitPlan, plan_id, writing=True, if_match=if_match)
    if plan.status != "proposed":
        raise Conflict(f"This plan is {plan.status} already.")
    plan.status = "declined"
    session.flush()
    record(session, event("visit_plan.declined", plan))
    return plan


def candidates(
    session: Session,
    actor: Actor,
    *,
    day: DayClock,
    centre: Coordinates,
    radius_km: float,
    territory_id: UUID | None,
    account_type: str | None,
    limit: int,
) -> dict[str, Any]:
    """Accounts in reach that the actor may see, the most worthwhile for their distance first."""
    valuer, _ = valuer_of(session, day)
    terms = queries.reachable((actor,), territory_id=territory_id, account_type=account_type)
    found = in_reach(session, actor, valuer, centre=centre, metres=radius_km * 1000, terms=terms)
    return {
        "items": [_candidate(candidate, day) for candidate in found[:limit]],
        "total": len(found),
        "without_coordinates": count_placeless(session, terms),
    }


def nearby(
    session: Session,
    actor: Actor,
    *,
    centre: Coordinates,
    radius_km: float,
    account_type: str | None,
    limit: int,
) -> dict[str, Any]:
    """Accounts within `radius_km` that the actor may see, nearest first."""
    terms = queries.reachable((actor,), territory_id=None, account_type=account_type)
    box = [*terms, queries.has_place(), queries.around(centre, radius_km * 1000)]
    rows = session.execute(queries.candidates(actor, *box)).all()
    measured = ((centre.metres_to(Coordinates(row.latitude, row.longitude)), row) for row in rows)
    near = sorted(((m, row) for m, row in measured if m <= radius_km * 1000), key=lambda pair: pair[0])
    return {
        "items": [
            {
                "account_id": row.id,
                "account_name": row.name,
                "account_type": row.account_type,
                "city": row.city,
                "phone": row.phone,
                "latitude": row.latitude,
                "longitude": row.longitude,
                "distance_metres": round(metres),
                "last_visit_at": row.last_visit_at,
            }
            for metres, row in near[:limit]
        ]
    }


def today(session: Session, actor: Actor, *, owner_id: UUID, at: datetime) -> dict[str, Any] | None:
    """The accepted plan of the day that `at` falls into for the actor, as the JSON answer, or None."""
    day = at.astimezone(ZoneInfo(actor.time_zone)).date()
    found = session.scalar(
        sa.select(VisitPlan.id).where(
            VisitPlan.owner_id == owner_id, VisitPlan.day == day, VisitPlan.status == "accepted"
        )
    )
    return records.one(session, actor, "visit_plan", found) if found else None


def _replace(session: Session, actor: Actor, plan: VisitPlan, wanted: set[UUID]) -> dict[UUID, Activity]:
    """Put the day's accepted plan aside; returns its visits that are still to be made to accounts `wanted`."""
    before = session.scalars(
        sa.select(VisitPlan).where(
            VisitPlan.owner_id == plan.owner_id, VisitPlan.day == plan.day, VisitPlan.status == "accepted"
        )
    ).first()
    if before is None:
        return {}
    before.status = "replaced"
    still_open = (
        sa.select(VisitPlanStop.account_id, Activity)
        .join(Activity, Activity.id == VisitPlanStop.activity_id)
        .where(
            VisitPlanStop.plan_id == before.id,
            VisitPlanStop.has_appointment.is_(False),
            Activity.status == "scheduled",
            Activity.archived_at.is_(None),
        )
    )
    kept: dict[UUID, Activity] = {}
    for account_id, visit in session.execute(still_open).all():
        if account_id in wanted:
            kept[account_id] = visit
        else:
            gone = ActivityPatch(status="cancelled")
            activities.update(session, actor, activity_id=visit.id, data=gone, if_match=None)
    session.flush()  # one accepted plan a day: the old one must be gone before the new one is
    record(session, event("visit_plan.replaced", before, replaced_by=plan.id))
    return kept


def _visit(
    session: Session, actor: Actor, plan: VisitPlan, stop: VisitPlanStop, name: str, before: Activity | None
) -> UUID:
    """The activity of a stop: the one there was, at its new time, or a new one."""
    if before is None:
        return activities.create(session, actor, data=_activity(plan, stop, name)).id
    moved = _activity(plan, stop, name).model_dump(include={"due_at", "duration_minutes", "description"})
    return activities.update(
        session, actor, activity_id=before.id, data=ActivityPatch(**moved), if_match=None
    ).id


def _activity(plan: VisitPlan, stop: VisitPlanStop, name: str) -> ActivityIn:
    reasons = "; ".join(reason["text"] for reason in stop.reasons)
    return ActivityIn(
        activity_type="visit",
        subject=f"Visit {name}"[:200],
        description=f"Why: {reasons}" if reasons else None,
        status="scheduled",
        due_at=stop.starts_at,
        duration_minutes=round((stop.ends_at - stop.starts_at).total_seconds() / 60),
        account_id=stop.account_id,
        owner_id=plan.owner_id,
    )


def _candidate(candidate: Candidate, day: DayClock) -> dict[str, Any]:
    return {
        "account_id": candidate.account_id,
        "account_name": candidate.name,
        "city": candidate.city,
        "latitude": candidate.place.latitude,
        "longitude": candidate.place.longitude,
        "distance_metres": round(candidate.metres),
        "value": candidate.worth.points,
        "reasons": list(candidate.worth.reasons),
        "last_visit_at": candidate.last_visit_at,
        "opens": [[day.wall(w.opens), day.wall(w.closes)] for w in candidate.windows(day)],
    }
