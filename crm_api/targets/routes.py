"""/api/v1/crm/targets"""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Response
from sqlalchemy.orm import Session

from crm_api.access import Actor
from crm_api.conditions import records
from crm_api.conditions.dependencies import listed, listing, showing, shown
from crm_api.conditions.filters import Query, Wanted
from crm_api.core.listing import Page
from crm_api.core.problems import documented
from crm_api.core.routing import Router
from crm_api.dependencies import CurrentActor, Db, IfMatch, json_answer, record_answer
from crm_api.targets import service
from crm_api.targets.catalogue import CATALOGUE
from crm_api.targets.schemas import SpreadIn, TargetIn, TargetOut, TargetPatch, Targets
from crm_api.writes.dependencies import Write

router = Router(prefix="/api/v1/crm/targets", tags=["targets"])


@router.get(
    "", response_model=Page[TargetOut], openapi_extra=listed(CATALOGUE), responses=documented(400, 422)
)
async def list_targets(db: Db, actor: CurrentActor, query: Annotated[Query, listing("target")]) -> Response:
    """Your targets, and those of the teams you manage, each with how far it has come."""
    return json_answer(await db.read(records.page, actor, "target", query))


@router.post("", status_code=201, response_model=TargetOut, responses=documented(400, 403, 409, 422))
async def create_target(body: TargetIn, write: Write) -> Response:
    """Set a target for a person or a team."""
    return await write.record(service.create, data=body, status=201)


@router.post("/spread", response_model=Targets, responses=documented(400, 403, 422))
async def spread_target(body: SpreadIn, write: Write) -> Response:
    """Spread a year's target over its twelve months, writing over what they have."""

    def spread(session: Session, actor: Actor) -> dict[str, Any]:
        ids = service.spread(session, actor, data=body)
        session.flush()
        return {"items": [records.one(session, actor, "target", target_id) for target_id in ids]}

    return await write.answer(spread)


@router.get(
    "/{target_id}",
    response_model=TargetOut,
    openapi_extra=shown(CATALOGUE),
    responses=documented(400, 404, 422),
)
async def read_target(
    target_id: UUID, db: Db, actor: CurrentActor, wanted: Annotated[Wanted, showing("target")]
) -> Response:
    """One target, with how far it has come."""
    return record_answer(await db.read(records.one, actor, "target", target_id, wanted))


@router.put("/{target_id}", response_model=TargetOut, responses=documented(400, 403, 404, 412, 422))
@router.patch("/{target_id}", response_model=TargetOut, responses=documented(400, 403, 404, 412, 422))
async def update_target(target_id: UUID, body: TargetPatch, write: Write, if_match: IfMatch) -> Response:
    """Change the amount."""
    return await write.record(service.update, target_id=target_id, data=body, if_match=if_match)


@router.delete("/{target_id}", status_code=204, responses=documented(400, 403, 404, 412, 422))
async def delete_target(target_id: UUID, write: Write, if_match: IfMatch) -> Response:
    """Remove a target."""
    return await write.nothing(service.delete, target_id=target_id, if_match=if_match)
