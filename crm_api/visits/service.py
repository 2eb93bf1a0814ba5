"""Visit plans: keeping what was planned, accepting it, and looking around."""

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.access import Actor, require_create
from crm_api.activities import service as activities
from crm_api.activities.models import Activity
from crm_api.activities.schemas import ActivityIn, ActivityPatch
from crm_api.conditions import records
from crm_api.core import clock, context
from crm_api.core.errors import Conflict, Invalid
from crm_api.events import Event, record
from crm_api.ports import Coordinates
from crm_api.users.service import team_of
from crm_api.visits import queries
from crm_api.visits.candidates import Candidate, count_placeless, in_reach
from crm_api.visits.drafts import Draft, valuer_of
from crm_api.visits.hours import DayClock
from crm_api.visits.models import VisitPlan, VisitPlanStop
from crm_api.visits.planner import DayPlan, Why
from crm_api.visits.schedule import Visit
from crm_api.visits.schemas import left_out_text, plain


def keep(
    session: Session,
    actor: Actor,
    *,
    draft: Draft,
    made: DayPlan,
    source: str,
    is_estimate: bool,
    notes: list[str],
) -> VisitPlan:
    """Keep a planned day as a proposal. Raises Invalid where not even an empty day fits the shift."""
    require_create(actor, "visit_plan")
    day, clock_ = made.itinerary, draft.clock
    if not day.valid:
        raise Invalid.field("shift_end", "the shift is too short to get from the start to the end of the day")
    lunch = day.lunch
    plan = VisitPlan(
        owner_id=draft.rep.user_id,
        team_id=team_of(session, draft.rep.user_id),
        day=draft.data.day,
        time_zone=clock_.zone,
        start_latitude=draft.start.latitude,
        start_longitude=draft.start.longitude,
        end_latitude=draft.end.latitude,
        end_longitude=draft.end.longitude,
        shift_starts_at=clock_.instant(draft.shift.start),
        shift_ends_at=clock_.instant(draft.shift.end),
        leaves_at=clock_.instant(day.leaves),
        returns_at=clock_.instant(day.returns),
        over_at=clock_.instant(day.over),
        lunch_starts_at=clock_.instant(lunch.starts) if lunch else None,
        lunch_ends_at=clock_.instant(lunch.ends) if lunch else None,
        lunch_leg=lunch.leg if lunch else None,
        visits=len(day.visits),
        value=day.value,
        driving_seconds=day.driving,
        driving_metres=day.metres,
        visiting_seconds=day.visiting,
        idle_seconds=day.idle,
        engine=made.engine,
        travel_source=source,
        is_estimate=is_estimate,
        notes=[*notes, *_notes(draft)],
        left_out=_left_out(draft, made),
        request=plain(draft.data),
        origin=context.current().origin,
        stops=[_stop(draft, position, visit) for position, visit in enumerate(day.visits, start=1)],
    )
    session.add(plan)
    session.flush()
    record(session, _event("visit_plan.created", plan))
    return plan


def accept(session: Session, actor: Actor, *, plan_id: UUID, if_match: int | None) -> VisitPlan:
    """Make a proposal the rep's day: each stop becomes a scheduled visit.

    A plan accepted for that day before is replaced, and those of its visits that are still only
    scheduled are cancelled. Raises Conflict where the plan was accepted or replaced already.
    """
    plan: VisitPlan = records.get(session, actor, VisitPlan, plan_id, writing=True, if_match=if_match)
    if plan.status != "proposed":
        raise Conflict(f"This plan is {plan.status} already.")
    _replace(session, actor, plan)
    plan.status, plan.accepted_at = "accepted", clock.now()
    for stop, name in session.execute(queries.stops_of([plan.id])):
        visit = activities.create(session, actor, data=_activity(plan, stop, name))
        stop.activity_id = visit.id
    session.flush()
    record(session, _event("visit_plan.accepted", plan))
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


def _replace(session: Session, actor: Actor, plan: VisitPlan) -> None:
    before = session.scalars(
        sa.select(VisitPlan).where(
            VisitPlan.owner_id == plan.owner_id, VisitPlan.day == plan.day, VisitPlan.status == "accepted"
        )
    ).first()
    if before is None:
        return
    before.status = "replaced"
    open_visits = sa.select(Activity.id).where(
        Activity.id.in_(sa.select(VisitPlanStop.activity_id).where(VisitPlanStop.plan_id == before.id)),
        Activity.status == "scheduled",
        Activity.archived_at.is_(None),
    )
    for activity_id in session.scalars(open_visits).all():
        activities.update(
            session, actor, activity_id=activity_id, data=ActivityPatch(status="cancelled"), if_match=None
        )
    session.flush()  # one accepted plan a day: the old one must be gone before the new one is
    record(session, _event("visit_plan.replaced", before, replaced_by=plan.id))


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


def _stop(draft: Draft, position: int, visit: Visit) -> VisitPlanStop:
    at, candidate = draft.clock.instant, draft.candidates[visit.stop.node - 2]
    given = []
    if visit.stop.appointment is not None:
        given.append({"code": "appointment", "text": f"agreed for {draft.clock.wall(visit.starts)}"})
    elif visit.stop.must:
        given.append({"code": "must_see", "text": "must see"})
    return VisitPlanStop(
        position=position,
        account_id=candidate.account_id,
        latitude=candidate.place.latitude,
        longitude=candidate.place.longitude,
        leaves_at=at(visit.leaves),
        arrives_at=at(visit.arrives),
        starts_at=at(visit.starts),
        ends_at=at(visit.ends),
        driving_seconds=visit.driving,
        driving_metres=visit.metres,
        waiting_seconds=visit.waiting,
        value=visit.stop.value,
        must_see=visit.stop.must,
        has_appointment=visit.stop.appointment is not None,
        reasons=[*given, *candidate.worth.reasons],
    )


def _left_out(draft: Draft, made: DayPlan) -> list[dict[str, Any]]:
    names = {str(candidate.account_id): candidate.name for candidate in draft.candidates}
    entries = [
        {
            "account_id": item.key,
            "account_name": names[item.key],
            "why": item.why.value,
            "text": left_out_text(item.why.value, names.get(item.instead_of or "")),
            "instead_of": item.instead_of,
        }
        for item in made.left_out
    ]
    why = Why.NO_COORDINATES.value
    return entries + [
        {
            "account_id": str(account_id),
            "account_name": name,
            "why": why,
            "text": left_out_text(why, None),
            "instead_of": None,
        }
        for account_id, name in draft.placeless
    ]


def _notes(draft: Draft) -> list[str]:
    notes = []
    if draft.day_off:
        notes.append(f"{draft.data.day} is a day off: {draft.day_off}.")
    if not draft.candidates:
        notes.append(f"No account with coordinates lies within {draft.data.radius_km:g} km.")
    if draft.not_considered:
        notes.append(
            f"{draft.not_considered} more accounts are in reach; "
            "those chosen from are worth more for their distance."
        )
    if draft.shift.lunch is None:
        notes.append("No lunch is planned.")
    return notes


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
        "opens": [[day.wall(w.opens), day.wall(w.closes)] for w in candidate.windows],
    }


def _event(type_: str, plan: VisitPlan, **data: Any) -> Event:
    told = {"day": plan.day.isoformat(), "visits": plan.visits, **data}
    return Event(type_, "visit_plan", plan.id, told, plan.owner_id, plan.team_id, None)
