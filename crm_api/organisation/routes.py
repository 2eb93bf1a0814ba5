"""/api/v1/organisation, /api/v1/territories"""

from typing import Annotated, Any
from uuid import UUID

import sqlalchemy as sa
from fastapi import APIRouter, Response
from sqlalchemy.orm import Session

from crm_api.access import Actor, require_role
from crm_api.conditions import records
from crm_api.conditions.dependencies import listed, listing, showing, shown
from crm_api.conditions.filters import Query, Wanted
from crm_api.core.listing import Page
from crm_api.core.problems import documented
from crm_api.core.schemas import changes
from crm_api.dependencies import CurrentActor, Db, IfMatch, json_answer, record_answer
from crm_api.organisation import service
from crm_api.organisation.catalogue import TERRITORIES
from crm_api.organisation.models import Organisation, Territory
from crm_api.organisation.schemas import (
    OrganisationOut,
    OrganisationPatch,
    TerritoryIn,
    TerritoryOut,
    TerritoryPatch,
)
from crm_api.writes.dependencies import Write

router = APIRouter(prefix="/api/v1/organisation", tags=["organisation"])
territories_router = APIRouter(prefix="/api/v1/territories", tags=["territories"])


def _shown(session: Session) -> dict[str, Any] | None:
    found = session.scalars(sa.select(Organisation)).first()
    return OrganisationOut.model_validate(found, from_attributes=True).model_dump() if found else None


def _changed(session: Session, _: Actor, /, **change: Any) -> dict[str, Any]:
    organisation = service.change_profile(session, **change)
    session.flush()
    return OrganisationOut.model_validate(organisation, from_attributes=True).model_dump()


@router.get("", response_model=OrganisationOut)
async def read_organisation(db: Db, actor: CurrentActor) -> Response:
    """The profile of the company that runs this installation."""
    shown = await db.read(_shown)
    if shown is None:
        shown = await db.write(_changed, actor, values={})
    return record_answer(shown)


@router.patch("", response_model=OrganisationOut, responses=documented(400, 403, 409, 412, 422))
async def update_organisation(body: OrganisationPatch, write: Write, if_match: IfMatch) -> Response:
    """Change just the fields sent."""
    require_role(write.actor)
    return await write.answer(_changed, values=changes(body), if_match=if_match)


@territories_router.get(
    "", response_model=Page[TerritoryOut], openapi_extra=listed(TERRITORIES), responses=documented(400, 422)
)
async def list_territories(
    db: Db, actor: CurrentActor, query: Annotated[Query, listing("territory")]
) -> Response:
    """Territories, by name."""
    return json_answer(await db.read(records.page, actor, "territory", query))


@territories_router.post(
    "", status_code=201, response_model=TerritoryOut, responses=documented(403, 409, 422)
)
async def create_territory(body: TerritoryIn, write: Write) -> Response:
    """Make a territory."""

    def make(session: Session, actor: Actor) -> Any:
        require_role(actor)
        return service.create_territory(session, name=body.name, parent_id=body.parent_id)

    return await write.record(make, status=201)


@territories_router.get(
    "/{territory_id}",
    response_model=TerritoryOut,
    openapi_extra=shown(TERRITORIES),
    responses=documented(400, 404, 422),
)
async def read_territory(
    territory_id: UUID, db: Db, actor: CurrentActor, wanted: Annotated[Wanted, showing("territory")]
) -> Response:
    """One territory."""
    return record_answer(await db.read(records.one, actor, "territory", territory_id, wanted))


@territories_router.patch(
    "/{territory_id}", response_model=TerritoryOut, responses=documented(400, 403, 404, 409, 412, 422)
)
async def update_territory(
    territory_id: UUID, body: TerritoryPatch, write: Write, if_match: IfMatch
) -> Response:
    """Change just the fields sent."""

    def change(session: Session, actor: Actor) -> Any:
        territory = records.get(session, actor, Territory, territory_id, writing=True, if_match=if_match)
        return service.update_territory(session, territory, values=changes(body))

    return await write.record(change)
