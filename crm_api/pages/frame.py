"""What every page has around it: the navigation, the bell, the toast of what was just done, and the sheets.

page(request, db, visitor, "leads.html", …)     a whole page, out of a template that extends frame.html
sheet(request, db, visitor, "forms/x.html", …)  a form: alone in the dialogue for htmx, else a page of its own
act(db, visitor, "Archived Acme", verb, …)      do something, and know which change set undoes it
go_on(request, "/crm/leads", done)              go there afterwards; the page says what was done, with Undo
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlencode, urlsplit, urlunsplit
from uuid import UUID

from fastapi import Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from pydantic import BaseModel, ValidationError

from crm_api.access import Actor, require_create
from crm_api.conditions import records
from crm_api.core import clock, context
from crm_api.core.database import Database
from crm_api.core.errors import NotAllowed, NotFound
from crm_api.core.problems import from_validation
from crm_api.dependencies import Visitor
from crm_api.notifications import service as notifications
from crm_api.pages import navigation
from crm_api.pages.headers import PAGE_HEADERS
from crm_api.pages.templating import is_fragment, is_script, render

B = TypeVar("B", bound=BaseModel)
DONE = "done"  # the query parameter that names the change set just made


@dataclass(frozen=True, slots=True)
class Toast:
    """One sentence about what was done. `undo` is the change set that an Undo button takes back."""

    text: str
    undo: UUID | None = None

    def told(self) -> dict[str, str | None]:
        """As the browser's script reads it."""
        return {"text": self.text, "undo": str(self.undo) if self.undo else None}


@dataclass(frozen=True, slots=True)
class Done:
    """What a verb returned, and the toast about it."""

    result: Any
    toast: Toast


async def page(
    request: Request, db: Database, visitor: Visitor, template: str, *, status: int = 200, **values: Any
) -> Response:
    """A whole page. `may` tells the template what this person's role may make: `may("lead")`."""
    unread, toast = await db.read(_around, visitor, _id(request.query_params.get(DONE)))
    return render(
        request, template, visitor=visitor, status=status, unread=unread, toast=toast,
        sections=navigation.sections(visitor, request.url.path), tabs=navigation.tabs(visitor, request.url.path),
        may=lambda kind: may_make(visitor.actor, kind), **values,
    )  # fmt: skip


async def sheet(
    request: Request,
    db: Database,
    visitor: Visitor,
    template: str,
    *,
    title: str,
    status: int = 200,
    **values: Any,
) -> Response:
    """A form: what htmx puts into the open dialogue, or a page of its own for everybody else."""
    if is_fragment(request):
        return render(request, "sheet.html", visitor=visitor, status=status, sheet=template, title=title,
                      alone=True, **values)  # fmt: skip
    return await page(
        request, db, visitor, "sheet_page.html", status=status, sheet=template, title=title, alone=False, **values
    )  # fmt: skip


def _around(session: Any, visitor: Visitor, done: UUID | None) -> tuple[int, Toast | None]:
    actor = visitor.actor
    off = "notifications" in visitor.off
    unread = 0 if off else notifications.unread(session, actor)["unread"]
    return unread, _toast(session, actor, done) if done else None


def _toast(session: Any, actor: Actor, change_set_id: UUID) -> Toast | None:
    try:
        made = records.one(session, actor, "change_set", change_set_id)
    except NotFound:
        return None
    again = made["reverted_by_id"] is None and made["actor_id"] == actor.user_id
    return Toast(said(made["label"]), change_set_id if again else None)


def said(label: str) -> str:
    """What a change set is called, as a toast says it."""
    return f"Undone: {label.removeprefix('Revert of: ')}" if label.startswith("Revert of: ") else label


def may_make(actor: Actor, kind: str) -> bool:
    """Whether this person's role may make records of a kind: where not, no button for it is shown."""
    try:
        require_create(actor, kind)
    except NotAllowed:
        return False
    return True


def checked(body: type[B], **values: Any) -> B:
    """A body out of what a form gave; raises Invalid naming each field at fault."""
    try:
        return body.model_validate(values)
    except ValidationError as error:
        raise from_validation(error.errors()) from error


async def act(db: Database, visitor: Visitor, label: str, verb: Callable[..., Any], **given: Any) -> Done:
    """Run a verb of a service for the visitor in one transaction; `label` is what the toast and the trail say.

    Raises whatever the verb raises.
    """

    def work(session: Any) -> tuple[Any, UUID | None]:
        result = verb(session, visitor.actor, **given)
        session.flush()
        return result, session.info.get("change_set")

    with context.working(label=label[:500]):
        result, change_set = await db.write(work)
    return Done(result, Toast(label, change_set))


def go_on(request: Request, address: str, done: Done | None = None) -> Response:
    """After something was done: on to a page, so that reloading does not do it again."""
    if done is not None and done.toast.undo is not None:
        address = with_parameter(address, DONE, str(done.toast.undo))
    if is_script(request):
        return JSONResponse({"address": address, "at": clock.now().isoformat()}, headers=PAGE_HEADERS)
    if is_fragment(request):
        return Response(status_code=204, headers={**PAGE_HEADERS, "HX-Redirect": address})
    return RedirectResponse(address, 303, PAGE_HEADERS)


def with_toast(response: Response, toast: Toast) -> Response:
    """Let the browser's script show a toast beside what was swapped in."""
    response.headers["HX-Trigger"] = json.dumps({"toast": toast.told()})
    return response


def with_parameter(address: str, name: str, value: str) -> str:
    """An address of this site with one more parameter; `#part` stays last."""
    parts = urlsplit(address)
    query = "&".join(part for part in (parts.query, urlencode({name: value})) if part)
    return urlunsplit(parts._replace(query=query))


def _id(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None
