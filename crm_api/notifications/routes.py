"""/api/v1/crm/notifications"""

from typing import Annotated
from uuid import UUID

from fastapi import Response

from crm_api.conditions import records
from crm_api.conditions.dependencies import listed, listing, showing, shown
from crm_api.conditions.filters import Query, Wanted
from crm_api.core.listing import Page
from crm_api.core.problems import documented
from crm_api.core.routing import Router
from crm_api.dependencies import CurrentActor, Db, json_answer, record_answer
from crm_api.notifications import service
from crm_api.notifications.catalogue import CATALOGUE
from crm_api.notifications.schemas import (
    Marked,
    NotificationOut,
    Preferences,
    PreferencesPatch,
    ReadAll,
    Unread,
)
from crm_api.writes.dependencies import Write

router = Router(prefix="/api/v1/crm/notifications", tags=["notifications"])


@router.get(
    "",
    response_model=Page[NotificationOut],
    openapi_extra=listed(CATALOGUE),
    responses=documented(400, 422),
)
async def list_notifications(
    db: Db, actor: CurrentActor, query: Annotated[Query, listing("notification")]
) -> Response:
    """Your notifications, newest first; `is_read=false` for those you have not looked at."""
    return json_answer(await db.read(records.page, actor, "notification", query))


@router.get("/unread", response_model=Unread)
async def count_unread(db: Db, actor: CurrentActor) -> Response:
    """How many you have not looked at."""
    return json_answer(await db.read(service.unread, actor))


@router.get("/preferences", response_model=Preferences)
async def read_preferences(db: Db, actor: CurrentActor) -> Response:
    """How each type reaches you."""
    return json_answer(await db.read(service.preferences, actor))


@router.put("/preferences", response_model=Preferences, responses=documented(400, 403, 422))
@router.patch("/preferences", response_model=Preferences, responses=documented(400, 403, 422))
async def update_preferences(body: PreferencesPatch, write: Write) -> Response:
    """Choose how types reach you."""
    return await write.answer(service.choose, data=body)


@router.post("/read-all", response_model=Marked, responses=documented(400, 409, 422))
async def mark_all_read(body: ReadAll, write: Write) -> Response:
    """Tick off all, those of one type, or those of one record."""
    return await write.answer(service.mark_all, data=body)


@router.get(
    "/{notification_id}",
    response_model=NotificationOut,
    openapi_extra=shown(CATALOGUE),
    responses=documented(400, 404, 422),
)
async def read_notification(
    notification_id: UUID, db: Db, actor: CurrentActor, wanted: Annotated[Wanted, showing("notification")]
) -> Response:
    """One notification; reading it here does not tick it off."""
    return record_answer(await db.read(records.one, actor, "notification", notification_id, wanted))


@router.post(
    "/{notification_id}/read", response_model=NotificationOut, responses=documented(400, 404, 409, 422)
)
async def mark_read(notification_id: UUID, write: Write) -> Response:
    """Tick one off."""
    return await write.record(service.mark, notification_id=notification_id, read=True)


@router.post(
    "/{notification_id}/unread", response_model=NotificationOut, responses=documented(400, 404, 409, 422)
)
async def mark_unread(notification_id: UUID, write: Write) -> Response:
    """Put one back among those you have not looked at."""
    return await write.record(service.mark, notification_id=notification_id, read=False)
