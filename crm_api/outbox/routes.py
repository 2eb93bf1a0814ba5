"""/api/v1/crm/followups/outbox and /api/v1/crm/followups/suppressions"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response

from crm_api.conditions import records
from crm_api.conditions.dependencies import SearchBody, listed, listing, showing, shown
from crm_api.conditions.filters import Query, Wanted
from crm_api.core.listing import Page
from crm_api.core.problems import documented
from crm_api.dependencies import CurrentActor, Db, json_answer, record_answer
from crm_api.outbox import service
from crm_api.outbox.catalogue import CATALOGUE, SUPPRESSIONS
from crm_api.outbox.schemas import MessageOut, PauseIn, PauseOut, Remark, SuppressionIn, SuppressionOut

router = APIRouter(prefix="/api/v1/crm/followups/outbox", tags=["follow-ups"])
suppressions_router = APIRouter(prefix="/api/v1/crm/followups/suppressions", tags=["follow-ups"])


@router.get(
    "", response_model=Page[MessageOut], openapi_extra=listed(CATALOGUE), responses=documented(400, 422)
)
async def list_messages(db: Db, actor: CurrentActor, query: Annotated[Query, listing("message")]) -> Response:
    """Outgoing messages with their state and the reason why they wait; `is_uncertain=true` lists those
    that only a person can settle."""
    return json_answer(await db.read(records.page, actor, "message", query))


@router.post("/search", response_model=Page[MessageOut], responses=documented(400, 422))
async def search_messages(body: SearchBody, db: Db, actor: CurrentActor) -> Response:
    """Outgoing messages for which a condition tree holds."""
    return json_answer(await db.read(records.page, actor, "message", body.query()))


@router.get("/pause", response_model=PauseOut)
async def read_pause(db: Db, actor: CurrentActor) -> PauseOut:
    """Whether all sending rests."""
    return PauseOut(paused=await db.read(service.is_paused))


@router.put("/pause", response_model=PauseOut, responses=documented(403, 422))
async def change_pause(body: PauseIn, db: Db, actor: CurrentActor) -> PauseOut:
    """Stop all sending at the next claim, or let it go on."""
    return PauseOut(paused=await db.write(service.pause, actor, paused=body.paused))


@router.get(
    "/{message_id}",
    response_model=MessageOut,
    openapi_extra=shown(CATALOGUE),
    responses=documented(400, 404, 422),
)
async def read_message(
    message_id: UUID, db: Db, actor: CurrentActor, wanted: Annotated[Wanted, showing("message")]
) -> Response:
    """One message."""
    return record_answer(await db.read(records.one, actor, "message", message_id, wanted))


@router.post("/{message_id}/mark-sent", response_model=MessageOut, responses=documented(403, 404, 409, 422))
async def mark_sent(message_id: UUID, body: Remark, db: Db, actor: CurrentActor) -> Response:
    """An uncertain message did arrive; it joins the timeline."""
    change = db.write(records.written, actor, service.mark_sent, message_id=message_id, remark=body.remark)
    return record_answer(await change)


@router.post("/{message_id}/retry", response_model=MessageOut, responses=documented(403, 404, 409, 422))
async def retry(message_id: UUID, db: Db, actor: CurrentActor) -> Response:
    """Send an uncertain or dead message again, after one more final check."""
    return record_answer(await db.write(records.written, actor, service.retry, message_id=message_id))


@router.post("/{message_id}/resume", response_model=MessageOut, responses=documented(403, 404, 409, 422))
async def resume(message_id: UUID, db: Db, actor: CurrentActor) -> Response:
    """Let a held message go on."""
    return record_answer(await db.write(records.written, actor, service.resume, message_id=message_id))


@router.post("/{message_id}/discard", response_model=MessageOut, responses=documented(403, 404, 409, 422))
async def discard(message_id: UUID, body: Remark, db: Db, actor: CurrentActor) -> Response:
    """Give a message up that waits, is uncertain, or dead."""
    change = db.write(records.written, actor, service.discard, message_id=message_id, remark=body.remark)
    return record_answer(await change)


@suppressions_router.get(
    "",
    response_model=Page[SuppressionOut],
    openapi_extra=listed(SUPPRESSIONS),
    responses=documented(400, 422),
)
async def list_suppressions(
    db: Db, actor: CurrentActor, query: Annotated[Query, listing("suppression")]
) -> Response:
    """Addresses that get no automatic mail."""
    return json_answer(await db.read(records.page, actor, "suppression", query))


@suppressions_router.post("", status_code=201, response_model=SuppressionOut, responses=documented(403, 422))
async def suppress(body: SuppressionIn, db: Db, actor: CurrentActor) -> Response:
    """Keep an address out of all automatic mail, and take back what is on its way to it."""
    change = db.write(records.written, actor, service.suppress_by_hand, data=body)
    return record_answer(await change, 201)


@suppressions_router.delete("/{suppression_id}", status_code=204, responses=documented(403, 404, 422))
async def unsuppress(suppression_id: UUID, db: Db, actor: CurrentActor) -> None:
    """Let an address have mail again; for administrators."""
    await db.write(service.unsuppress, actor, suppression_id=suppression_id)
