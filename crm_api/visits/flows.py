"""Planning days: read what there is, ask how long the roads take, plan, and keep it."""

import asyncio
import itertools
from typing import Any
from uuid import UUID

from crm_api.access import Actor
from crm_api.conditions import records
from crm_api.core.database import Database
from crm_api.core.errors import Unavailable
from crm_api.ports import Coordinates, PortFailure, Ports, TemporaryFailure, TravelMatrix, TravelTimes
from crm_api.visits import keeping, planner, replanning, service, spare, team, why
from crm_api.visits.drafts import Draft, gather
from crm_api.visits.keeping import Travelled
from crm_api.visits.planner import DayPlan, WeekPlan
from crm_api.visits.schedule import Day
from crm_api.visits.schemas import FreeTimeIn, PlanIn, ReplanIn, WeekIn

ROUNDS_THAT_ADD = 2


async def plan_day(db: Database, ports: Ports, actor: Actor, *, data: PlanIn) -> dict[str, Any]:
    """Plan a day and keep it as a proposal; returns the plan as it is answered.

    The plan is made with the free travel times. Where exact ones are switched on, only the legs of the
    chosen day are asked for, and the plan is timed again with them; where that fails, the plan stands
    on the estimate and says so. Raises Invalid, NotAllowed, or Unavailable without any travel times.
    """
    draft = await db.read(gather, actor, data=data)
    made, _, travelled = await _planned(ports, draft)
    return await db.write(
        records.written, actor, keeping.keep_day, draft=draft, made=made[0], travelled=travelled
    )


async def plan_week(db: Database, ports: Ports, actor: Actor, *, data: WeekIn) -> dict[str, Any]:
    """Plan some days of one rep or several together, and keep them as proposals; as `plan_day` otherwise."""
    draft = await db.read(gather, actor, data=data)
    made, week, travelled = await _planned(ports, draft)
    return await db.write(
        records.written,
        actor,
        keeping.keep_week,
        draft=draft,
        made=made,
        left_out=week.left_out,
        travelled=travelled,
    )


async def replan(
    db: Database, ports: Ports, actor: Actor, *, plan_id: UUID, data: ReplanIn
) -> dict[str, Any]:
    """Plan the rest of a day anew, and nothing but that day; a proposal, or the day at once where it is accepted.

    Raises NotFound, Conflict where the plan gave way to another, and what `plan_day` raises.
    """
    change = await db.read(replanning.read, actor, plan_id=plan_id, data=data)
    draft = await db.read(gather, actor, data=change.asked, frame=change.frame)
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


async def explain(
    db: Database, ports: Ports, actor: Actor, *, plan_id: UUID, account_id: UUID
) -> dict[str, Any]:
    """Why an account is in a plan or not, tried in it with today's figures."""
    asked = await db.read(why.read, actor, plan_id=plan_id, account_id=account_id)
    if asked.answer is not None:
        return asked.answer
    draft = await db.read(gather, actor, data=asked.data, frame=asked.frame)
    matrix = await _matrix(ports.travel_times, list(draft.points), draft)
    return await asyncio.to_thread(why.tried, draft, draft.horizon(matrix), asked)


async def free_time(db: Database, ports: Ports, actor: Actor, *, data: FreeTimeIn) -> dict[str, Any]:
    """The nearest overdue accounts that fit into some free minutes, and what each does to the rest of the day."""
    idle = await db.read(spare.read, actor, data=data)
    matrix = await _matrix(ports.travel_times, idle.points, None)
    return await asyncio.to_thread(spare.answers, idle, matrix)


async def accept_week(db: Database, actor: Actor, *, week_id: UUID) -> dict[str, Any]:
    """Accept every proposed day of a week that is the actor's own."""
    return await db.write(records.written, actor, service.accept_week, week_id=week_id)


async def _planned(ports: Ports, draft: Draft) -> tuple[list[DayPlan], WeekPlan, Travelled]:
    matrix = await _matrix(ports.travel_times, list(draft.points), draft)
    horizon = draft.horizon(matrix)
    week = await asyncio.to_thread(team.plan, horizon)
    days = [DayPlan(itinerary, (), week.engine) for itinerary in week.week.itineraries]
    if len(days) == 1:
        days = [DayPlan(days[0].itinerary, week.left_out, week.engine)]
    travelled = Travelled(matrix.source, matrix.is_estimate)
    if ports.road_times is None or not week.week.value:
        return days, week, travelled
    try:
        for tour, day in enumerate(days):
            if day.itinerary.visits:
                pool = horizon.day(tour) if len(days) == 1 else planner.only_planned(horizon.day(tour), day)
                days[tour], travelled.source = await _by_road(ports.road_times, draft, pool, day)
        travelled.is_estimate = False
    except PortFailure as failure:
        travelled.notes.append(f"Travel times are estimated: {failure.reason}")
        travelled.source = matrix.source
    return days, week, travelled


async def _matrix(travel_times: TravelTimes, points: list[Coordinates], draft: Draft | None) -> TravelMatrix:
    try:
        return await travel_times.matrix(points, points, departure=draft.departure if draft else None)
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
