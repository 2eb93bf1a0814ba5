"""Some minutes are free: which overdue account could be visited now, and what that does to the rest of the day."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.access import Actor
from crm_api.core import clock as time
from crm_api.ports import Coordinates, TravelMatrix
from crm_api.visits import queries
from crm_api.visits.candidates import Candidate, in_reach
from crm_api.visits.drafts import valuer_of
from crm_api.visits.hours import DayClock
from crm_api.visits.models import VisitPlan, VisitPlanStop
from crm_api.visits.planner import repair
from crm_api.visits.replanning import standings
from crm_api.visits.schedule import Day, Itinerary, Shift, Stop, Window, time_day
from crm_api.visits.schemas import FreeTimeIn

MOST_TRIED = 25  # nearest overdue accounts
MOST_TOLD = 5
FASTEST = 30.0  # metres a second as the crow flies: nobody is further away than the minutes allow
OVERDUE = ("overdue", "never_visited")


@dataclass(frozen=True)
class Idle:
    """Where the rep is, what could be visited, and the stops still ahead. Rows of the matrix: here, the candidates,
    the stops ahead, the end of the day."""

    minutes: int
    clock: DayClock
    now: int
    here: Coordinates
    candidates: tuple[Candidate, ...]
    plan: VisitPlan | None
    ahead: tuple[VisitPlanStop, ...]

    @property
    def points(self) -> list[Coordinates]:
        rest = [Coordinates(stop.latitude, stop.longitude) for stop in self.ahead]
        end = Coordinates(self.plan.end_latitude, self.plan.end_longitude) if self.plan else self.here
        return [self.here, *(candidate.place for candidate in self.candidates), *rest, end]


def read(session: Session, actor: Actor, *, data: FreeTimeIn) -> Idle:
    """The overdue accounts around, nearest first, that are on no plan of today, and what is left of today's plan."""
    at = data.at or time.now()
    here = Coordinates(data.here.latitude, data.here.longitude)
    clock = DayClock(at.astimezone(ZoneInfo(actor.time_zone)).date(), actor.time_zone)
    plan = session.scalars(
        sa.select(VisitPlan).where(
            VisitPlan.owner_id == actor.user_id, VisitPlan.day == clock.day, VisitPlan.status == "accepted"
        )
    ).first()
    stops = standings(session, plan) if plan else []
    ahead = tuple(one.stop for one in stops if one.status == "scheduled")
    valuer, _ = valuer_of(session, clock)
    terms = queries.reachable((actor,), territory_id=None, account_type=data.account_type)
    reach = data.minutes * 60 * FASTEST
    known = {one.stop.account_id for one in stops}
    near = in_reach(session, actor, valuer, centre=here, metres=reach, terms=terms)
    overdue = [c for c in near if c.account_id not in known and _is_overdue(c)]
    nearest = sorted(overdue, key=lambda c: (c.metres, str(c.account_id)))[:MOST_TRIED]
    return Idle(data.minutes, clock, clock.seconds_at(at), here, tuple(nearest), plan, ahead)


