"""/api/v1/crm/leads"""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Response

from crm_api.conditions import records
from crm_api.conditions.dependencies import SearchBody, listed, listing, showing, shown
from crm_api.conditions.filters import Query, Wanted
from crm_api.core.listing import Page
from crm_api.core.problems import documented
from crm_api.core.routing import Router
from crm_api.dependencies import CurrentActor, Db, IfMatch, json_answer, record_answer
from crm_api.leads import board, conversion, progress, queries, service
from crm_api.leads.catalogue import CATALOGUE
from crm_api.leads.schemas import (
    BulkAssign,
    BulkStatus,
    Convert,
    LeadIn,
    LeadKanban,
    LeadMade,
    LeadOut,
    LeadPatch,
    LeadsChanged,
    MarkLost,
    MoveStage,
    Qualify,
)
from crm_api.opportunities import history
from crm_api.opportunities.schemas import StageHistory
from crm_api.pipelines.board import Asked, asking, described
from crm_api.writes import erasing
from crm_api.writes.bulk import Verbs
from crm_api.writes.dependencies import Write
from crm_api.writes.duplicates import OnDuplicate
from crm_api.writes.erasing import Hard
from crm_api.writes.resources import add_bulk

router = Router(prefix="/api/v1/crm/leads", tags=["leads"])


@router.get("", response_model=Page[LeadOut], openapi_extra=listed(CATALOGUE), responses=documented(400, 422))
async def list_leads(db: Db, actor: CurrentActor, query: Annotated[Query, listing("lead")]) -> Response:
    """Leads that match, a page at a time."""
    return json_answer(await db.read(records.page, actor, "lead", query))


@router.post("/search", response_model=Page[LeadOut], responses=documented(400, 422))
async def search_leads(body: SearchBody, db: Db, actor: CurrentActor) -> Response:
    """Leads for which a condition tree holds."""
    return json_answer(await db.read(records.page, actor, "lead", body.query()))


@router.post("", status_code=201, response_model=LeadMade, responses=documented(403, 409, 422))
async def create_lead(
    body: LeadIn,
    write: Write,
    on_duplicate: OnDuplicate = "report",
) -> Response:
    """Make a lead; the answer tells which records it probably is already."""
    made = {"data": body, "on_duplicate": on_duplicate, "wanted": write.wanted}
    return await write.answer(service.make, status=201, **made)


@router.get(
    "/kanban",
    response_model=LeadKanban,
    openapi_extra=described(CATALOGUE),
    responses=documented(400, 404, 422),
)
async def lead_kanban(db: Db, actor: CurrentActor, asked: Annotated[Asked, asking("lead")]) -> Response:
    """A pipeline by stage: how many leads, what they may be worth, and the first cards of each column."""
    return json_answer(await db.read(board.read, actor, asked))


@router.get(
    "/follow-ups/today",
    response_model=Page[LeadOut],
    openapi_extra=listed(CATALOGUE),
    responses=documented(400, 422),
)
async def leads_to_follow_up_today(
    db: Db, actor: CurrentActor, query: Annotated[Query, listing("lead")]
) -> Response:
    """Leads to be followed up by the end of today, overdue ones first."""
    return json_answer(await db.read(records.page, actor, "lead", queries.due_today(actor, query)))


@router.get(
    "/number/{number}",
    response_model=LeadOut,
    openapi_extra=shown(CATALOGUE),
    responses=documented(400, 404, 422),
)
async def read_lead_by_number(
    number: Annotated[str, Path(max_length=40)],
    db: Db,
    actor: CurrentActor,
    wanted: Annotated[Wanted, showing("lead")],
) -> Response:
    """The lead of this number."""
    return record_answer(await db.read(records.by, actor, "lead", "number", number, wanted))


@router.post("/bulk/status", response_model=LeadsChanged, responses=documented(403, 404, 409, 422))
async def set_status_of_leads(body: BulkStatus, write: Write) -> Response:
    """Give many leads one status; all or none."""
    return await write.answer(progress.set_status, data=body)


@router.post("/bulk/assign", response_model=LeadsChanged, responses=documented(403, 404, 409, 422))
async def assign_leads(body: BulkAssign, write: Write) -> Response:
    """Give many leads to one person; all or none."""
    return await write.answer(progress.assign, data=body)


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


@router.get("/{lead_id}/stage-history", response_model=StageHistory, responses=documented(404, 422))
async def lead_stage_history(lead_id: UUID, db: Db, actor: CurrentActor) -> Response:
    """The stages a lead has been in, oldest first, with the time in each."""
    return json_answer(await db.read(history.of, actor, "lead", lead_id))


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


@router.post("/{lead_id}/qualify", response_model=LeadOut, responses=documented(403, 404, 409, 412, 422))
async def qualify_lead(lead_id: UUID, body: Qualify, write: Write, if_match: IfMatch) -> Response:
    """Note what came of looking closer."""
    return await write.record(progress.qualify, lead_id=lead_id, data=body, if_match=if_match)


@router.post("/{lead_id}/move-stage", response_model=LeadOut, responses=documented(403, 404, 409, 412, 422))
async def move_lead(lead_id: UUID, body: MoveStage, write: Write, if_match: IfMatch) -> Response:
    """Put the card into another stage; a won one converts the lead."""
    return await write.record(progress.move_stage, lead_id=lead_id, data=body, if_match=if_match)


@router.post("/{lead_id}/mark-lost", response_model=LeadOut, responses=documented(403, 404, 409, 412, 422))
async def mark_lead_lost(
    lead_id: UUID, write: Write, if_match: IfMatch, body: MarkLost | None = None
) -> Response:
    """Give the lead up, with the reason if there is one."""
    data = body or MarkLost()
    return await write.record(progress.mark_lost, lead_id=lead_id, data=data, if_match=if_match)


@router.post("/{lead_id}/convert", response_model=LeadOut, responses=documented(403, 404, 409, 412, 422))
async def convert_lead(
    lead_id: UUID, write: Write, if_match: IfMatch, body: Convert | None = None
) -> Response:
    """Make of the lead what it became: an account, its contact, a deal if asked; then it is read-only."""
    data = body or Convert()
    return await write.record(conversion.by_id, lead_id=lead_id, data=data, if_match=if_match)


add_bulk(
    router,
    Verbs("lead", LeadIn, LeadPatch, service.create, service.update, service.archive, number="LEAD"),
    LeadOut,
)
