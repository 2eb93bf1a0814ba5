"""/api/v1/users/{id}/handover"""

from typing import Any
from uuid import UUID

from fastapi import Request, Response
from sqlalchemy.orm import Session

from crm_api.core.problems import documented
from crm_api.core.routing import Router
from crm_api.dependencies import CurrentActor, Db, json_answer, state
from crm_api.handovers import flows, service
from crm_api.handovers.schemas import HandoverIn, HandoverOut, HandoverPlan, HandoverPreview
from crm_api.writes.dependencies import Write, response, told
from crm_api.writes.idempotency import Answer, Lease, finish

router = Router(prefix="/api/v1/users/{user_id}/handover", tags=["users"])


@router.get("", response_model=HandoverPreview, responses=documented(403, 404, 422))
async def preview_handover(user_id: UUID, db: Db, actor: CurrentActor) -> Response:
    """Everything a user owns, by kind and territory, and what else ends with them."""
    return json_answer(await db.read(service.preview, actor, user_id=user_id))


@router.post("/plan", response_model=HandoverPlan, responses=documented(403, 404, 422))
async def plan_handover(user_id: UUID, body: HandoverIn, db: Db, actor: CurrentActor) -> Response:
    """What a hand-over would move to whom. Changes nothing."""
    return json_answer(await db.read(service.plan, actor, user_id=user_id, data=body))


@router.post("", response_model=HandoverOut, responses=documented(400, 403, 404, 409, 422))
async def hand_over(request: Request, user_id: UUID, body: HandoverIn, write: Write) -> Response:
    """Give everything a user owns to those who follow them, and deactivate the user if you like."""
    if write.dry_run:
        return await write.answer(service.at_once, user_id=user_id, data=body)

    async def done(lease: Lease | None = None) -> Answer:
        def keep(session: Session, result: dict[str, Any]) -> None:
            if lease is not None:
                finish(session, lease, told(result, 200))

        result = await flows.hand_over(write.db, write.actor, user_id=user_id, data=body, keep=keep)
        return told(result, 200)

    answer = response(await done()) if write.key is None else await write.leased(done)
    state(request).actors.clear()
    state(request).keyholders.clear()
    return answer
