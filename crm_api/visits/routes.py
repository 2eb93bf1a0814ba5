"""/api/v1/crm/visits"""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response
from pydantic_core import to_json

from crm_api.accounts.schemas import AccountType
from crm_api.conditions import records
from crm_api.conditions.dependencies import listed, listing, showing, shown
from crm_api.conditions.filters import Query as ListQuery
from crm_api.conditions.filters import Wanted
from crm_api.core import clock
from crm_api.core.listing import Page
from crm_api.core.problems import documented
from crm_api.core.routing import Router
from crm_api.core.schemas import Day, Latitude, Longitude
from crm_api.dependencies import CurrentActor, Db, IfMatch, PortsDep, json_answer, record_answer
from crm_api.ports import Coordinates
from crm_api.visits import flows, geojson, service, settings
from crm_api.visits.catalogue import CATALOGUE, WEEKS
from crm_api.visits.hours import DayClock
from crm_api.visits.schemas import (
    Candidates,
    FreeTime,
    FreeTimeIn,
    GeoJson,
    Kilometres,
    MovedOut,
    MoveIn,
    Nearby,
    PlanIn,
    ReplanIn,
    VisitPlanOut,
    VisitWeekOut,
    WeekIn,
    WhyOut,
)
from crm_api.visits.settings import VisitSettings, VisitSettingsPatch
from crm_api.writes.dependencies import Once, Write, told
from crm_api.writes.idempotency import Answer

router = Router(prefix="/api/v1/crm/visits", tags=["visits"])

# GeoJSON is JSON with a media type of its own.
GEO_JSON = "application/geo+json"
Limit = Annotated[int, Query(ge=1, le=200)]


@router.post(
    "/plans", status_code=201, response_model=VisitPlanOut, responses=documented(400, 403, 409, 422, 503)
)
async def plan_day(body: PlanIn, db: Db, ports: PortsDep, once: Once) -> Response:
    """Plan a day of visits: who, in which order, when, and why the others are not in it."""

    async def plan() -> Answer:
        return told(await flows.plan_day(db, ports, once.actor, data=body), 201)

    return await once.flow(plan)


@router.get(
    "/plans",
    response_model=Page[VisitPlanOut],
    openapi_extra=listed(CATALOGUE),
    responses=documented(400, 422),
)
async def list_plans(
    db: Db, actor: CurrentActor, query: Annotated[ListQuery, listing("visit_plan")]
) -> Response:
    """Plans that match, a page at a time, without their stops."""
    return json_answer(await db.read(records.page, actor, "visit_plan", query))


@router.get(
    "/plans/{plan_id}",
    response_model=VisitPlanOut,
    openapi_extra=shown(CATALOGUE),
    responses=documented(400, 404, 422),
)
async def read_plan(
    plan_id: UUID, db: Db, actor: CurrentActor, wanted: Annotated[Wanted, showing("visit_plan")]
) -> Response:
    """One plan, with its stops, its links, and everyone who was left out."""
    return record_answer(await db.read(records.one, actor, "visit_plan", plan_id, wanted))


@router.post(
    "/plans/{plan_id}/accept",
    response_model=VisitPlanOut,
    responses=documented(400, 403, 404, 409, 412, 422),
)
async def accept_plan(plan_id: UUID, write: Write, if_match: IfMatch) -> Response:
    """Make a proposal the rep's day: its stops become scheduled visits."""
    return await write.record(service.accept, plan_id=plan_id, if_match=if_match)


@router.post(
    "/plans/{plan_id}/decline",
    response_model=VisitPlanOut,
    responses=documented(400, 403, 404, 409, 412, 422),
)
async def decline_plan(plan_id: UUID, write: Write, if_match: IfMatch) -> Response:
    """Say no to a proposal: the day stays as it was."""
    return await write.record(service.decline, plan_id=plan_id, if_match=if_match)


@router.post(
    "/plans/{plan_id}/replan",
    status_code=201,
    response_model=VisitPlanOut,
    responses=documented(400, 403, 404, 409, 422, 503),
)
async def replan_day(plan_id: UUID, body: ReplanIn, db: Db, ports: PortsDep, once: Once) -> Response:
    """Plan what is left of a day anew: a visit was cancelled, is late or runs over, or one is to be added.

    Only this day changes. The answer is a proposal for the rest of the day, or with `accept` the day itself.
    """

    async def replan() -> Answer:
        return told(await flows.replan(db, ports, once.actor, plan_id=plan_id, data=body), 201)

    return await once.flow(replan)


@router.post(
    "/plans/{plan_id}/move",
    status_code=201,
    response_model=MovedOut,
    responses=documented(400, 403, 404, 409, 422, 503),
)
async def move_stop(plan_id: UUID, body: MoveIn, db: Db, ports: PortsDep, once: Once) -> Response:
    """Put a stop somewhere else by hand: in its day, or on the day of another plan.

    Only the days it touches change, each a proposal, or with `accept` the day itself. An order that breaks a rule is a
    409 with the rules it breaks (`broken`), and the places at which the stop would fit (`fits`).
    """

    async def move() -> Answer:
        return told(await flows.move(db, ports, once.actor, plan_id=plan_id, data=body), 201)

    return await once.flow(move)


