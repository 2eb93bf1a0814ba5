"""/api/v1/crm/leads"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response

from crm_api.conditions import records
from crm_api.conditions.dependencies import SearchBody, listed, listing, showing, shown
from crm_api.conditions.filters import Query, Wanted
from crm_api.core.listing import Page
from crm_api.core.problems import documented
from crm_api.dependencies import CurrentActor, Db, IfMatch, json_answer, record_answer
from crm_api.leads import service
from crm_api.leads.catalogue import CATALOGUE
from crm_api.leads.schemas import LeadIn, LeadOut, LeadPatch
from crm_api.writes import erasing
from crm_api.writes.bulk import Verbs
from crm_api.writes.dependencies import Write
from crm_api.writes.erasing import Hard
from crm_api.writes.resources import add_bulk

router = APIRouter(prefix="/api/v1/crm/leads", tags=["leads"])


@router.get("", response_model=Page[LeadOut], openapi_extra=listed(CATALOGUE), responses=documented(400, 422))
async def list_leads(db: Db, actor: CurrentActor, query: Annotated[Query, listing("lead")]) -> Response:
    """Leads that match, a page at a time."""
    return json_answer(await db.read(records.page, actor, "lead", query))


@router.post("/search", response_model=Page[LeadOut], responses=documented(400, 422))
async def search_leads(body: SearchBody, db: Db, actor: CurrentActor) -> Response:
    """Leads for which a condition tree holds."""
    return json_answer(await db.read(records.page, actor, "lead", body.query()))


@router.post("", status_code=201, response_model=LeadOut, responses=documented(403, 409, 422))
async def create_lead(body: LeadIn, write: Write) -> Response:
    """Make a lead."""
    return await write.record(service.create, data=body, status=201)


@router.get(
    "/{lead_id}",
    response_model=LeadOut,
    openapi_extra=shown(CATALOGUE),
    responses=documented(400, 404, 422),
)
async def read_lead(
    lead_id: UUID, db: Db, actor: CurrentActor, wanted: Annotated[Wanted, showing("lead")]
) -> Response:
    """One lead."""
    return record_answer(await db.read(records.one, actor, "lead", lead_id, wanted))


@router.put("/{lead_id}", response_model=LeadOut, responses=documented(400, 403, 404, 409, 412, 422))
@router.patch("/{lead_id}", response_model=LeadOut, responses=documented(400, 403, 404, 409, 412, 422))
async def update_lead(lead_id: UUID, body: LeadPatch, write: Write, if_match: IfMatch) -> Response:
    """Change just the fields sent."""
    return await write.record(service.update, lead_id=lead_id, data=body, if_match=if_match)


@router.delete("/{lead_id}", status_code=204, responses=documented(400, 403, 404, 409, 412, 422))
async def delete_lead(lead_id: UUID, write: Write, if_match: IfMatch, hard: Hard = False) -> Response:
    """Delete softly: it can be restored. What is deleted `hard` never comes back."""
    if hard:
        return await write.nothing(erasing.erase, kind="lead", record_id=lead_id, if_match=if_match)
    return await write.nothing(service.archive, lead_id=lead_id, if_match=if_match)


@router.post("/{lead_id}/restore", response_model=LeadOut, responses=documented(403, 404, 409, 422))
async def restore_lead(lead_id: UUID, write: Write) -> Response:
    """Take a deletion back."""
    return await write.record(service.restore, lead_id=lead_id)


add_bulk(
    router,
    Verbs("lead", LeadIn, LeadPatch, service.create, service.update, service.archive, number="LEAD"),
    LeadOut,
)
