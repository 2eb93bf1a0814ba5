"""/api/v1/crm/followups/outbox and /api/v1/crm/followups/suppressions"""

from typing import Annotated
from uuid import UUID

from fastapi import Response

from crm_api.conditions import records
from crm_api.conditions.dependencies import SearchBody, listed, listing, showing, shown
from crm_api.conditions.filters import Query, Wanted
from crm_api.core.listing import Page
from crm_api.core.problems import documented
from crm_api.core.routing import Router
from crm_api.dependencies import CurrentActor, Db, json_answer, record_answer
from crm_api.outbox import service
from crm_api.outbox.catalogue import CATALOGUE, SUPPRESSIONS
from crm_api.outbox.schemas import MessageOut, PauseIn, PauseOut, Remark, SuppressionIn, SuppressionOut
from crm_api.writes.dependencies import Write

router = Router(prefix="/api/v1/crm/followups/outbox", tags=["follow-ups"])
suppressions_router = Router(prefix="/api/v1/crm/followups/suppressions", tags=["follow-ups"])


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
async def change_pause(body: PauseIn, write: Write) -> Response:
    """Stop all sending at the next claim, or let it go on."""
    return await write.answer(service.pause, paused=body.paused)


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
async def mark_sent(message_id: UUID, body: Remark, write: Write) -> Response:
    """An uncertain message did arrive; it joins the timeline."""
    return await write.record(service.mark_sent, message_id=message_id, remark=body.remark)


@router.post("/{message_id}/retry", response_model=MessageOut, responses=documented(403, 404, 409, 422))
async def retry(message_id: UUID, write: Write) -> Response:
    """Send an uncertain or dead message again, after one more final check."""
    return await write.record(service.retry, message_id=message_id)


@router.post("/{message_id}/resume", response_model=MessageOut, responses=documented(403, 404, 409, 422))
async def resume(message_id: UUID, write: Write) -> Response:
    """Let a held message go on."""
    return await write.record(service.resume, message_id=message_id)


@router.post("/{message_id}/discard", response_model=MessageOut, responses=documented(403, 404, 409, 422))
async def discard(message_id: UUID, body: Remark, write: Write) -> Response:
    """Give a message up that waits, is uncertain, or dead."""
    return await write.record(service.discard, message_id=message_id, remark=body.remark)


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
async def suppress(body: SuppressionIn, write: Write) -> Response:
    """Keep an address out of all automatic mail, and take back what is on its way to it."""
    return await write.record(service.suppress_by_hand, data=body, status=201)


@suppressions_router.delete("/{suppression_id}", status_code=204, responses=documented(403, 404, 422))
async def unsuppress(suppression_id: UUID, write: Write) -> Response:
    """Let an address have mail again; for administrators."""
    return await write.nothing(service.unsuppress, suppression_id=suppression_id)
