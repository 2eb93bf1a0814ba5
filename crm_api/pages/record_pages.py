"""One record: its properties, what happened with it, what belongs to it, and what is to be done next."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import Form, Query, Request, Response

from crm_api.access import Actor
from crm_api.activities import service as activities
from crm_api.activities.schemas import ActivityIn, Completion
from crm_api.conditions import expansion, records
from crm_api.conditions.filters import Wanted
from crm_api.core.errors import Invalid, NotFound
from crm_api.core.fields import CATALOGUES, CUSTOM
from crm_api.core.routing import Router
from crm_api.dependencies import Db, Visitor
from crm_api.pages import fields, frame, maps, once, permits, relations, tiles, timelines
from crm_api.pages.errors import PageRoute
from crm_api.pages.kinds import KINDS, Kind, label_of
from crm_api.pages.session import Signed, Trusted, local_path
from crm_api.pages.templating import is_fragment, render

router = Router(include_in_schema=False, route_class=PageRoute)
Page = Callable[..., Awaitable[Response]]
Logged = Literal["note", "call", "meeting", "email", "visit", "task"]
# What the composer of a record offers: the word, the button, what is asked.
COMPOSED: tuple[tuple[Logged, str, str], ...] = (
    ("note", "Note", "What is worth knowing?"),
    ("call", "Call", "Who said what?"),
    ("meeting", "Meeting", "What was agreed?"),
    ("email", "E-mail", "What was written?"),
    ("task", "Task", "What is to be done?"),
)
LONGEST_SUBJECT = 120
NAMED = ("owner", "account", "contact", "parent", "territory", "lead", "opportunity", "reports_to")


@dataclass(frozen=True, slots=True)
class View:
    """Everything the page of one record shows."""

    kind: Kind
    item: dict[str, Any]
    label: str
    may: bool
    groups: list[tuple[str, list[fields.Shown]]]
    related: list[relations.Group]
    to_do: list[dict[str, Any]]
    stages: list[dict[str, Any]]
    timeline: timelines.Timeline

    @property
    def navigate(self) -> str | None:
        """The way to an account whose place is known."""
        latitude, longitude = self.item.get("latitude"), self.item.get("longitude")
        if self.kind.name != "account" or latitude is None or longitude is None:
            return None
        return maps.navigate(latitude, longitude)


def _page(kind: Kind) -> Page:
    async def show(
        request: Request,
        db: Db,
        visitor: Signed,
        record_id: UUID,
        only: Annotated[str, Query(max_length=20)] = "",
        cursor: Annotated[str | None, Query(max_length=500)] = None,
    ) -> Response:
        if only not in timelines.ONLY:
            raise NotFound("There is no such part of a timeline.")
        if is_fragment(request):
            shown = await db.read(timelines.read, visitor.actor, kind, record_id, only=only, cursor=cursor)
            return render(request, "partials/timeline.html", visitor=visitor, kind=kind, timeline=shown,
                          record_id=record_id, going_on=cursor is not None)  # fmt: skip
        view = await db.read(_view, visitor.actor, kind, record_id, only, cursor)
        return await _shown(request, db, visitor, view)

    return show


async def _shown(request: Request, db: Db, visitor: Visitor, view: View) -> Response:
    return await tiles.page(
        request, db, visitor, "record.html", view=view, kind=view.kind, item=view.item, may_change=view.may,
        timeline=view.timeline, record_id=view.item["id"], composed=COMPOSED, going_on=False,
        value_of=fields.value_of, currency_of=fields.currency_of, tones=fields.TONES,
    )  # fmt: skip


def _view(session: Any, actor: Actor, kind: Kind, record_id: UUID, only: str, cursor: str | None) -> View:
    item = _with_names(session, actor, kind, record_id)
    known = fields.shown(session, kind)
    groups = [(title, [known[name] for name in names if name in known]) for title, names in kind.groups]
    custom = [field for name, field in known.items() if name.startswith(f"{CUSTOM}.")]
    staged = kind.name in ("lead", "opportunity")
    return View(
        kind, item, label_of(kind.name, item), permits.may_change(session, actor, kind.name, item),
        groups + ([("More", custom)] if custom else []), relations.beside(session, actor, kind, item),
        [] if kind.name == "activity" else relations.to_do(session, actor, kind, record_id),
        relations.stages(session, actor, item) if staged else [],
        timelines.read(session, actor, kind, record_id, only=only, cursor=cursor),
    )  # fmt: skip


def _with_names(session: Any, actor: Actor, kind: Kind, record_id: UUID) -> dict[str, Any]:
    """A record with the names of all that it is linked to, three at a read as the answers allow."""
    able = expansion.choices(CATALOGUES[kind.name])
    names = [name for name in NAMED if name in able]
    first, rest = tuple(names[: expansion.MOST]), tuple(names[expansion.MOST :])
    item = records.one(session, actor, kind.name, record_id, Wanted((), first, aliases=False))
    if rest:
        more = records.one(session, actor, kind.name, record_id, Wanted(("id",), rest, aliases=False))
        item |= {name: more[name] for name in rest}
    if deal := item.get("opportunity"):
        # The label of a deal is its number, by which questions name it; people know it by its name.
        deal["label"] = records.one(session, actor, "opportunity", deal["id"])["name"]
    return item


# ── The composer ─────────────────────────────────────────────────────────────────────────────────


def _logging(kind: Kind) -> Page:
    async def log(
        request: Request,
        db: Db,
        visitor: Trusted,
        record_id: UUID,
        what: Annotated[Logged, Form()] = "note",
        text: Annotated[str, Form(max_length=50_000)] = "",
        due_at: Annotated[str, Form(max_length=40)] = "",
    ) -> Response:
        data = logged(visitor.actor, kind, record_id, what, text, due_at)
        label = {"note": "Noted", "task": "Added the task"}.get(
            what, f"Logged the {what.replace('email', 'e-mail')}"
        )

        async def work() -> str:
            done = await frame.act(db, visitor, f"{label}: {data.subject[:80]}", activities.create, data=data)
            return frame.after(kind.address(record_id), done)

        return await once.go_on_once(request, db, visitor, work)

    return log


def logged(actor: Actor, kind: Kind, record_id: UUID, what: Logged, text: str, due_at: str) -> ActivityIn:
    """The activity that a composer's text stands for: its first line is the subject. Raises Invalid without text."""
    lines = text.strip().splitlines()
    if not lines:
        raise Invalid.field("text", "write a line first")
    subject, rest = lines[0].strip(), "\n".join(lines[1:]).strip()
    if len(subject) > LONGEST_SUBJECT:
        subject, rest = f"{subject[:LONGEST_SUBJECT].rstrip()}…", text.strip()
    values: dict[str, Any] = {"activity_type": what, "subject": subject, f"{kind.name}_id": record_id}
    if rest:
        values["description"] = rest
    if what == "task" and due_at:
        values["due_at"] = local_instant(actor, due_at)
    return frame.checked(ActivityIn, **values)


