"""Planning days: read what there is, ask how long the roads take, plan, and keep it."""

import asyncio
import itertools
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from crm_api.access import Actor
from crm_api.conditions import records
from crm_api.core.database import Database
from crm_api.core.errors import Unavailable
from crm_api.maps.roads import DayRoads
from crm_api.ports import (
    Coordinates,
    PortFailure,
    Ports,
    RoadTimes,
    TemporaryFailure,
    TravelMatrix,
    TravelTimes,
)
from crm_api.visits import keeping, moving, planner, replanning, service, spare, team, why
from crm_api.visits.drafts import Draft, gather
from crm_api.visits.horizon import Horizon
from crm_api.visits.keeping import Travelled
from crm_api.visits.outings import Frame
from crm_api.visits.planner import DayPlan
from crm_api.visits.reasons import LeftOut
from crm_api.visits.schemas import FreeTimeIn, MoveIn, PlanIn, ReplanIn, WeekIn
from crm_api.visits.taken import taken

ROUNDS_THAT_ADD = 2


async def plan_day(db: Database, ports: Ports, actor: Actor, *, data: PlanIn) -> dict[str, Any]:
    """Plan a day and keep it as a proposal; returns the plan as it is answered.

    The plan is made with the free travel times. Where exact ones are switched on, only the legs of the
    chosen day are asked for, and the plan is timed again with them; where that fails, the plan stands
    on the estimate and says so. Raises Invalid, NotAllowed, or Unavailable without any travel times.
    """
    draft = await _gathered(db, ports, actor, data)
    made, _, travelled = await _planned(ports, draft)
    return await db.write(
        records.written, actor, keeping.keep_day, draft=draft, made=made[0], travelled=travelled
    )


async def plan_week(db: Database, ports: Ports, actor: Actor, *, data: WeekIn) -> dict[str, Any]:
    """Plan some days of one rep or several together, and keep them as proposals; as `plan_day` otherwise."""
    draft = await _gathered(db, ports, actor, data)
    made, left_out, travelled = await _planned(ports, draft)
    return await db.write(
        records.written,
        actor,
        keeping.keep_week,
        draft=draft,
        made=made,
        left_out=left_out,
        travelled=travelled,
    )


async def replan(
    db: Database, ports: Ports, actor: Actor, *, plan_id: UUID, data: ReplanIn
) -> dict[str, Any]:
    """Plan the rest of a day anew, and nothing but that day; a proposal, or the day at once where it is accepted.

    Raises NotFound, Conflict where the plan gave way to another, and what `plan_day` raises.
    """
    change = await db.read(replanning.read, actor, plan_id=plan_id, data=data)
    draft = await _gathered(db, ports, actor, change.asked, change.frame)
    made, _, travelled = await _planned(ports, draft)
    return await db.write(
        records.written,
        actor,
        replanning.keep,
        draft=draft,
        made=made[0],
        travelled=travelled,
        plan_id=plan_id,
        accept=data.accept,
    )


async def move(db: Database, ports: Ports, actor: Actor, *, plan_id: UUID, data: MoveIn) -> dict[str, Any]:
    """Put a stop somewhere by hand, and time the days it touches, and nothing but those; as `moving.keep` answers.

    Raises NotFound, Invalid, Conflict where the stop cannot be there, and Unavailable without any travel times.
    """
    touched = await db.read(moving.read, actor, plan_id=plan_id, data=data)
    days = [await _put(db, ports, actor, one) for one in touched]
    return await db.write(moving.keep, actor, days=days, accept=data.accept)


async def _put(db: Database, ports: Ports, actor: Actor, touched: moving.Touched) -> moving.Timed:
    """One day in its new order, timed with the best roads there are."""
    draft = await _gathered(db, ports, actor, touched.change.asked, touched.change.frame)
    matrix = await _matrix(ports.travel_times, list(draft.points), draft.departure)
    horizon = draft.horizon(matrix)
    order = moving.ordered(draft, horizon, touched)
    day = horizon.day(0)
    travelled = Travelled(matrix.source, matrix.is_estimate, [matrix.note] if matrix.note else [])
    if ports.road_times is not None and order:
        asked = DayRoads(ports.road_times, list(draft.points), departure=draft.departure)
        nodes = [day.shift.start_node, *(day.stops[index].node for index in order), day.shift.end_node]
        try:
            if await asked.learn(nodes):
                day, travelled = planner.on_roads(day, asked.known), Travelled(asked.source, False)
        except PortFailure as failure:
            travelled.notes = [f"Travel times are estimated: {failure.reason}"]
    made = await asyncio.to_thread(moving.timed, draft, horizon, day, order, touched)
    return moving.Timed(touched, draft, made, travelled)


