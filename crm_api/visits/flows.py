"""Planning a day: read what there is, ask how long the roads take, plan, and keep it."""

import asyncio
import itertools
from typing import Any

from crm_api.access import Actor
from crm_api.conditions import records
from crm_api.core.database import Database
from crm_api.core.errors import Unavailable
from crm_api.maps.roads import DayRoads
from crm_api.ports import PortFailure, Ports, RoadTimes, TemporaryFailure, TravelMatrix, TravelTimes
from crm_api.visits import planner, service
from crm_api.visits.drafts import Draft, gather
from crm_api.visits.planner import DayPlan
from crm_api.visits.schedule import Day
from crm_api.visits.schemas import PlanIn

ROUNDS_THAT_ADD = 2


async def plan_day(db: Database, ports: Ports, actor: Actor, *, data: PlanIn) -> dict[str, Any]:
    """Plan a day and keep it as a proposal; returns the plan as it is answered.

    The plan is made with the free travel times. Where exact ones are switched on, only the legs of the
    chosen day are asked for, and the plan is timed again with them; where that fails, the plan stands
    on the estimate and says so. Raises Invalid, NotAllowed, or Unavailable without any travel times.
    """
    draft = await db.read(gather, actor, data=data)
    matrix = await _matrix(ports.travel_times, draft)
    day = draft.day(matrix)
    made = await asyncio.to_thread(planner.plan, day)
    source, is_estimate, notes = matrix.source, matrix.is_estimate, [matrix.note] if matrix.note else []
    if ports.road_times is not None and made.itinerary.visits:
        try:
            made, source, told = await _by_road(ports.road_times, draft, day, made)
            is_estimate, notes = False, told
        except PortFailure as failure:
            notes = [f"Travel times are estimated: {failure.reason}"]
    return await db.write(
        records.written,
        actor,
        service.keep,
        draft=draft,
        made=made,
        source=source,
        is_estimate=is_estimate,
        notes=notes,
    )


async def _matrix(travel_times: TravelTimes, draft: Draft) -> TravelMatrix:
    try:
        return await travel_times.matrix(draft.points, draft.points, departure=draft.departure)
    except PortFailure as failure:
        wait = failure.retry_after if isinstance(failure, TemporaryFailure) else None
        raise Unavailable(
            f"No travel times just now: {failure.reason}", retry_after=round(wait or 30)
        ) from failure


async def _by_road(roads: RoadTimes, draft: Draft, day: Day, made: DayPlan) -> tuple[DayPlan, str, list[str]]:
    """Ask for the drive of the day, time it with the answer, and go on until every leg is known.

    Roads slower than estimated cost visits, faster ones make room for more; room is filled in the first
    rounds only, so that each later round can but drop a visit. Each round is paid for, and a day has a budget:
    the legs it does not reach keep the estimate, and a note says so.
    """
    asked = DayRoads(roads, draft.points, departure=draft.departure)
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
