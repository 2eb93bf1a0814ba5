"""/api/v1/crm/opportunities"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response

from crm_api.conditions import records
from crm_api.conditions.dependencies import SearchBody, listed, listing, showing, shown
from crm_api.conditions.filters import Query, Wanted
from crm_api.core.listing import Page
from crm_api.core.problems import documented
from crm_api.dependencies import CurrentActor, Db, IfMatch, json_answer, record_answer
from crm_api.opportunities import service
from crm_api.opportunities.catalogue import CATALOGUE
from crm_api.opportunities.schemas import Close, OpportunityIn, OpportunityOut, OpportunityPatch
from crm_api.writes import erasing
from crm_api.writes.bulk import Verbs
from crm_api.writes.dependencies import Write
from crm_api.writes.erasing import Hard
from crm_api.writes.resources import add_bulk

router = APIRouter(prefix="/api/v1/crm/opportunities", tags=["opportunities"])
of_account_router = APIRouter(prefix="/api/v1/crm/accounts/{account_id}", tags=["opportunities"])


@router.get(
    "", response_model=Page[OpportunityOut], openapi_extra=listed(CATALOGUE), responses=documented(400, 422)
)
async def list_opportunities(
    db: Db, actor: CurrentActor, query: Annotated[Query, listing("opportunity")]
) -> Response:
    """Opportunities that match, a page at a time."""
    return json_answer(await db.read(records.page, actor, "opportunity", query))


@router.post("/search", response_model=Page[OpportunityOut], responses=documented(400, 422))
async def search_opportunities(body: SearchBody, db: Db, actor: CurrentActor) -> Response:
    """Opportunities for which a condition tree holds."""
    return json_answer(await db.read(records.page, actor, "opportunity", body.query()))


@router.post("", status_code=201, response_model=OpportunityOut, responses=documented(403, 409, 422))
async def create_opportunity(body: OpportunityIn, write: Write) -> Response:
    """Make an opportunity."""
    return await write.record(service.create, data=body, status=201)


@router.get(
    "/{opportunity_id}",
    response_model=OpportunityOut,
    openapi_extra=shown(CATALOGUE),
    responses=documented(400, 404, 422),
)
async def read_opportunity(
    opportunity_id: UUID, db: Db, actor: CurrentActor, wanted: Annotated[Wanted, showing("opportunity")]
) -> Response:
    """One opportunity."""
    return record_answer(await db.read(records.one, actor, "opportunity", opportunity_id, wanted))


@router.put(
    "/{opportunity_id}", response_model=OpportunityOut, responses=documented(400, 403, 404, 409, 412, 422)
)
@router.patch(
    "/{opportunity_id}", response_model=OpportunityOut, responses=documented(400, 403, 404, 409, 412, 422)
)
async def update_opportunity(
    opportunity_id: UUID, body: OpportunityPatch, write: Write, if_match: IfMatch
) -> Response:
    """Change just the fields sent."""
    return await write.record(service.update, opportunity_id=opportunity_id, data=body, if_match=if_match)


@router.delete("/{opportunity_id}", status_code=204, responses=documented(400, 403, 404, 409, 412, 422))
async def delete_opportunity(
    opportunity_id: UUID, write: Write, if_match: IfMatch, hard: Hard = False
) -> Response:
    """Delete softly: it can be restored. What is deleted `hard` never comes back."""
    if hard:
        return await write.nothing(
            erasing.erase, kind="opportunity", record_id=opportunity_id, if_match=if_match
        )
    return await write.nothing(service.archive, opportunity_id=opportunity_id, if_match=if_match)


@router.post(
    "/{opportunity_id}/restore", response_model=OpportunityOut, responses=documented(403, 404, 409, 422)
)
async def restore_opportunity(opportunity_id: UUID, write: Write) -> Response:
    """Take a deletion back."""
    return await write.record(service.restore, opportunity_id=opportunity_id)


@router.post(
    "/{opportunity_id}/close",
    response_model=OpportunityOut,
    responses=documented(400, 403, 404, 409, 412, 422),
)
async def close_opportunity(opportunity_id: UUID, body: Close, write: Write, if_match: IfMatch) -> Response:
    """Win or lose a deal; a loss needs its reason."""
    return await write.record(service.close, opportunity_id=opportunity_id, data=body, if_match=if_match)


@router.post(
    "/{opportunity_id}/reopen",
    response_model=OpportunityOut,
    responses=documented(400, 403, 404, 409, 412, 422),
)
async def reopen_opportunity(opportunity_id: UUID, write: Write, if_match: IfMatch) -> Response:
    """Bring a closed deal back to the stage it was in."""
    return await write.record(service.reopen, opportunity_id=opportunity_id, if_match=if_match)


add_bulk(
    router,
    Verbs(
        "opportunity",
        OpportunityIn,
        OpportunityPatch,
        service.create,
        service.update,
        service.archive,
        number="OPP",
    ),
    OpportunityOut,
)


@of_account_router.get(
    "/opportunities",
    response_model=Page[OpportunityOut],
    openapi_extra=listed(CATALOGUE),
    responses=documented(400, 404, 422),
)
async def list_opportunities_of_account(
    account_id: UUID, db: Db, actor: CurrentActor, query: Annotated[Query, listing("opportunity")]
) -> Response:
    """The opportunities of one account; takes what the list of opportunities takes."""
    return json_answer(await db.read(records.page_of, actor, "opportunity", query, "account", account_id))
