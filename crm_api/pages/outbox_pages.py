"""The outbox as a page: every mail that Rounds sends, by where it stands, with what a person may do about it."""

from typing import Annotated

from fastapi import Form, Query, Request, Response

from crm_api.core.errors import NotFound
from crm_api.core.routing import Router
from crm_api.dependencies import Db
from crm_api.outbox import service
from crm_api.pages import frame, outbox
from crm_api.pages.errors import PageRoute
from crm_api.pages.outbox import SHELVES
from crm_api.pages.session import Signed, Trusted

router = Router(include_in_schema=False, route_class=PageRoute)


@router.get("/outbox")
async def show_outbox(
    request: Request,
    db: Db,
    visitor: Signed,
    show: Annotated[str, Query(max_length=20)] = "",
    cursor: Annotated[str | None, Query(max_length=500)] = None,
) -> Response:
    """The mails of one sort, a page at a time; those that need somebody first, where there are any."""
    if "followups" in visitor.off:
        raise NotFound("This part is switched off here; an administrator can switch it on.")
    counts = await outbox.counts(db, visitor.actor)
    chosen = show if show in SHELVES else "attention" if counts["attention"] else "leaving"
    shelf = await outbox.shelf(db, visitor.actor, chosen, cursor)
    return await frame.page(
        request, db, visitor, "outbox.html", shelf=shelf, shelves=SHELVES, counts=counts, chosen=chosen,
        paused=await db.read(service.is_paused),
    )  # fmt: skip


@router.post("/outbox/pause")
async def pause(
    request: Request, db: Db, visitor: Trusted, paused: Annotated[bool, Form()] = True
) -> Response:
    """Hold all sending, or let it go on: for administrators."""
    label = "Paused all sending" if paused else "Sending goes on"
    done = await frame.act(db, visitor, label, service.pause, paused=paused)
    return frame.go_on(request, "/outbox", done)
