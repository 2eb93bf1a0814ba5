"""/api/v1/organisation, /api/v1/territories"""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Response
from sqlalchemy.orm import Session

from crm_api.access import Actor, require_role
from crm_api.conditions import records
from crm_api.conditions.dependencies import listed, listing
from crm_api.conditions.filters import Query
from crm_api.core.listing import Page
from crm_api.core.problems import documented
from crm_api.core.schemas import changes
from crm_api.dependencies import CurrentActor, Db, json_answer, record_answer
from crm_api.organisation import service
from crm_api.organisation.catalogue import TERRITORIES
from crm_api.organisation.schemas import OrganisationOut, OrganisationPatch, TerritoryIn, TerritoryOut

router = APIRouter(prefix="/api/v1/organisation", tags=["organisation"])
territories_router = APIRouter(prefix="/api/v1/territories", tags=["territories"])


def _profile(session: Session, values: dict[str, Any] | None = None) -> dict[str, Any]:
    organisation = service.change_profile(session, values=values or {})
    session.flush()
    return OrganisationOut.model_validate(organisation, from_attributes=True).model_dump()


@router.get("", response_model=OrganisationOut)
async def read_organisation(db: Db, actor: CurrentActor) -> Response:
    """The profile of the company that runs this installation."""
    return record_answer(await db.write(_profile))


@router.patch("", response_model=OrganisationOut, responses=documented(403, 422))
async def update_organisation(body: OrganisationPatch, db: Db, actor: CurrentActor) -> Response:
    """Change just the fields sent."""
    require_role(actor)
    values = {
        name: value for name, value in changes(body).items() if value is not None or name == "postal_address"
    }
    return record_answer(await db.write(_profile, values))


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
async def create_territory(body: TerritoryIn, db: Db, actor: CurrentActor) -> Response:
    """Make a territory."""

    def make(session: Session, actor: Actor) -> Any:
        require_role(actor)
        return service.create_territory(session, name=body.name, parent_id=body.parent_id)

    return record_answer(await db.write(records.written, actor, make), 201)


@territories_router.get("/{territory_id}", response_model=TerritoryOut, responses=documented(404, 422))
async def read_territory(territory_id: UUID, db: Db, actor: CurrentActor) -> Response:
    """One territory."""
    return record_answer(await db.read(records.one, actor, "territory", territory_id))
