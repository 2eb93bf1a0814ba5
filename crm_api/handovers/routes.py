"""/api/v1/users/{id}/handover"""

from uuid import UUID

from fastapi import APIRouter, Request, Response

from crm_api.core.problems import documented
from crm_api.dependencies import CurrentActor, Db, json_answer, state
from crm_api.handovers import flows, service
from crm_api.handovers.schemas import HandoverIn, HandoverOut, HandoverPlan, HandoverPreview

router = APIRouter(prefix="/api/v1/users/{user_id}/handover", tags=["users"])


@router.get("", response_model=HandoverPreview, responses=documented(403, 404, 422))
async def preview_handover(user_id: UUID, db: Db, actor: CurrentActor) -> Response:
    """Everything a user owns, by kind and territory, and what else ends with them."""
    return json_answer(await db.read(service.preview, actor, user_id=user_id))


@router.post("/plan", response_model=HandoverPlan, responses=documented(403, 404, 422))
async def plan_handover(user_id: UUID, body: HandoverIn, db: Db, actor: CurrentActor) -> Response:
    """What a hand-over would move to whom. Changes nothing."""
    return json_answer(await db.read(service.plan, actor, user_id=user_id, data=body))


@router.post("", response_model=HandoverOut, responses=documented(403, 404, 409, 422))
async def hand_over(
    request: Request, user_id: UUID, body: HandoverIn, db: Db, actor: CurrentActor
) -> Response:
    """Give everything a user owns to those who follow them, and deactivate the user if you like."""
    answer = await flows.hand_over(db, actor, user_id=user_id, data=body)
    state(request).actors.clear()
    state(request).keyholders.clear()
    return json_answer(answer)
