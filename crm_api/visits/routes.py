"""/api/v1/crm/visits"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from crm_api.accounts.schemas import AccountType
from crm_api.conditions import records
from crm_api.conditions.dependencies import listed, listing, showing, shown
from crm_api.conditions.filters import Query as ListQuery
from crm_api.conditions.filters import Wanted
from crm_api.core import clock
from crm_api.core.listing import Page
from crm_api.core.problems import documented
from crm_api.core.schemas import Day, Latitude, Longitude
from crm_api.dependencies import CurrentActor, Db, IfMatch, PortsDep, json_answer, record_answer
from crm_api.ports import Coordinates
from crm_api.visits import flows, service
from crm_api.visits.catalogue import CATALOGUE
from crm_api.visits.hours import DayClock
from crm_api.visits.schemas import Candidates, Kilometres, Nearby, PlanIn, VisitPlanOut
from crm_api.writes.dependencies import Once, Write, told
from crm_api.writes.idempotency import Answer

router = APIRouter(prefix="/api/v1/crm/visits", tags=["visits"])

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