@router.get("/plans/{plan_id}/why/{account_id}", response_model=WhyOut, responses=documented(404, 422, 503))
async def explain_plan(
    plan_id: UUID, account_id: UUID, db: Db, ports: PortsDep, actor: CurrentActor
) -> Response:
    """Why an account is in a plan or not, found by trying it there; any account may be asked about."""
    return json_answer(await flows.explain(db, ports, actor, plan_id=plan_id, account_id=account_id))


@router.get(
    "/plans/{plan_id}/geojson",
    response_model=GeoJson,
    responses={200: {"content": {GEO_JSON: {}}}, **documented(404, 422)},
)
async def show_on_map(plan_id: UUID, db: Db, actor: CurrentActor) -> Response:
    """A plan as GeoJSON (RFC 7946): a point for each place, and a line along them in the order of the day."""
    plan = await db.read(records.one, actor, "visit_plan", plan_id)
    return Response(to_json(geojson.of_plan(plan)), media_type=GEO_JSON)


@router.post(
    "/weeks", status_code=201, response_model=VisitWeekOut, responses=documented(400, 403, 409, 422, 503)
)
async def plan_week(body: WeekIn, db: Db, ports: PortsDep, once: Once) -> Response:
    """Plan up to two weeks of one rep or a team together: each day a proposal until its rep accepts it."""

    async def plan() -> Answer:
        return told(await flows.plan_week(db, ports, once.actor, data=body), 201)

    return await once.flow(plan)


@router.get(
    "/weeks", response_model=Page[VisitWeekOut], openapi_extra=listed(WEEKS), responses=documented(400, 422)
)
async def list_weeks(
    db: Db, actor: CurrentActor, query: Annotated[ListQuery, listing("visit_week")]
) -> Response:
    """Planned weeks that match, a page at a time, without their days."""
    return json_answer(await db.read(records.page, actor, "visit_week", query))


@router.get(
    "/weeks/{week_id}",
    response_model=VisitWeekOut,
    openapi_extra=shown(WEEKS),
    responses=documented(400, 404, 422),
)
async def read_week(
    week_id: UUID, db: Db, actor: CurrentActor, wanted: Annotated[Wanted, showing("visit_week")]
) -> Response:
    """One week: its days, and every account that is on none of them."""
    return record_answer(await db.read(records.one, actor, "visit_week", week_id, wanted))


@router.post(
    "/weeks/{week_id}/accept", response_model=VisitWeekOut, responses=documented(400, 403, 404, 409, 422)
)
async def accept_week(week_id: UUID, write: Write) -> Response:
    """Accept every day of a week that is a proposal for you."""
    return await write.record(service.accept_week, week_id=week_id)


@router.post("/free-time", response_model=FreeTime, responses=documented(422, 503))
async def use_free_time(body: FreeTimeIn, db: Db, ports: PortsDep, actor: CurrentActor) -> Response:
    """Some minutes are free: the nearest overdue accounts that fit, and what each does to the rest of the day.

    Nothing is changed: give the account to `/plans/{plan_id}/replan` under `add` to take it in.
    """
    return json_answer(await flows.free_time(db, ports, actor, data=body))


@router.get("/settings", response_model=VisitSettings)
async def read_settings(db: Db, actor: CurrentActor) -> Response:
    """How the organisation visits: hours, lengths, lunch, frequencies, the weights of the score."""
    return json_answer(await db.read(settings.read, actor))


@router.patch("/settings", response_model=VisitSettings, responses=documented(400, 403, 422))
async def change_settings(body: VisitSettingsPatch, write: Write) -> Response:
    """Change just the settings sent; the administrator's to do. `defaults` are replaced as a whole."""
    return await write.answer(settings.change, data=body)


@router.get("/candidates", response_model=Candidates, responses=documented(422))
async def list_candidates(
    db: Db,
    actor: CurrentActor,
    latitude: Latitude,
    longitude: Longitude,
    radius_km: Kilometres = 80,
    day: Day | None = None,
    territory_id: UUID | None = None,
    account_type: AccountType | None = None,
    limit: Limit = 50,
) -> Response:
    """Accounts in reach of a point, what a visit is worth on `day` (today when not given), and why."""
    found = await db.read(
        service.candidates,
        actor,
        day=DayClock(day or clock.today(actor.time_zone), actor.time_zone),
        centre=Coordinates(latitude, longitude),
        radius_km=radius_km,
        territory_id=territory_id,
        account_type=account_type,
        limit=limit,
    )
    return json_answer(found)


@router.get("/nearby", response_model=Nearby, responses=documented(422))
async def list_nearby(
    db: Db,
    actor: CurrentActor,
    latitude: Latitude,
    longitude: Longitude,
    radius_km: Kilometres = 25,
    account_type: AccountType | None = None,
    limit: Limit = 20,
) -> Response:
    """Accounts around a point, nearest first."""
    found = await db.read(
        service.nearby,
        actor,
        centre=Coordinates(latitude, longitude),
        radius_km=radius_km,
        account_type=account_type,
        limit=limit,
    )
    return json_answer(found)
