"""What was planned, as rows: a day as it is to be driven, a week with its days, and who was left out."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from crm_api.access import Actor, require_create
from crm_api.core import clock, context
from crm_api.core.errors import Invalid
from crm_api.events import Event, record
from crm_api.users.service import team_of
from crm_api.visits.calls import AGAIN
from crm_api.visits.drafts import Draft
from crm_api.visits.horizon import Call
from crm_api.visits.models import VisitPlan, VisitPlanStop, VisitWeek
from crm_api.visits.outings import Outing
from crm_api.visits.planner import DayPlan
from crm_api.visits.reasons import LeftOut, Why
from crm_api.visits.schedule import Visit
from crm_api.visits.schemas import WeekIn, left_out_text, plain


class Travelled:
    """Where the travel times of a plan come from, and what there is to say of them."""

    def __init__(self, source: str, is_estimate: bool, notes: Iterable[str] = ()) -> None:
        self.source, self.is_estimate, self.notes = source, is_estimate, list(notes)


def keep_day(
    session: Session,
    actor: Actor,
    *,
    draft: Draft,
    made: DayPlan,
    travelled: Travelled,
    week_id: UUID | None = None,
    replans_id: UUID | None = None,
) -> VisitPlan:
    """Keep a planned day as a proposal. Raises Invalid where not even an empty day fits the shift."""
    require_create(actor, "visit_plan")
    plan = _plan(session, actor, draft, draft.outings[0], made, travelled)
    plan.week_id, plan.replans_id = week_id, replans_id
    plan.notes = [*_missed(draft, made.left_out), *travelled.notes, *_notes(draft), *plan.notes]
    plan.left_out = _left_out(draft, made.left_out)
    session.add(plan)
    session.flush()
    record(session, event("visit_plan.created", plan))
    return plan


def keep_week(
    session: Session,
    actor: Actor,
    *,
    draft: Draft,
    made: list[DayPlan],
    left_out: tuple[LeftOut, ...],
    travelled: Travelled,
) -> VisitWeek:
    """Keep a planned week: one proposal a rep and day, and the week that holds them together."""
    require_create(actor, "visit_week")
    assert isinstance(draft.data, WeekIn), "a day is kept by keep_day"
    plans = [
        _plan(session, actor, draft, outing, day, travelled)
        for outing, day in zip(draft.outings, made, strict=True)
    ]
    owners = {plan.owner_id for plan in plans}
    owner = plans[0].owner_id if len(owners) == 1 else actor.user_id
    assert owner is not None, "somebody asked for the week"
    week = VisitWeek(
        owner_id=owner,
        team_id=draft.data.team_id or team_of(session, owner),
        first_day=min(plan.day for plan in plans),
        last_day=max(plan.day for plan in plans),
        reps=len(owners),
        visits=sum(plan.visits for plan in plans),
        value=sum(plan.value for plan in plans),
        driving_seconds=sum(plan.driving_seconds for plan in plans),
        driving_metres=sum(plan.driving_metres for plan in plans),
        engine=plans[0].engine,
        travel_source=travelled.source,
        is_estimate=travelled.is_estimate,
        notes=[*_missed(draft, left_out), *travelled.notes, *_notes(draft)],
        left_out=_left_out(draft, left_out),
        request=plain(draft.data),
        origin=context.current().origin,
    )
    session.add(week)
    session.flush()
    for plan in plans:
        plan.week_id = week.id
    session.add_all(plans)
    session.flush()
    record(
        session,
        Event(
            "visit_week.created", "visit_week", week.id, {"visits": week.visits}, owner, week.team_id, None
        ),
    )
    for plan in plans:
        record(session, event("visit_plan.created", plan))
    return week


def event(type_: str, plan: VisitPlan, **data: Any) -> Event:
    """What happened to a plan."""
    told = {"day": plan.day.isoformat(), "visits": plan.visits, **data}
    return Event(type_, "visit_plan", plan.id, told, plan.owner_id, plan.team_id, None)


def _plan(
    session: Session, actor: Actor, draft: Draft, outing: Outing, made: DayPlan, travelled: Travelled
) -> VisitPlan:
    day, time = made.itinerary, outing.clock
    if not day.valid:
        raise Invalid.field("shift_end", "the shift is too short to get from the start to the end of the day")
    lunch = day.lunch
    return VisitPlan(
        owner_id=outing.rep.user_id,
        team_id=team_of(session, outing.rep.user_id),
        proposed_by=actor.user_id,
        day=time.day,
        time_zone=time.zone,
        start_latitude=outing.start.latitude,
        start_longitude=outing.start.longitude,
        end_latitude=outing.end.latitude,
        end_longitude=outing.end.longitude,
        shift_starts_at=time.instant(outing.shift.start),
        shift_ends_at=time.instant(outing.shift.end, ends=True),
        leaves_at=time.instant(day.leaves),
        returns_at=time.instant(day.returns, ends=True),
        over_at=time.instant(day.over, ends=True),
        lunch_starts_at=time.instant(lunch.starts) if lunch else None,
        lunch_ends_at=time.instant(lunch.ends, ends=True) if lunch else None,
        lunch_leg=lunch.leg if lunch else None,
        busy=_busy(outing),
        visits=len(day.visits),
        value=day.value,
        driving_seconds=day.driving,
        driving_metres=day.metres,
        visiting_seconds=day.visiting,
        idle_seconds=day.idle,
        engine=made.engine,
        travel_source=travelled.source,
        is_estimate=travelled.is_estimate,
        notes=_said(outing),
        left_out=[],
        request=plain(draft.data),
        origin=context.current().origin,
        stops=[_stop(draft, outing, position, visit) for position, visit in enumerate(day.visits, start=1)],
    )


def _said(outing: Outing) -> list[str]:
    """What there is to say of the day itself."""
    if outing.shift.start >= outing.shift.end:
        return ["The calendar leaves no time on this day."]
    return [] if outing.shift.lunch else ["No lunch is planned."]


def _stop(draft: Draft, outing: Outing, position: int, visit: Visit) -> VisitPlanStop:
    at, candidate = outing.clock.instant, draft.candidate(visit.stop.key)
    held = outing.agenda.at_accounts.get(candidate.account_id)
    given = []
    if visit.stop.appointment is not None:
        given.append({"code": "appointment", "text": f"agreed for {outing.clock.wall(visit.starts)}"})
    elif visit.stop.must:
        given.append({"code": "must_see", "text": "must see"})
    return VisitPlanStop(
        position=position,
        account_id=candidate.account_id,
        activity_id=held.activity_id if held else None,
        latitude=candidate.place.latitude,
        longitude=candidate.place.longitude,
        leaves_at=at(visit.leaves),
        arrives_at=at(visit.arrives, ends=True),
        starts_at=at(visit.starts),
        ends_at=at(visit.ends, ends=True),
        driving_seconds=visit.driving,
        driving_metres=visit.metres,
        waiting_seconds=visit.waiting,
        value=visit.stop.value,
        must_see=visit.stop.must,
        has_appointment=visit.stop.appointment is not None,
        reasons=[*given, *candidate.worth.reasons],
    )


def _busy(outing: Outing) -> list[list[str]]:
    """Taken times as instants, in JSON."""
    midnight = outing.clock.midnight
    return [
        [_written(midnight.timestamp() + taken.opens), _written(midnight.timestamp() + taken.closes)]
        for taken in outing.clock.busy
    ]


def _written(timestamp: float) -> str:
    return datetime.fromtimestamp(timestamp, tz=clock.now().tzinfo).isoformat()


def _left_out(draft: Draft, left_out: Iterable[LeftOut]) -> list[dict[str, Any]]:
    """Each account once; a second visit that found no place is no news where the first one did."""
    several = isinstance(draft.data, WeekIn)
    entries = []
    for item in left_out:
        if AGAIN in item.key:
            continue
        other = draft.candidate(item.instead_of) if item.instead_of else None
        entries.append(
            {
                "account_id": item.key,
                "account_name": draft.candidate(item.key).name,
                "why": item.why.value,
                "text": left_out_text(item.why.value, other.name if other else None, several=several),
                "instead_of": str(other.account_id) if other else None,
            }
        )
    return entries + [_aside(account_id, name, why) for account_id, name, why in draft.aside]


def _aside(account_id: UUID, name: str, why: Why) -> dict[str, Any]:
    return {
        "account_id": str(account_id),
        "account_name": name,
        "why": why.value,
        "text": left_out_text(why.value, None),
        "instead_of": None,
    }


def _missed(draft: Draft, left_out: Iterable[LeftOut]) -> list[str]:
    """What had to be and is not: who was agreed with, and who was to be seen whatever else has to go."""
    out = {item.key: item for item in left_out}
    several = isinstance(draft.data, WeekIn)
    return [
        f"{draft.candidate(call.key).name}{_agreed(draft, call)} had to be visited and is not: "
        f"{left_out_text(out[call.key].why.value, None, several=several)}."
        for call in draft.calls
        if call.must and call.key in out
    ]


def _agreed(draft: Draft, call: Call) -> str:
    """For when a visit was agreed, as part of a sentence."""
    for outing, stop in zip(draft.outings, call.stops, strict=True):
        if stop is not None and stop.appointment is not None:
            return f", agreed for {outing.clock.wall(stop.appointment)},"
    return ""


def _notes(draft: Draft) -> list[str]:
    notes = list(draft.notes)
    if not draft.candidates and not draft.frame.is_closed:
        notes.append(f"No account with coordinates lies within {draft.data.radius_km:g} km.")
    if draft.not_considered:
        notes.append(
            f"{draft.not_considered} more accounts are in reach; "
            "those chosen from are worth more for their distance."
        )
    return notes
