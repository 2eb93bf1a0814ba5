"""A tag on many records at once, two tags made one, and how many records carry each."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api import events
from crm_api.access import Actor, require_write, visible
from crm_api.conditions import records
from crm_api.core.columns import touch
from crm_api.core.errors import Conflict, FieldError, Invalid
from crm_api.core.fields import CATALOGUES, FieldType
from crm_api.events import Event
from crm_api.tags.models import RecordTag, Tag
from crm_api.tags.schemas import Labelled, Merge
from crm_api.tags.service import carriers, delete, names_on, put_on_each


def kinds() -> list[str]:
    """The kinds of records that carry tags."""
    tagged = [c for c in CATALOGUES if (f := c.field("tags")) is not None and f.type is FieldType.TAGS]
    return sorted(catalogue.kind for catalogue in tagged)


def assign(session: Session, actor: Actor, *, tag_id: UUID, data: Labelled) -> dict[str, Any]:
    """Put a tag on records that the actor may change, all or none.

    Raises Invalid naming each id that leads nowhere, NotAllowed and Conflict for what may not be changed.
    """
    return _label(session, actor, tag_id, data, carried=True)


def remove(session: Session, actor: Actor, *, tag_id: UUID, data: Labelled) -> dict[str, Any]:
    """Take a tag off records; raises as `assign` does."""
    return _label(session, actor, tag_id, data, carried=False)


def merge(session: Session, actor: Actor, *, tag_id: UUID, data: Merge, if_match: int | None) -> Tag:
    """Put another tag wherever this one is, and remove this one for good; returns the other."""
    tag: Tag = records.get(session, actor, Tag, tag_id, writing=True, if_match=if_match)
    if data.into_id == tag.id:
        raise Invalid.field("into_id", "a tag cannot be merged into itself")
    if session.get(Tag, data.into_id) is None:
        raise Invalid.field("into_id", "there is no such tag")
    into: Tag = records.get(session, actor, Tag, data.into_id, writing=True)
    for kind, ids in carriers(session, tag.id).items():
        for start in range(0, len(ids), 500):
            names = names_on(session, kind, some := ids[start : start + 500])
            put_on_each(session, kind, {i: _instead(names.get(i, []), tag.name, [into.name]) for i in some})
    delete(session, actor, tag_id=tag.id, if_match=None)
    session.flush()
    return into


def counts(session: Session, actor: Actor) -> list[dict[str, Any]]:
    """How many live records of each kind carry each tag, of those that the actor sees; tags by name."""
    counted = []
    for kind in kinds():
        model = CATALOGUES[kind].model
        here = RecordTag.kind == kind, model.archived_at.is_(None), visible(kind, actor)
        joined = sa.select(RecordTag.tag_id, sa.literal(kind).label("kind"), sa.func.count().label("n"))
        counted.append(
            joined.join(model, model.id == RecordTag.record_id).where(*here).group_by(RecordTag.tag_id)
        )
    found: dict[UUID, dict[str, int]] = {}
    for row in session.execute(sa.union_all(*counted)):
        found.setdefault(row.tag_id, {})[row.kind] = row.n
    tags = session.execute(sa.select(Tag.id, Tag.name, Tag.color).order_by(Tag.name_key))
    return [
        {
            **row,
            "counts": dict.fromkeys(kinds(), 0) | (own := found.get(row["id"], {})),
            "total": sum(own.values()),
        }
        for row in tags.mappings()
    ]


def _label(session: Session, actor: Actor, tag_id: UUID, data: Labelled, *, carried: bool) -> dict[str, Any]:
    tag: Tag = records.get(session, actor, Tag, tag_id)
    if data.kind not in kinds():
        raise Invalid.field("kind", f"one of {', '.join(kinds())}")
    found = _changeable(session, actor, data.kind, data.ids)
    names = names_on(session, data.kind, found)
    wanted = {i: _instead(names.get(i, []), tag.name, [tag.name] if carried else []) for i in found}
    changed = put_on_each(session, data.kind, wanted)
    for record_id in sorted(changed):
        touch(found[record_id])
    session.flush()
    events.record_many(session, [_updated(data.kind, found[i]) for i in sorted(changed)])
    return {
        "tag_id": tag.id,
        "kind": data.kind,
        "changed": len(changed),
        "unchanged": len(found) - len(changed),
    }


def _instead(names: Sequence[str], of: str, others: Sequence[str]) -> list[str]:
    """The names with others in place of one."""
    return list(dict.fromkeys([*(each for each in names if each != of), *others]))


def _changeable(session: Session, actor: Actor, kind: str, ids: Sequence[UUID]) -> dict[UUID, Any]:
    model = CATALOGUES[kind].model
    statement = sa.select(model).where(
        model.id.in_(set(ids)), model.archived_at.is_(None), visible(kind, actor)
    )
    found = {row.id: row for row in session.scalars(statement.order_by(model.id).with_for_update(of=model))}
    faults = [
        FieldError(f"ids.{n}", f"there is no {kind} {i}, or it is not yours to see")
        for n, i in enumerate(ids)
        if i not in found
    ]
    if faults:
        raise Invalid(f"{len(faults)} of {len(ids)} lead nowhere; nothing was changed.", errors=faults)
    for record in found.values():
        require_write(session, actor, record)
        if getattr(record, "is_closed", False):
            raise Conflict(f"{kind.capitalize()} {record.id} is closed; reopen it first.")
    return found


def _updated(kind: str, record: Any) -> Event:
    whose = (getattr(record, name, None) for name in ("owner_id", "team_id", "territory_id"))
    return Event(f"{kind}.updated", kind, record.id, {"fields": ["tags"]}, *whose)