def answers(idle: Idle, matrix: TravelMatrix) -> dict[str, Any]:
    """Try each candidate between here and the next stop; those that push nothing out first, then the nearest."""
    before = time_day(_day(idle, matrix, None), range(len(idle.ahead)))
    found, too_long = [], []
    for index, candidate in enumerate(idle.candidates):
        day = _day(idle, matrix, index)
        seconds = _needed(idle, day, index)
        if seconds is None:
            continue
        if seconds <= idle.minutes * 60:
            found.append(_told(idle, index, day, before))
        else:
            too_long.append((-(-seconds // 60), index, candidate))
    found.sort(key=lambda item: (len(item["pushes_out"]), item["driving_seconds"], item["account_id"]))
    return {
        "items": found[:MOST_TOLD],
        "plan_id": str(idle.plan.id) if idle.plan else None,
        "tried": len(idle.candidates),
        "quickest": _quickest(*min(too_long)) if too_long and not found else None,
    }


def _quickest(minutes: int, _: int, candidate: Candidate) -> dict[str, Any]:
    return {
        "account_id": str(candidate.account_id),
        "account_name": candidate.name,
        "minutes": minutes,
    }


def _is_overdue(candidate: Candidate) -> bool:
    return any(reason["code"] in OVERDUE for reason in candidate.worth.reasons)


def _day(idle: Idle, matrix: TravelMatrix, extra: int | None) -> Day:
    """What is left of today, as the exact timer takes it. A stop ahead may begin earlier, where nothing was agreed."""
    first = 1 + len(idle.candidates)
    stops = []
    for number, stop in enumerate(idle.ahead):
        starts = idle.clock.seconds_at(stop.starts_at)
        ends = idle.clock.seconds_at(stop.ends_at)
        agreed = starts if stop.has_appointment else None
        open_ = (Window(min(starts, idle.now), max(ends, _end(idle))),)
        stops.append(
            Stop(
                str(stop.account_id), first + number, ends - starts, open_, agreed, stop.value, stop.must_see
            )
        )
    if extra is not None:
        candidate = idle.candidates[extra]
        windows = candidate.windows(idle.clock, any_day=True)
        stops.append(Stop(str(candidate.account_id), 1 + extra, candidate.minutes * 60, windows, value=0))
    shift = Shift(idle.now, _end(idle), 0, len(idle.points) - 1)
    return Day(shift, tuple(stops), matrix.seconds, matrix.metres)


def _end(idle: Idle) -> int:
    """When the day has to be over; without a plan, when the free time is."""
    if idle.plan is None:
        return idle.now + idle.minutes * 60 + 12 * 3600
    return max(idle.now, idle.clock.seconds_at(idle.plan.shift_ends_at))


def _needed(idle: Idle, day: Day, index: int) -> int | None:
    """The seconds a visit takes that is made first of all, the detour included; None where it cannot be made."""
    extra = len(idle.ahead)
    alone = time_day(day, [extra])
    there = alone.visits[0]
    if any(v.key == there.stop.key for v in alone.violations if v.rule.value in ("closed", "no_road")):
        return None
    after = day.stops[0].node if idle.ahead else len(idle.points) - 1
    onwards, direct = day.seconds[1 + index][after], day.seconds[0][after]
    # Without a plan there is nowhere to be afterwards: the way back to here does not count.
    detour = (onwards or 0) - (direct or 0) if idle.plan else 0
    return there.ends - idle.now + max(0, detour)


def _told(idle: Idle, index: int, day: Day, before: Itinerary) -> dict[str, Any]:
    extra = len(idle.ahead)
    order = [extra, *range(extra)]
    # The extra visit is what is asked for: what does not fit beside it is what it pushes out.
    asked = replace(
        day, stops=tuple(replace(s, must=True) if n == extra else s for n, s in enumerate(day.stops))
    )
    kept = repair(asked, order)
    after = time_day(asked, kept)
    visit = after.visits[0] if after.visits else time_day(asked, [extra]).visits[0]
    lost = [idle.ahead[n].account_id for n in range(extra) if n not in kept]
    candidate = idle.candidates[index]
    at = idle.clock.instant
    late = _later(before, after)
    return {
        "account_id": str(candidate.account_id),
        "account_name": candidate.name,
        "city": candidate.city,
        "latitude": candidate.place.latitude,
        "longitude": candidate.place.longitude,
        "driving_seconds": visit.driving,
        "driving_metres": visit.metres,
        "starts_at": _iso(at(visit.starts)),
        "ends_at": _iso(at(visit.ends, ends=True)),
        "reasons": list(candidate.worth.reasons),
        "delays_next_by_seconds": late,
        "day_ends_later_by_seconds": after.over - before.over if idle.plan else None,
        "pushes_out": [str(account_id) for account_id in lost],
        "text": _sentence(late, lost, after.over - before.over if idle.plan else None),
    }


def _later(before: Itinerary, after: Itinerary) -> int | None:
    """By how much the first of the stops ahead begins later."""
    starts = {visit.stop.key: visit.starts for visit in after.visits}
    return next((starts[v.stop.key] - v.starts for v in before.visits if v.stop.key in starts), None)


def _sentence(late: int | None, lost: list[Any], over: int | None) -> str:
    if lost:
        return (
            "1 planned visit would no longer fit"
            if len(lost) == 1
            else f"{len(lost)} planned visits would no longer fit"
        )
    if over is None:
        return "nothing else is planned"
    if not late and over <= 0:
        return "the rest of the day stays as it is"
    return f"the next stop begins {round((late or 0) / 60)} min later, and the day ends {round(over / 60)} min later"


def _iso(at: datetime) -> str:
    return at.isoformat()
