"""What happened with a record, newest first and day by day: what people did, what moved, what was changed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from crm_api.access import Actor
from crm_api.activities import timeline
from crm_api.changes import service as changes
from crm_api.conditions import filters, records
from crm_api.conditions.tree import All, Comparison
from crm_api.core.fields import CATALOGUES
from crm_api.core.listing import Window
from crm_api.pages import fields
from crm_api.pages.formats import phrase
from crm_api.pages.kinds import Kind, address_of

AT_ONCE = 30
# What may be shown alone: the word in the address, the words on the button, the types of line.
ONLY: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "": ("All", ()),
    "call": ("Calls", ("call",)),
    "email": ("E-mails", ("email", "chat", "sms")),
    "meeting": ("Meetings", ("meeting", "video_call")),
    "visit": ("Visits", ("visit",)),
    "note": ("Notes", ("note",)),
    "task": ("Tasks", ("task",)),
    "stage": ("Stages", ("stage_change",)),
    "changes": ("Changes", ()),
}
ICONS = {
    "call": "phone", "email": "mail", "meeting": "users", "video_call": "video", "chat": "message-square",
    "sms": "smartphone", "visit": "map-pin", "note": "sticky-note", "task": "list-checks", "stage_change": "flag",
    "order": "package", "change": "history",
}  # fmt: skip
UNTOLD = {"title_key", "name_key", "updated_at", "version", "score_reasons", "stage_entered_at", "closes_on"}


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that happened. `said` are the words of it, `changed` what a change turned into what."""

    at: datetime
    icon: str
    type: str
    title: str
    who: str | None
    about: str = ""
    said: str = ""
    address: str | None = None
    is_open: bool = False
    changed: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Timeline:
    """Some lines by day, what of all is shown, and where it goes on."""

    days: list[tuple[date, list[Line]]]
    only: str
    cursor: str | None = None
    choices: Mapping[str, tuple[str, tuple[str, ...]]] = field(default_factory=lambda: ONLY)


def read(
    session: Any, actor: Actor, kind: Kind, record_id: UUID, *, only: str = "", cursor: str | None = None
) -> Timeline:
    """A stretch of a record's timeline; raises NotFound where the actor may not see the record."""
    names = people(session, actor)
    if only == "changes" or kind.name == "activity":
        query = filters.Query(window=Window(page_size=AT_ONCE, count="none", cursor=cursor))
        page = changes.history(
            session, actor, plural=CATALOGUES[kind.name].plural, record_id=record_id, query=query
        )
        lines = [_change(entry, names) for entry in page["items"]]
        return Timeline(_by_day(actor, lines), "changes", page["next_cursor"])
    asked = timeline.Stretch(AT_ONCE, cursor, ONLY[only][1])
    told = timeline.read(session, actor, kind.name, record_id, asked)
    done = _activities(
        session, actor, [line["record_id"] for line in told["items"] if line["kind"] == "activity"]
    )
    lines = [_line(entry, done.get(entry["record_id"]), names) for entry in told["items"]]
    return Timeline(_by_day(actor, lines), only, told["next_cursor"])


def last_hand(session: Any, actor: Actor, kind: Kind, record_id: UUID) -> str | None:
    """Who changed a record last, where a person did."""
    query = filters.Query(window=Window(page_size=1, count="none"))
    page = changes.history(
        session, actor, plural=CATALOGUES[kind.name].plural, record_id=record_id, query=query
    )
    return people(session, actor).get(page["items"][0]["actor_id"]) if page["items"] else None


def people(session: Any, actor: Actor) -> dict[UUID, str]:
    """The names of all colleagues by id."""
    query = filters.Query(window=Window(page_size=200, count="none"), archived="with", fields=("id", "name"))
    return {item["id"]: item["name"] for item in records.page(session, actor, "user", query)["items"]}


def _activities(session: Any, actor: Actor, ids: list[UUID]) -> dict[UUID, dict[str, Any]]:
    if not ids:
        return {}
    tree = All(all=[Comparison(field="id", op="in", value=[str(i) for i in ids])])
    query = filters.Query(tree=tree, window=Window(page_size=200, count="none"))
    return {item["id"]: item for item in records.page(session, actor, "activity", query)["items"]}


def _line(entry: Mapping[str, Any], done: Mapping[str, Any] | None, names: Mapping[UUID, str]) -> Line:
    type_ = entry["type"] or "other"
    who = names.get(entry["actor_id"]) if entry["actor_id"] else None
    if done is None:
        return Line(entry["at"], ICONS.get(type_, "circle-dot"), type_, entry["summary"], who,
                    address=address_of(entry["kind"], entry["record_id"]))  # fmt: skip
    minutes = f"{done['duration_minutes']} min" if done["duration_minutes"] else ""
    is_open = done["status"] in ("scheduled", "in_progress")
    state = "" if done["status"] == "completed" or type_ == "note" else phrase(done["status"])
    words = [
        done["description"],
        done["outcome"] and f"→ {done['outcome']}",
        done["next_steps"] and f"Next: {done['next_steps']}",
    ]
    return Line(
        entry["at"], ICONS.get(type_, "circle-dot"), type_, done["subject"],
        names.get(done["owner_id"]) or who, " · ".join(filter(None, [phrase(type_), minutes, state])),
        "\n".join(word for word in words if word and word != done["subject"]),
        address_of("activity", done["id"]), is_open,
    )  # fmt: skip


def _change(entry: Mapping[str, Any], names: Mapping[UUID, str]) -> Line:
    turned = tuple(
        (
            fields.TITLES.get(one["field"]) or phrase(one["field"].removesuffix("_id")),
            *_before_after(one, names),
        )
        for one in entry["changes"]
        if one["field"] not in UNTOLD
    )
    title = {"create": "Made", "update": "Changed", "delete": "Erased"}.get(
        entry["action"], phrase(entry["action"])
    )
    origin = "" if entry["origin"] == "web" else f"through {entry['origin']}"
    return Line(
        entry["at"], "history", "change", entry["label"] or title, names.get(entry["actor_id"]), origin,
        changed=turned[:12] if entry["action"] == "update" else (),
    )  # fmt: skip


def _before_after(one: Mapping[str, Any], names: Mapping[UUID, str]) -> tuple[str, str]:
    return _plain(one["before"], names), _plain(one["after"], names)


def _plain(value: Any, names: Mapping[UUID, str]) -> str:
    if value in (None, "", []):
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    text = str(value)
    try:
        return names.get(UUID(text), "another record")
    except ValueError:
        return text.replace("_", " ")[:200]


def _by_day(actor: Actor, lines: Iterable[Line]) -> list[tuple[date, list[Line]]]:
    days: dict[date, list[Line]] = {}
    for line in lines:
        days.setdefault(line.at.astimezone(ZoneInfo(actor.time_zone)).date(), []).append(line)
    return list(days.items())
