"""A stop put somewhere by hand: another place in its day, or another day. Only the days it touches change.

Nobody plans here. The order is the person's, the exact timer says what happens in it; where it breaks a rule, the
refusal names the rule, and where in the day the stop would fit.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from crm_api.access import Actor, require_write
from crm_api.conditions import records
from crm_api.core.errors import Conflict, Invalid
from crm_api.events import record
from crm_api.visits import keeping, service
from crm_api.visits.drafts import Draft
from crm_api.visits.horizon import Horizon
from crm_api.visits.keeping import Travelled
from crm_api.visits.models import VisitPlan
from crm_api.visits.planner import DayPlan
from crm_api.visits.reasons import Why, explain
from crm_api.visits.replanning import Change, change_of, leave_out_as_before, require_live, standings
from crm_api.visits.schedule import Broken, Day, Itinerary, Violation, earliest_end, time_day
from crm_api.visits.schemas import MoveIn, ReplanIn

BY_HAND = "by_hand"
AS_IS = ReplanIn(fill=False)


@dataclass(frozen=True)
class Touched:
    """One day that changes, as if it were asked for, and the order it is to be driven in. `put` is the account that
    came, or went to another place; at `position` among the stops ahead, or wherever it costs least. `was` is the
    position it had on this day."""

    plan_id: UUID
    change: Change
    order: tuple[UUID, ...]
    put: UUID | None = None
    position: int | None = None
    was: int | None = None


@dataclass(frozen=True)
class Timed:
    """A day in its new order, and where its travel times come from."""

    touched: Touched
    draft: Draft
    made: DayPlan
    travelled: Travelled


def read(session: Session, actor: Actor, *, plan_id: UUID, data: MoveIn) -> list[Touched]:
    """The days that change: the one the stop goes to first, then the one it leaves, if that is another.

    Raises NotFound, Invalid where the account is no stop ahead, Conflict where a plan is no longer live or the account
    is on the other day already.
    """
    here: VisitPlan = _own(session, actor, plan_id)
    ahead = _ahead(session, here)
    if data.account_id not in ahead:
        raise Invalid.field("account_id", "this account is no stop that is still ahead on this day")
    rest = tuple(account for account in ahead if account != data.account_id)
    if data.to_plan_id is None or data.to_plan_id == plan_id:
        return [Touched(plan_id, change_of(session, here, AS_IS), rest, data.account_id, data.position,
                        was=ahead.index(data.account_id) + 1)]  # fmt: skip
    there: VisitPlan = _own(session, actor, data.to_plan_id)
    others = tuple(_ahead(session, there))
    if data.account_id in {one.stop.account_id for one in standings(session, there)}:
        raise Conflict("This account is a stop of that day already.")
    joins = ReplanIn(add=[data.account_id], fill=False)
    leaves = ReplanIn(cancelled=[data.account_id], fill=False)
    return [
        Touched(there.id, change_of(session, there, joins), others, data.account_id, data.position),
        Touched(plan_id, change_of(session, here, leaves), rest),
    ]


def _ahead(session: Session, plan: VisitPlan) -> list[UUID]:
    return [one.stop.account_id for one in standings(session, plan) if one.status == "scheduled"]


def _own(session: Session, actor: Actor, plan_id: UUID) -> VisitPlan:
    plan: VisitPlan = records.get(session, actor, VisitPlan, plan_id)
    require_write(session, actor, plan)
    require_live(plan)
    return plan


def ordered(draft: Draft, horizon: Horizon, touched: Touched) -> list[int]:
    """The order of the day with the stop in its place, as indices of the horizon's calls.

    Raises Conflict, with `broken` and `fits`, where the stop cannot be there. A stop that only leaves breaks nothing.
    """
    where = {UUID(call.key): index for index, call in enumerate(horizon.calls)}
    day = horizon.day(0)
    rest = [where[account] for account in touched.order if account in where]
    if touched.put is None:
        return rest
    if touched.put not in where:
        raise Conflict("Whose day this is may not visit this account, or its place on the map is not known.")
    moved = where[touched.put]
    if touched.position is None:
        ends = _fitting(day, rest, moved)
        return _with(rest, moved, min(ends, key=ends.__getitem__, default=len(rest) + 1))
    return _with(rest, moved, touched.position)


def timed(draft: Draft, horizon: Horizon, day: Day, order: Sequence[int], touched: Touched) -> DayPlan:
    """The day timed exactly in this order; `day` has the roads as they are known. Raises Conflict where it breaks a
    rule, saying which and what would fit."""
    itinerary = time_day(day, order)
    if not itinerary.valid:
        raise refusal(draft, horizon, day, order, itinerary, touched)
    return DayPlan(itinerary, explain(horizon, [list(order)]), BY_HAND)


def _with(rest: Sequence[int], moved: int, position: int) -> list[int]:
    place = min(position, len(rest) + 1) - 1
    return [*rest[:place], moved, *rest[place:]]


def _fitting(day: Day, rest: Sequence[int], moved: int) -> dict[int, int]:
    """The positions, from 1, where the stop breaks nothing, each with the second the day then ends."""
    ends = {place: earliest_end(day, _with(rest, moved, place)) for place in range(1, len(rest) + 2)}
    return {place: end for place, end in ends.items() if end is not None}


# ── Why not, and what instead ────────────────────────────────────────────────────────────────────


def refusal(
    draft: Draft, horizon: Horizon, day: Day, order: Sequence[int], itinerary: Itinerary, touched: Touched
) -> Conflict:
    """What the order breaks, and where in the day the stop would fit."""
    broken = [_told(draft, day, violation) for violation in itinerary.violations]
    said = _joined(one["text"] for one in broken)
    if touched.put is None:
        return Conflict(f"Without it the day does not hold: {said}.", broken=broken, fits=[])
    moved = next(index for index in order if draft.candidate(day.stops[index].key).account_id == touched.put)
    rest = [index for index in order if index != moved]
    fits = list(_fitting(day, rest, moved))
    name, elsewhere = draft.candidates[touched.put].name, [place for place in fits if place != touched.was]
    if elsewhere:
        instead = f"As stop {_listed(elsewhere)} it would fit."
    elif fits:
        instead = "It fits only where it is."
    else:
        (why,) = explain(horizon, [rest], [moved])
        other = draft.candidate(why.instead_of).name if why.why is Why.WORTH_LESS and why.instead_of else None
        instead = f"It would fit in place of {other}." if other else "It fits nowhere on this day."
    return Conflict(f"{name} cannot be here: {said}. {instead}", broken=broken, fits=fits)


def _told(draft: Draft, day: Day, violation: Violation) -> dict[str, Any]:
    """One broken rule, for programs and for people."""
    candidate = draft.candidate(violation.key) if violation.key else None
    name, minutes = (candidate.name if candidate else ""), -(-violation.by // 60)
    texts = {
        Broken.CLOSED: _closed(day, violation, name, minutes),
        Broken.NO_ROAD: f"no road leads to {name}" if name else "no road leads back",
        Broken.NO_LUNCH: "there would be no lunch",
        Broken.OVERTIME: f"the day would end {minutes} min too late",
        Broken.TOO_MANY: f"that is {violation.by} more than a day may have",
        Broken.TOO_MUCH_DRIVING: f"that is {minutes} min more driving than a day may have",
        Broken.TWICE: f"{name} would be visited twice",
    }
    account = str(candidate.account_id) if candidate else None
    return {"rule": violation.rule.value, "account_id": account, "text": texts[violation.rule]}


def _closed(day: Day, violation: Violation, name: str, minutes: int) -> str:
    stop = next((stop for stop in day.stops if stop.key == violation.key), None)
    if stop is None or not stop.starts:
        return f"{name} is closed that day"
    if stop.appointment is not None:
        return f"one would be {minutes} min late for the appointment with {name}"
    return f"{name} would be reached {minutes} min too late"


def _joined(texts: Iterable[str]) -> str:
    return "; ".join(dict.fromkeys(texts))


def _listed(places: Sequence[int]) -> str:
    if len(places) == 1:
        return str(places[0])
    return f"{', '.join(str(place) for place in places[:-1])} or {places[-1]}"


# ── Keeping ──────────────────────────────────────────────────────────────────────────────────────


def keep(session: Session, actor: Actor, *, days: Sequence[Timed], accept: bool) -> dict[str, Any]:
    """Keep each day as a proposal beside or instead of the plan it changes, all in one transaction; with `accept` as
    the days themselves. Answers with the plan the stop is in, the one it left, and the change set that undoes both.

    Raises Conflict where a plan was changed meanwhile.
    """
    made = [_kept(session, actor, day) for day in days]
    if accept:
        # The day it leaves first: its visit is cancelled before the other is made.
        for plan in reversed(made):
            service.accept(session, actor, plan_id=plan.id, if_match=None)
    session.flush()
    shown = [records.as_shown(session, actor, plan) for plan in made]
    return {
        "plan": shown[0],
        "from_plan": shown[1] if len(shown) > 1 else None,
        "change_set_id": session.info.get("change_set"),
    }


def _kept(session: Session, actor: Actor, day: Timed) -> VisitPlan:
    before: VisitPlan = records.get(
        session, actor, VisitPlan, day.touched.plan_id, writing=True, if_match=None
    )
    require_live(before)
    plan = keeping.keep_day(
        session, actor, draft=day.draft, made=day.made, travelled=day.travelled, week_id=before.week_id,
        replans_id=before.id,
    )  # fmt: skip
    leave_out_as_before(plan, before)
    if before.status == "proposed":
        before.status = "replaced"
        session.flush()
        record(session, keeping.event("visit_plan.replaced", before, replaced_by=plan.id))
    return plan
