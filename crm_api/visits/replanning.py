"""A day that has changed: what is left of it is planned anew from where the rep is, and nothing but that day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.access import Actor, require_write
from crm_api.activities.models import Activity
from crm_api.conditions import records
from crm_api.core import clock
from crm_api.core.errors import Conflict
from crm_api.events import record
from crm_api.ports import Coordinates
from crm_api.visits import keeping, service
from crm_api.visits.drafts import Draft
from crm_api.visits.hours import DayClock
from crm_api.visits.keeping import Travelled
from crm_api.visits.models import VisitPlan, VisitPlanStop
from crm_api.visits.outings import Frame, place_of
from crm_api.visits.planner import DayPlan
from crm_api.visits.schemas import Appointment, PlanIn, ReplanIn

LIVE = ("proposed", "accepted")


@dataclass(frozen=True)
class Change:
    """The day to plan anew, as if it were asked for."""

    asked: PlanIn
    frame: Frame


@dataclass(frozen=True, slots=True)
class Standing:
    """A stop and how far it is: its visit's status, "scheduled" before anybody accepted the plan."""

    stop: VisitPlanStop
    status: str

    @property
    def is_over(self) -> bool:
        return self.status in ("completed", "cancelled")


def read(session: Session, actor: Actor, *, plan_id: UUID, data: ReplanIn) -> Change:
    """What is left of a day after what `data` says; raises NotFound, or Conflict where the plan is no longer live."""
    plan: VisitPlan = records.get(session, actor, VisitPlan, plan_id)
    require_write(session, actor, plan)
    require_live(plan)
    return change_of(session, plan, data)


def change_of(session: Session, plan: VisitPlan, data: ReplanIn) -> Change:
    """The day that is left of a plan after what `data` says."""
    stops = standings(session, plan)
    ahead = [
        one.stop for one in stops if one.status == "scheduled" and one.stop.account_id not in data.cancelled
    ]
    made = {one.stop.account_id for one in stops if one.status in ("completed", "in_progress")}
    begins, start = _from(plan, stops, data)
    added = [account for account in data.add if account not in {stop.account_id for stop in ahead}]
    asked = asked_for(
        plan,
        must_see=[*(s.account_id for s in ahead if s.must_see and not s.has_appointment), *added],
        appointments=[_appointment(plan, stop) for stop in ahead if stop.has_appointment],
        leave_out={*made, *data.cancelled},
        changes={"end": data.end, "shift_end": data.shift_end},
    )
    ends = None if data.shift_end else plan.shift_ends_at
    held = tuple(stop.account_id for stop in ahead)
    return Change(asked, Frame(begins, ends, start, held, plan.week_id, is_closed=not data.fill))


def keep(
    session: Session,
    actor: Actor,
    *,
    draft: Draft,
    made: DayPlan,
    travelled: Travelled,
    plan_id: UUID,
    accept: bool,
) -> VisitPlan:
    """Keep the rest of the day as a proposal beside the plan in force, or make it the day at once."""
    before: VisitPlan = records.get(session, actor, VisitPlan, plan_id, writing=True, if_match=None)
    if before.status not in LIVE:
        raise Conflict(f"This plan is {before.status} by now; somebody else was quicker.")
    plan = keeping.keep_day(
        session,
        actor,
        draft=draft,
        made=made,
        travelled=travelled,
        week_id=before.week_id,
        replans_id=before.id,
    )
    if draft.frame.is_closed:
        leave_out_as_before(plan, before)
    if before.status == "proposed":
        before.status = "replaced"
        session.flush()
        record(session, keeping.event("visit_plan.replaced", before, replaced_by=plan.id))
    if accept:
        return service.accept(session, actor, plan_id=plan.id, if_match=None)
    return plan


def leave_out_as_before(plan: VisitPlan, before: VisitPlan) -> None:
    """Where nobody else was tried, who was out for a reason still is, for the same one."""
    known = {entry["account_id"] for entry in plan.left_out} | {str(stop.account_id) for stop in plan.stops}
    still_out = [entry for entry in before.left_out if entry["account_id"] not in known]
    plan.left_out = [*plan.left_out, *still_out]


def require_live(plan: VisitPlan) -> None:
    """Raises Conflict for a plan that gave way to another."""
    if plan.status not in LIVE:
        raise Conflict(f"This plan is {plan.status}; re-plan the one that took its place.")


def standings(session: Session, plan: VisitPlan) -> list[Standing]:
    """The stops of a plan in their order, each with the status of its visit."""
    rows = session.execute(
        sa.select(VisitPlanStop, Activity.status)
        .outerjoin(
            Activity, sa.and_(Activity.id == VisitPlanStop.activity_id, Activity.archived_at.is_(None))
        )
        .where(VisitPlanStop.plan_id == plan.id)
        .order_by(VisitPlanStop.position)
    )
    return [
        Standing(stop, status or ("cancelled" if stop.activity_id else "scheduled")) for stop, status in rows
    ]


def asked_for(
    plan: VisitPlan,
    *,
    must_see: Sequence[UUID],
    appointments: Sequence[Appointment],
    leave_out: set[UUID],
    changes: dict[str, Any],
) -> PlanIn:
    """The wishes a plan was made with, as a request for its day alone."""
    kept = {name: value for name, value in plan.request.items() if name in PlanIn.model_fields}
    named = {*must_see, *(appointment.account_id for appointment in appointments)}
    out = [UUID(account) if isinstance(account, str) else account for account in kept.get("leave_out", ())]
    return PlanIn.model_validate(
        {
            **kept,
            **{name: value for name, value in changes.items() if value is not None},
            "day": plan.day,
            "owner_id": plan.owner_id,
            "must_see": list(must_see),
            "appointments": list(appointments),
            "leave_out": [
                account for account in dict.fromkeys([*out, *sorted(leave_out)]) if account not in named
            ],
            "start": {"latitude": plan.start_latitude, "longitude": plan.start_longitude},
            "end": changes.get("end") or {"latitude": plan.end_latitude, "longitude": plan.end_longitude},
        }
    )


def _appointment(plan: VisitPlan, stop: VisitPlanStop) -> Appointment:
    clock_ = DayClock(plan.day, plan.time_zone)
    wall = clock_.wall(clock_.seconds_at(stop.starts_at))
    minutes = round((stop.ends_at - stop.starts_at).total_seconds() / 60)
    return Appointment(account_id=stop.account_id, at=wall, minutes=minutes)


def _from(plan: VisitPlan, stops: list[Standing], data: ReplanIn) -> tuple[datetime, Coordinates]:
    """When and where the day goes on."""
    begins = max(plan.shift_starts_at, data.at or clock.now())
    here = Coordinates(plan.start_latitude, plan.start_longitude)
    for one in stops:
        stop = one.stop
        if one.status == "in_progress":
            here = Coordinates(stop.latitude, stop.longitude)
            begins = max(begins, stop.ends_at if data.busy_until is None else begins)
        elif one.status == "completed":
            here = Coordinates(stop.latitude, stop.longitude)
    if data.busy_until is not None:
        begins = max(begins, data.busy_until)
    return begins + timedelta(seconds=(-begins.timestamp()) % 60), place_of(data.here) or here
