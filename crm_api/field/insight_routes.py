"""/api/v1/crm/visits/coverage, …/statistics, …/mileage, …/meeting-point and …/territories"""

from datetime import timedelta
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query, Response

from crm_api.accounts.schemas import AccountType
from crm_api.core import clock
from crm_api.core.problems import documented
from crm_api.core.routing import Router
from crm_api.core.schemas import Day
from crm_api.dependencies import CurrentActor, Db, PortsDep, json_answer
from crm_api.field import coverage, distances, gatherings, mileage, territories
from crm_api.field.insight_schemas import (
    BalanceApply,
    BalanceDone,
    BalanceIn,
    BalanceOut,
    CoverageOut,
    CoveragePlaces,
    DistancesOut,
    MeetingIn,
    MeetingOut,
    MileageOut,
    VisitStatistics,
)
from crm_api.writes.dependencies import Once, Write, told
from crm_api.writes.idempotency import Answer

router = Router(prefix="/api/v1/crm/visits", tags=["visits"])
MONTH = timedelta(days=29)
Month = Annotated[str, Query(pattern=r"^\d{4}-(0[1-9]|1[0-2])$", examples=["2026-11"])]


@router.get("/coverage", response_model=CoverageOut, responses=documented(422))
async def read_coverage(
    db: Db,
    actor: CurrentActor,
    group_by: coverage.GroupBy = "territory",
    territory_id: UUID | None = None,
    owner_id: UUID | None = None,
    account_type: AccountType | None = None,
) -> Response:
    """Accounts visited in time, overdue and never visited, of those that are meant to be visited."""
    found = await db.read(
        coverage.coverage,
        actor,
        group_by=group_by,
        territory_id=territory_id,
        owner_id=owner_id,
        account_type=account_type,
    )
    return json_answer(found)


@router.get("/coverage/places", response_model=CoveragePlaces, responses=documented(422))
async def read_places(
    db: Db,
    actor: CurrentActor,
    territory_id: UUID | None = None,
    owner_id: UUID | None = None,
    account_type: AccountType | None = None,
    state: coverage.State | None = None,
) -> Response:
    """The accounts that coverage counts, each where it is and how it stands: what a map shows."""
    found = await db.read(
        coverage.places,
        actor,
        territory_id=territory_id,
        owner_id=owner_id,
        account_type=account_type,
        state=state,
    )
    return json_answer(found)


@router.get("/statistics", response_model=VisitStatistics, responses=documented(422))
async def read_statistics(
    db: Db,
    actor: CurrentActor,
    since: Day | None = None,
    until: Day | None = None,
    owner_id: UUID | None = None,
) -> Response:
    """Visits planned, made and checked, and how often the frequency was kept; the last thirty days when not given."""
    last = until or clock.today(actor.time_zone)
    found = await db.read(
        coverage.statistics, actor, since=since or last - MONTH, until=last, owner_id=owner_id
    )
    return json_answer(found)


@router.get(
    "/mileage",
    response_model=MileageOut,
    responses={
        200: {"content": {"text/csv": {"schema": {"type": "string"}}}},
        **documented(403, 404, 409, 422, 503),
    },
)
async def read_mileage(
    db: Db,
    actor: CurrentActor,
    ports: PortsDep,
    month: Month,
    owner_id: UUID | None = None,
    format: Literal["json", "csv"] = "json",
) -> Response:
    """A month's mileage claim: planned against driven, day by day; a table with `format=csv`."""
    claim = await mileage.claim(db, ports, actor, month=month, owner_id=owner_id)
    if format == "json":
        return json_answer(claim)
    name = f'attachment; filename="mileage-{month}.csv"'
    return Response(mileage.as_csv(claim), media_type="text/csv", headers={"Content-Disposition": name})


@router.get(
    "/mileage/team",
    response_model=DistancesOut,
    responses={
        200: {"content": {"text/csv": {"schema": {"type": "string"}}}},
        **documented(403, 404, 409, 422, 503),
    },
)
async def read_distances(
    db: Db,
    actor: CurrentActor,
    ports: PortsDep,
    month: Month,
    team_id: UUID | None = None,
    format: Literal["json", "csv"] = "json",
) -> Response:
    """Planned against driven for everybody whose claims you see; a table with `format=csv`."""
    found = await distances.of_team(db, ports, actor, month=month, team_id=team_id)
    if format == "json":
        return json_answer(found)
    name = f'attachment; filename="distances-{month}.csv"'
    return Response(distances.as_csv(found), media_type="text/csv", headers={"Content-Disposition": name})


@router.post("/meeting-point", response_model=MeetingOut, responses=documented(400, 409, 422, 503))
async def find_meeting_point(body: MeetingIn, db: Db, ports: PortsDep, once: Once) -> Response:
    """Where people should meet, so that the longest drive, or all of them together, is as short as can be."""

    async def find() -> Answer:
        return told(await gatherings.find(db, ports, once.actor, data=body), 200)

    return await once.flow(find)


@router.post("/territories/preview", response_model=BalanceOut, responses=documented(403, 422))
async def preview_balance(body: BalanceIn, db: Db, actor: CurrentActor) -> Response:
    """Which accounts would change territory to even them out. Nothing is changed."""
    return json_answer(await db.read(territories.preview, actor, data=body))


@router.post("/territories/apply", response_model=BalanceDone, responses=documented(400, 403, 409, 422))
async def apply_balance(body: BalanceApply, write: Write) -> Response:
    """Even territories out as the preview showed, under one change set that takes it all back."""
    return await write.answer(territories.apply, data=body)
