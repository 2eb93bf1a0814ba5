"""Undo: take a change set back, and return to where one was."""

from typing import Annotated
from uuid import UUID

from fastapi import Form, Request, Response

from crm_api.changes import service as changes
from crm_api.core.routing import Router
from crm_api.dependencies import Db
from crm_api.pages import frame
from crm_api.pages.errors import PageRoute
from crm_api.pages.session import Trusted, local_path

router = Router(include_in_schema=False, route_class=PageRoute)


@router.post("/undo/{change_set_id}")
async def undo(
    request: Request,
    db: Db,
    visitor: Trusted,
    change_set_id: UUID,
    back: Annotated[str, Form(max_length=2000)] = "/",
) -> Response:
    """Undo one change set, all or nothing. The undoing can be undone too."""
    done = await frame.act(db, visitor, "Undo", changes.revert, change_set_id=change_set_id)
    undone = frame.Done(done.result, frame.Toast("Undone", done.result["id"]))
    return frame.go_on(request, local_path(back), undone)
