"""/api/v1/crm/maps/places and /api/v1/crm/maps/geocoding"""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from crm_api.core.problems import documented
from crm_api.core.routing import Router
from crm_api.dependencies import CurrentActor, Db, IfMatch, PortsDep, SettingsDep, json_answer
from crm_api.maps import geocoding, places, runs
from crm_api.maps.schemas import (
    AccountPlaceOut,
    AccountPlaces,
    ChoiceIn,
    GeocodingAsked,
    GeocodingIn,
    GeocodingPreview,
    GeocodingRunOut,
    PinIn,
    Status,
)
from crm_api.writes.dependencies import Once, Write, told
from crm_api.writes.idempotency import Answer

places_router = Router(prefix="/api/v1/crm/maps/places", tags=["maps"])
runs_router = Router(prefix="/api/v1/crm/maps/geocoding", tags=["maps"])

_DOUBTFUL: list[Status] = ["review", "nothing", "failed", "moved", "expired"]


@places_router.get("", response_model=AccountPlaces, responses=documented(422))
async def list_doubtful_places(
    db: Db,
    actor: CurrentActor,
    status: Annotated[list[Status] | None, Query(description="All but `placed` when not given.")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    skip: Annotated[int, Query(ge=0, le=100_000)] = 0,
) -> Response:
    """The review queue: accounts whose address was not found for sure, with what it may mean."""
    found = await db.read(places.in_review, actor, statuses=status or _DOUBTFUL, limit=limit, skip=skip)
    return json_answer(found)


@places_router.get("/{account_id}", response_model=AccountPlaceOut, responses=documented(404, 422))
async def read_place(account_id: UUID, db: Db, actor: CurrentActor) -> Response:
    """Where an account is, and how we know."""
    return json_answer(await db.read(places.told, actor, account_id=account_id))


@places_router.put(
    "/{account_id}", response_model=AccountPlaceOut, responses=documented(400, 403, 404, 409, 412, 422)
)
async def pin_account(account_id: UUID, body: PinIn, write: Write, if_match: IfMatch) -> Response:
    """Set an account's pin by hand. It lasts: no geocoder moves it."""
    return await write.answer(
        places.pin,
        account_id=account_id,
        latitude=body.latitude,
        longitude=body.longitude,
        if_match=if_match,
    )


@places_router.post(
    "/{account_id}/geocode",
    response_model=AccountPlaceOut,
    responses=documented(400, 403, 404, 409, 422, 503),
)
async def geocode_account(account_id: UUID, db: Db, ports: PortsDep, once: Once) -> Response:
    """Look an account's address up now; what is doubtful waits for somebody to choose."""

    async def locate() -> Answer:
        return told(await geocoding.locate(db, ports, once.actor, account_id=account_id), 200)

    return await once.flow(locate)


@places_router.post(
    "/{account_id}/choose", response_model=AccountPlaceOut, responses=documented(400, 403, 404, 409, 422)
)
async def choose_place(account_id: UUID, body: ChoiceIn, write: Write) -> Response:
    """Take one of the candidates of a doubtful address."""
    return await write.answer(places.choose, account_id=account_id, candidate=body.candidate)


@runs_router.post("/preview", response_model=GeocodingPreview, responses=documented(400, 403, 422))
async def preview_geocoding(
    body: GeocodingAsked, db: Db, actor: CurrentActor, ports: PortsDep, settings: SettingsDep
) -> Response:
    """How many addresses would be looked up, and what that would cost. Nothing is asked of anybody."""
    found = await db.read(
        runs.preview, actor, data=body, geocoder=ports.geocoder, limit_usd=settings.maps_monthly_usd
    )
    return json_answer(found)


@runs_router.post(
    "", status_code=202, response_model=GeocodingRunOut, responses=documented(400, 403, 409, 422)
)
async def start_geocoding(body: GeocodingIn, ports: PortsDep, write: Write) -> Response:
    """Look many addresses up in the background, for the price the preview showed."""
    return await write.answer(runs.start, data=body, geocoder=ports.geocoder, status=202)


@runs_router.get("", response_model=list[GeocodingRunOut], responses=documented(403))
async def list_geocoding(db: Db, actor: CurrentActor) -> Response:
    """The newest runs."""
    return json_answer(await db.read(runs.recent, actor))


@runs_router.get("/{run_id}", response_model=GeocodingRunOut, responses=documented(403, 404, 422))
async def read_geocoding(run_id: UUID, db: Db, actor: CurrentActor) -> Response:
    """One run: how far it is, and what came of the addresses."""
    return json_answer(await db.read(runs.one, actor, run_id=run_id))


@runs_router.post(
    "/{run_id}/cancel", response_model=GeocodingRunOut, responses=documented(400, 403, 404, 409, 422)
)
async def cancel_geocoding(run_id: UUID, write: Write) -> Response:
    """End a run where it is; what was found stays."""
    return await write.answer(runs.cancel, run_id=run_id)


@runs_router.post(
    "/{run_id}/resume", response_model=GeocodingRunOut, responses=documented(400, 403, 404, 409, 422)
)
async def resume_geocoding(run_id: UUID, write: Write) -> Response:
    """Let a run that was stopped go on."""
    return await write.answer(runs.resume, run_id=run_id)
