"""The outbox as the page shows it: what needs a person, what leaves next, what went out today."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from crm_api.access import Actor
from crm_api.conditions import records
from crm_api.conditions.filters import Query
from crm_api.conditions.tree import All, Any_, Comparison, Tree
from crm_api.core import clock
from crm_api.core.database import Database
from crm_api.core.listing import Window
from crm_api.outbox import service
from crm_api.outbox.schemas import MessageOut
from crm_api.outbox.state import WAITING, Status
from crm_api.pages import permits

SHOWN = 8
AHEAD = 14  # days: over a weekend and a holiday the next mails leave a week later
Verb = Callable[..., Any]
# What a person may do with a message: the words on the button, and the verb behind it.
ACTIONS: dict[str, tuple[str, Verb]] = {
    "mark-sent": ("It arrived", service.mark_sent),
    "retry": ("Send again", service.retry),
    "resume": ("Send now", service.resume),
    "discard": ("Don’t send", service.discard),
}
LETTERS = {
    "followup_first": "First follow-up", "followup_second": "Second follow-up", "after_visit": "Thanks for a visit",
}  # fmt: skip
WITH_REMARK = ("mark-sent", "discard")
STATUS_WORDS = {
    "planned": "planned", "queued": "waiting", "claimed": "leaving", "sending": "leaving", "sent": "sent",
    "unknown": "uncertain", "held": "held", "cancelled": "cancelled", "suppressed": "suppressed",
    "expired": "expired", "dead": "failed",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """One message: what it is called, where it stands, and what may be done about it."""

    message: MessageOut
    title: str
    state: str
    actions: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Messages of one sort; `total` counts those beyond the lines too."""

    lines: list[Line]
    total: int


@dataclass(frozen=True, slots=True)
class Outbox:
    """Everything the card needs. `leaving` are those that go until the end of tomorrow."""

    attention: Group
    leaving: Group
    sent_today: Group
    paused: bool

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to show."""
        return not (self.attention.total or self.leaving.total or self.sent_today.total)


async def outbox(db: Database, actor: Actor) -> Outbox:
    """What the actor may see of the outbox."""
    morning = datetime.combine(clock.today(actor.time_zone), time(), ZoneInfo(actor.time_zone))
    soon = Comparison(field="due_at", op="lt", value=morning + timedelta(days=AHEAD))
    sent = All(all=[_in(Status.SENT), Comparison(field="sent_at", op="gte", value=morning)])
    return Outbox(
        attention=await _group(db, actor, _attention(), "-created_at"),
        leaving=await _group(db, actor, All(all=[_underway(), soon]), "due_at"),
        sent_today=await _group(db, actor, sent, "-sent_at"),
        paused=await db.read(service.is_paused),
    )


def _attention() -> Tree:
    return Any_(any=[_is("is_uncertain", True), _in(Status.HELD, Status.DEAD)])


def _underway() -> Tree:
    # What the transport is still asked about is on its way; it needs a person only once that cannot tell.
    asked_about = All(all=[_in(Status.UNKNOWN), _is("is_uncertain", False)])
    return Any_(any=[_in(Status.PLANNED, Status.QUEUED, Status.CLAIMED, Status.SENDING), asked_about])


# ── The page of all of them ──────────────────────────────────────────────────────────────────────

AT_ONCE = 30
# The word in the address: what the shelf is called, its order, and what stands there when it is empty.
SHELVES = {
    "attention": (
        "To look at",
        "-created_at",
        "Nothing needs you. What fails, or may have failed, appears here.",
    ),
    "leaving": ("Leaving", "due_at", "No mail is waiting. What Rounds writes for you appears here first."),
    "sent": ("Sent", "-created_at", "Nothing was sent yet."),
    "stopped": (
        "Not sent",
        "-created_at",
        "Nothing was held back. Mails that were stopped, and why, appear here.",
    ),
}


@dataclass(frozen=True, slots=True)
class Shelf:
    """A page of mails of one sort, and where it goes on."""

    lines: list[Line]
    cursor: str | None


def _on(shelf: str) -> Tree:
    return {
        "attention": _attention(),
        "leaving": _underway(),
        "sent": _in(Status.SENT),
        "stopped": _in(Status.CANCELLED, Status.SUPPRESSED, Status.EXPIRED),
    }[shelf]


async def counts(db: Database, actor: Actor) -> dict[str, int]:
    """How many mails need somebody, and how many are on their way."""
    return {
        name: (await _group(db, actor, _on(name), "-created_at")).total for name in ("attention", "leaving")
    }


async def shelf(db: Database, actor: Actor, name: str, cursor: str | None) -> Shelf:
    """A page of one sort; raises BadRequest for a damaged cursor."""
    window = Window(page_size=AT_ONCE, count="exact", cursor=cursor)
    page = await db.read(
        records.page, actor, "message", Query(_on(name), sort=(SHELVES[name][1],), window=window)
    )
    lines = await db.read(_lines, actor, page["items"])
    return Shelf(lines, page["next_cursor"])


async def act(db: Database, actor: Actor, message_id: Any, action: str) -> None:
    """Do what a button says. Raises Conflict, NotAllowed, or NotFound; KeyError for no such action."""
    _, verb = ACTIONS[action]
    remark = {"remark": "on the page"} if action in WITH_REMARK else {}
    await db.write(_done, verb, actor, message_id, remark)


def _done(session: Any, verb: Verb, actor: Actor, message_id: Any, remark: dict[str, str]) -> None:
    verb(session, actor, message_id=message_id, **remark)


async def _group(db: Database, actor: Actor, tree: Tree, sort: str) -> Group:
    # An exact count: other than a capped one it allows every sort, and each of these groups is small.
    query = Query(tree=tree, sort=(sort,), window=Window(page_size=SHOWN, count="exact"))
    page = await db.read(records.page, actor, "message", query)
    lines = await db.read(_lines, actor, page["items"])
    return Group(lines, page["total"])


def _lines(session: Any, actor: Actor, items: list[dict[str, Any]]) -> list[Line]:
    messages = [MessageOut.model_validate(item) for item in items]
    # Who sees a mail because of whom it goes to does not yet decide about it: that is its sender's.
    return [
        _line(message, permits.may_change(session, actor, "message", {"owner_id": message.sender_id}))
        for message in messages
    ]


def _line(message: MessageOut, may_change: bool) -> Line:
    # A letter is written just before it leaves; until then it has no subject, only what it is for.
    purpose = message.template or message.purpose
    title = message.subject or LETTERS.get(purpose) or purpose.replace("_", " ").capitalize()
    names = _possible(message) if may_change else ()
    checked = message.status == Status.UNKNOWN and not message.is_uncertain
    state = "being checked" if checked else STATUS_WORDS[message.status]
    return Line(message, title, state, tuple((name, ACTIONS[name][0]) for name in names))


def _possible(message: MessageOut) -> tuple[str, ...]:
    """The actions that the state machine knows for a message in this state."""
    if message.is_uncertain:
        return ("mark-sent", "retry", "discard")
    return {Status.HELD: ("resume", "discard"), Status.DEAD: ("retry", "discard")}.get(
        Status(message.status), ("discard",) if message.status in WAITING else ()
    )


def _is(name: str, value: Any) -> Comparison:
    return Comparison(field=name, value=value)


def _in(*statuses: Status) -> Comparison:
    return Comparison(field="status", op="in", value=[status.value for status in statuses])