async def explain(
    db: Database, ports: Ports, actor: Actor, *, plan_id: UUID, account_id: UUID
) -> dict[str, Any]:
    """Why an account is in a plan or not, tried in it with today's figures."""
    asked = await db.read(why.read, actor, plan_id=plan_id, account_id=account_id)
    if asked.answer is not None:
        return asked.answer
    draft = await db.read(gather, actor, data=asked.data, frame=asked.frame)
    matrix = await _matrix(ports.travel_times, list(draft.points), draft.departure)
    return await asyncio.to_thread(why.tried, draft, draft.horizon(matrix), asked)


async def free_time(db: Database, ports: Ports, actor: Actor, *, data: FreeTimeIn) -> dict[str, Any]:
    """The nearest overdue accounts that fit into some free minutes, and what each does to the rest of the day."""
    idle = await db.read(spare.read, actor, data=data)
    matrix = await _matrix(ports.travel_times, idle.points, None)
    return await asyncio.to_thread(spare.answers, idle, matrix)


async def accept_week(db: Database, actor: Actor, *, week_id: UUID) -> dict[str, Any]:
    """Accept every proposed day of a week that is the actor's own."""
    return await db.write(records.written, actor, service.accept_week, week_id=week_id)


async def _gathered(
    db: Database, ports: Ports, actor: Actor, data: PlanIn | WeekIn, frame: Frame | None = None
) -> Draft:
    """Everything for a plan, with what the connected calendars hold."""
    busy = await taken(db, ports.calendar, actor, data=data, frame=frame)
    return await db.read(gather, actor, data=data, frame=frame, taken=busy)


async def _planned(ports: Ports, draft: Draft) -> tuple[list[DayPlan], tuple[LeftOut, ...], Travelled]:
    """The days in the order of the draft's outings, and who is on none of them."""
    matrix = await _matrix(ports.travel_times, list(draft.points), draft.departure)
    horizon = draft.horizon(matrix)
    week = await asyncio.to_thread(team.plan, horizon)
    left_out = week.left_out
    days = [DayPlan(itinerary, left_out, week.engine) for itinerary in week.week.itineraries]
    travelled = Travelled(matrix.source, matrix.is_estimate, [matrix.note] if matrix.note else [])
    if ports.road_times is None or not week.week.value:
        return days, left_out, travelled
    try:
        timed = [await _by_road(ports.road_times, draft, horizon, tour, day) for tour, day in enumerate(days)]
    except PortFailure as failure:
        travelled.notes = [f"Travel times are estimated: {failure.reason}"]
        return days, left_out, travelled
    days = [day for day, _, _ in timed]
    sources = [source for _, source, _ in timed if source]
    notes = dict.fromkeys(note for _, _, notes in timed for note in notes)
    # What slower roads pushed out of one day of a week is told with what was on none.
    pushed_out = [item for day in days for item in day.left_out] if len(days) > 1 else days[0].left_out
    every = {item.key: item for item in [*pushed_out, *(left_out if len(days) > 1 else ())]}
    return days, tuple(every.values()), Travelled(sources[0] if sources else matrix.source, False, notes)


async def _matrix(
    travel_times: TravelTimes, points: list[Coordinates], departure: datetime | None
) -> TravelMatrix:
    try:
        return await travel_times.matrix(points, points, departure=departure)
    except PortFailure as failure:
        wait = failure.retry_after if isinstance(failure, TemporaryFailure) else None
        raise Unavailable(
            f"No travel times just now: {failure.reason}", retry_after=round(wait or 30)
        ) from failure


async def _by_road(
    roads: RoadTimes, draft: Draft, horizon: Horizon, tour: int, made: DayPlan
) -> tuple[DayPlan, str, list[str]]:
    """Ask for the drive of the day, time it with the answer, and go on until every leg is known.

    Roads slower than estimated cost visits, faster ones make room for more; room is filled in the first
    rounds only, so that each later round can but drop a visit. Each round is paid for, and a day has a budget:
    the legs it does not reach keep the estimate, and a note says so. Of a week, no day is filled: what it has no
    room for may be planned on another.
    """
    alone = len(horizon.tours) == 1
    day = horizon.day(tour) if alone else planner.only_planned(horizon.day(tour), made)
    if not made.itinerary.visits:
        return made if alone else replace(made, left_out=()), "", []
    outing = draft.outings[tour]
    departure = outing.clock.instant(outing.shift.start)
    asked = DayRoads(roads, list(draft.points), departure=departure)
    made = made if alone else replace(made, left_out=())
    for round_ in itertools.count():
        path = planner.path(day, made)
        unknown = asked.unknown(path)
        if not unknown:
            return made, asked.source, []
        if not await asked.learn(path):
            return made, asked.source, [f"{unknown} of {len(path) - 1} drives are estimated."]
        on_roads = planner.on_roads(day, asked.known)
        made = await asyncio.to_thread(planner.replan, on_roads, made, adding=round_ < ROUNDS_THAT_ADD)
    raise AssertionError("unreachable: itertools.count never ends")
