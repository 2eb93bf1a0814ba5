"""The bell: what concerns somebody, newest first, each leading to its record."""

from dataclasses import replace
from typing import Annotated, Any
from uuid import UUID

from fastapi import Form, Query, Request, Response

from crm_api.access import Actor
from crm_api.conditions import filters, records
from crm_api.core.database import Database
from crm_api.core.listing import Window
from crm_api.core.routing import Router
from crm_api.dependencies import Db
from crm_api.notifications import service
from crm_api.notifications.schemas import ReadAll
from crm_api.pages import frame
from crm_api.pages.errors import PageRoute
from crm_api.pages.kinds import address_of
from crm_api.pages.session import Signed, Trusted, local_path
from crm_api.pages.templating import is_fragment, render

router = Router(include_in_schema=False, route_class=PageRoute)
AT_ONCE, IN_THE_BELL = 30, 8
ICONS = {
    "assignment": "user-plus", "stage_change": "arrow-right", "reminder": "clock", "follow_up": "calendar-clock",
    "mention": "message-square", "approval": "circle-check", "visit_plan": "route",
}  # fmt: skip


@router.get("/notifications")
async def show_notices(
    request: Request, db: Db, visitor: Signed, cursor: Annotated[str | None, Query(max_length=500)] = None
) -> Response:
    """All of them a page at a time; the newest few for the bell."""
    bell = is_fragment(request) and cursor is None
    notices = await read(db, visitor.actor, IN_THE_BELL if bell else AT_ONCE, cursor)
    if is_fragment(request):
        return render(request, "partials/notices.html", visitor=visitor, notices=notices, bell=bell)
    return await frame.page(request, db, visitor, "notices.html", notices=notices, bell=False)


@router.post("/notifications/read")
async def read_all(
    request: Request, db: Db, visitor: Trusted, back: Annotated[str, Form(max_length=2000)] = "/notifications"
) -> Response:
    """Tick all off."""
    await db.write(service.mark_all, visitor.actor, data=ReadAll())
    return frame.go_on(request, local_path(back))


@router.post("/notifications/{notification_id}/open")
async def open_notice(request: Request, db: Db, visitor: Trusted, notification_id: UUID) -> Response:
    """Tick one off, and go to what it is about."""
    told = await db.read(records.one, visitor.actor, "notification", notification_id)
    await db.write(service.mark, visitor.actor, notification_id=notification_id, read=True)
    return frame.go_on(request, address_of(told["kind"], told["record_id"]) or "/notifications")


async def read(db: Database, actor: Actor, most: int, cursor: str | None) -> dict[str, Any]:
    """A page of somebody's notifications, each with its icon."""
    query = filters.Query(sort=("-at",), window=Window(page_size=most, count="none"))
    if cursor is not None:
        query = replace(query, window=Window(page_size=most, count="none", cursor=cursor))
    page = await db.read(records.page, actor, "notification", query)
    return {**page, "items": [item | {"icon": ICONS.get(item["type"], "bell")} for item in page["items"]]}
