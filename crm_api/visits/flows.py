"""Planning a day: read what there is, ask how long the roads take, plan, and keep it."""

import asyncio
import itertools
from typing import Any

from crm_api.access import Actor
from crm_api.conditions import records
from crm_api.core.database import Database
from crm_api.core.errors import Unavailable
from crm_api.ports import PortFailure, Ports, TemporaryFailure, TravelMatrix, TravelTimes
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
    source, is_estimate, notes = matrix.source, matrix.is_estimate, []
    if ports.road_times is not None and made.itinerary.visits:
        try:
            made, source = await _by_road(ports.road_times, draft, day, made)
            is_estimate = False
        except PortFailure as failure:
            notes.append(f"Travel times are estimated: {failure.reason}")
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


async def _by_road(roads: TravelTimes, draft: Draft, day: Day, made: DayPlan) -> tuple[DayPlan, str]:
    """Ask for the legs of the day, time it with them, and go on until every leg is known.

    Roads slower than estimated cost visits, faster ones make room for more; room is filled in the first
    rounds only, so that each later round can but drop a visit, and the number of paid legs stays small.
    """
    known: dict[tuple[int, int], tuple[int | None, int | None]] = {}
    source = ""
    for asked in itertools.count():
        legs = [leg for leg in planner.legs(day, made) if leg not in known]
        if not legs:
            return made, source
        answers = await asyncio.gather(*(_leg(roads, draft, *leg) for leg in legs))
        source = answers[0].source
        known |= {
            leg: (answer.seconds[0][0], answer.metres[0][0])
            for leg, answer in zip(legs, answers, strict=True)
        }
        made = await asyncio.to_thread(
            planner.replan, planner.on_roads(day, known), made, adding=asked < ROUNDS_THAT_ADD
        )
    raise AssertionError("unreachable: itertools.count never ends")


async def _leg(roads: TravelTimes, draft: Draft, a: int, b: int) -> TravelMatrix:
    points = draft.points
    return await roads.matrix([points[a]], [points[b]], departure=draft.departure)