def local_instant(actor: Actor, text: str) -> datetime:
    """The instant of a date and time as somebody typed it in their zone; raises Invalid."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(actor.time_zone)).astimezone(UTC)
    except ValueError as error:
        raise Invalid.field("due_at", "a day and a time") from error


@router.post("/crm/activities/{record_id}/complete")
async def complete(
    request: Request,
    db: Db,
    visitor: Trusted,
    record_id: UUID,
    outcome: Annotated[str, Form(max_length=50_000)] = "",
    back: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """Tick off what was to be done."""
    item = await db.read(records.one, visitor.actor, "activity", record_id)
    data = Completion(outcome=outcome.strip() or None) if outcome.strip() else Completion()
    done = await frame.act(
        db, visitor, f"Done: {item['subject'][:80]}", activities.complete, activity_id=record_id, data=data
    )
    return frame.go_on(request, local_path(back) if back else f"/crm/activities/{record_id}", done)


def registered(kinds: Mapping[str, Kind]) -> None:
    """Add the routes of each kind."""
    for kind in kinds.values():
        router.add_api_route(f"{kind.path}/{{record_id}}", _page(kind), methods=["GET"])
        if kind.name != "activity":
            router.add_api_route(f"{kind.path}/{{record_id}}/log", _logging(kind), methods=["POST"])


registered({kind.key: kind for kind in KINDS})
