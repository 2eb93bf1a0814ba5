"""The trace of an export: who took what out, and how much of it."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from crm_api import events
from crm_api.access import Actor
from crm_api.audit.service import note
from crm_api.conditions import expansion
from crm_api.conditions.filters import Query
from crm_api.core.fields import Catalogue
from crm_api.core.ids import new_id
from crm_api.custom_fields import values as custom_values
from crm_api.events import Event
from crm_api.exports.formats import Answer, Column, Format

KIND = "export"
_ASKED = ("view", "search", "sort", "fields", "expand")


def start(session: Session, actor: Actor, *, kind: str, query: Query, format: Format) -> UUID:
    """Note that an export begins, before a byte of it is sent: nobody leaves without a trace by hanging up."""
    export_id = new_id()
    told: dict[str, Any] = {"of": kind, "format": format, "archived": query.archived}
    told["where"] = query.tree.model_dump(mode="json", by_alias=True)
    told |= {name: value for name in _ASKED if (value := getattr(query, name))}
    note(session, kind=KIND, record_id=export_id, action="start", after=told)
    return export_id


def finish(
    session: Session, actor: Actor, *, export_id: UUID, kind: str, format: Format, rows: int, complete: bool
) -> None:
    """Note how many rows were sent, and whether these were all."""
    told = {"of": kind, "format": format, "rows": rows, "complete": complete}
    note(session, kind=KIND, record_id=export_id, action="finish", after=told)
    what = "export.finished" if complete else "export.aborted"
    events.record(session, Event(what, KIND, export_id, told, owner_id=actor.user_id))


def columns_of(catalogue: Catalogue, query: Query, first: Sequence[Answer]) -> list[Column]:
    """The columns of a CSV file, always the same for the same request: the fields asked for, in that order,
    or all; the id first; then, of each related record, its label and number.

    Custom fields have a column each; every record shows all of them, so the first ones tell which there are.
    """
    names = query.fields or catalogue.columns()
    columns = [Column("id", ("id",))] if "id" not in names else []
    for name in names:
        told = first if name == custom_values.NAME else ()
        keys = {key: None for answer in told for key in answer.get(name) or {}}
        columns += [Column(f"{name}.{key}", (name, key)) for key in keys] or [Column(name, (name,))]
    for relation in expansion.chosen(catalogue, query.expand):
        parts = expansion.shows(relation.target)
        columns += [
            Column(f"{relation.name}.{part}", (relation.name, part)) for part in parts if part != "id"
        ]
    return columns
