"""Today: what waits for somebody, by role, each line with the one tap that settles it.

A rep sees mails that came in, what is due, meetings, leads to follow up and deals without a next step; field staff what
is due beside their visits; who leads a team, or only reads, what changed since the week began.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from crm_api.access import Actor
from crm_api.conditions import filters, records
from crm_api.core.fields import CATALOGUES
from crm_api.core.listing import Window
from crm_api.pages.kinds import BY_KEY, Kind, label_of

SHOWN = 6
_OPEN = ("status__in", "scheduled,in_progress")
_MINE = ("owner_id", "me")
_DUE = ("due_at__lt", "today+1d")
_OPEN_LEADS = ("status__in", "new,contacted,callback,qualified,proposal,negotiation")
SINCE = "this_week"


@dataclass(frozen=True, slots=True)
class Ask:
    """A section to be read: its name, the list behind it, and what its lines offer: done, step, or nothing."""

    name: str
    icon: str
    key: str
    pairs: tuple[tuple[str, str], ...]
    sort: str
    empty: str
    offers: str = ""
    expand: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that waits. `phone` is there to be called, `value` and `currency` where it is worth something."""

    id: Any
    label: str
    about: str
    address: str
    at: datetime | None
    late: bool
    phone: str | None = None
    value: float | None = None
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """The first lines of a list, how many there are, and the list itself."""

    ask: Ask
    kind: Kind
    lines: list[Line]
    total: int
    address: str


@dataclass(frozen=True, slots=True)
class Figure:
    """Something counted, and the list of what was counted."""

    name: str
    count: int
    address: str


DUE = Ask("Calls and tasks due", "list-checks", "activities",
          (("activity_type__in", "task,call,email,other"), _OPEN, _MINE, _DUE), "due_at",
          "Nothing is due. A good moment to plan ahead.", "done", ("account", "lead"))  # fmt: skip
MEETINGS = Ask("Meetings today", "calendar", "activities",
               (("activity_type__in", "meeting,video_call"), _OPEN, _MINE, ("due_at__gte", "today"), _DUE), "due_at",
               "", "done", ("account",))  # fmt: skip
REPLIES = Ask("Mails that came in", "mail", "activities",
              (("activity_type", "email"), ("direction", "inbound"), _MINE, ("occurred_at__gte", "today-7d")),
              "-occurred_at", "", "", ("account", "lead", "contact"))  # fmt: skip
FOLLOW_UPS = Ask("Leads to follow up", "target", "leads",
                 (_OPEN_LEADS, _MINE, ("next_follow_up_date__lt", "today+1d")), "next_follow_up_date",
                 "", "call")  # fmt: skip
NO_STEP = Ask("Deals without a next step", "square-kanban", "opportunities",
              (_MINE, ("without_next_step", "true")), "-estimated_value", "", "step", ("account",))  # fmt: skip
NO_STEP_OF_ALL = Ask("Deals without a next step", "square-kanban", "opportunities",
                     (("without_next_step", "true"),), "-estimated_value", "", "step", ("account",))  # fmt: skip
LATE_OF_ALL = Ask("Overdue in the team", "clock", "activities", (_OPEN, ("due_at__lt", "today")), "due_at",
                  "Nothing is overdue.", "done", ("owner", "account"))  # fmt: skip

SECTIONS: Mapping[str, Sequence[Ask]] = {
    "rep": (DUE, REPLIES, MEETINGS, FOLLOW_UPS, NO_STEP),
    "field": (DUE, MEETINGS),
    "manager": (DUE, MEETINGS, LATE_OF_ALL, NO_STEP_OF_ALL),
    "administrator": (DUE, MEETINGS, LATE_OF_ALL, NO_STEP_OF_ALL),
    "viewer": (),
}
CHANGED: Sequence[tuple[str, str, tuple[tuple[str, str], ...]]] = (
    ("New leads", "leads", (("created_at__gte", SINCE),)),
    ("Leads converted", "leads", (("converted_at__gte", SINCE),)),
    ("Deals begun", "opportunities", (("created_at__gte", SINCE),)),
    ("Deals moved on", "opportunities", (("stage_entered_at__gte", SINCE),)),
    ("Deals won", "opportunities", (("stage", "closed_won"), ("actual_close_date__gte", SINCE))),
    ("Deals lost", "opportunities", (("stage", "closed_lost"), ("actual_close_date__gte", SINCE))),
    ("Calls and visits", "activities", (("activity_type__in", "call,visit"), ("occurred_at__gte", SINCE),
                                        ("status", "completed"))),
)  # fmt: skip
LEADS_A_TEAM = ("manager", "administrator", "viewer")


def read(session: Any, actor: Actor) -> list[Section]:
    """What waits for this person; sections without a line and without a word about that are left out."""
    made = [_section(session, actor, ask) for ask in SECTIONS.get(actor.role, ())]
    return [section for section in made if section.lines or section.ask.empty]


def changed(session: Any, actor: Actor) -> list[Figure]:
    """What changed since the week began, of what this person sees; nothing for who is on the road or at the phone."""
    if actor.role not in LEADS_A_TEAM:
        return []
    return [
        Figure(name, _number(session, actor, BY_KEY[key], pairs), _address(BY_KEY[key], pairs))
        for name, key, pairs in CHANGED
    ]


def _number(session: Any, actor: Actor, kind: Kind, pairs: Sequence[tuple[str, str]]) -> int:
    return records.total(session, actor, kind.name, filters.from_parameters(CATALOGUES[kind.name], pairs))[0]


def _section(session: Any, actor: Actor, ask: Ask) -> Section:
    kind = BY_KEY[ask.key]
    page = _page(session, actor, kind, ask.pairs, sort=ask.sort, expand=ask.expand)
    lines = [_line(kind, item) for item in page["items"]]
    return Section(ask, kind, lines, page["total"], _address(kind, (*ask.pairs, ("sort", ask.sort))))


def _page(
    session: Any,
    actor: Actor,
    kind: Kind,
    pairs: Sequence[tuple[str, str]],
    *,
    most: int = SHOWN,
    sort: str = "",
    expand: tuple[str, ...] = (),
) -> dict[str, Any]:
    query = filters.from_parameters(CATALOGUES[kind.name], pairs)
    window = Window(page_size=most)
    asked = filters.Query(query.tree, sort=(sort,) if sort else (), window=window, expand=expand)
    return records.page(session, actor, kind.name, asked)


def _address(kind: Kind, pairs: Sequence[tuple[str, str]]) -> str:
    return f"{kind.path}?{urlencode(pairs)}"


def _line(kind: Kind, item: dict[str, Any]) -> Line:
    beside = [item[name]["label"] for name in ("owner", "account", "contact", "lead") if item.get(name)]
    at = item.get("due_at") or item.get("occurred_at") or item.get("next_follow_up_date")
    late = bool(item.get("is_overdue"))
    about = {
        "lead": item.get("contact_name") or item.get("city") or "",
        "opportunity": item.get("stage_name") or "",
    }.get(kind.name, "")
    return Line(
        item["id"], label_of(kind.name, item), " · ".join([*beside, *([about] if about else [])]),
        kind.address(item["id"]), at, late, item.get("phone"), item.get("estimated_value"), item.get("currency", ""),
    )  # fmt: skip
