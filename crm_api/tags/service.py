"""Tags, and putting them on records."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from crm_api.access import Actor, require_create
from crm_api.audit.service import note_many
from crm_api.conditions import records
from crm_api.core import dialect
from crm_api.core.errors import Conflict, Invalid
from crm_api.core.ids import new_id
from crm_api.core.schemas import apply_patch, changes
from crm_api.core.text import fold, words
from crm_api.tags.models import RecordTag, Tag
from crm_api.tags.schemas import TagIn, TagPatch


def create(session: Session, actor: Actor, *, data: TagIn) -> Tag:
    """A new tag; raises Conflict where the name is taken."""
    require_create(actor, "tag")
    _unique(session, data.name, None)
    tag = Tag(**data.model_dump())
    session.add(tag)
    return tag


def update(session: Session, actor: Actor, *, tag_id: UUID, data: TagPatch, if_match: int | None) -> Tag:
    """Rename or recolour a tag."""
    tag: Tag = records.get(session, actor, Tag, tag_id, writing=True, if_match=if_match)
    values = {k: v for k, v in changes(data).items() if v is not None}
    if "name" in values:
        _unique(session, values["name"], tag.id)
    apply_patch(tag, values)
    return tag


def delete(session: Session, actor: Actor, *, tag_id: UUID, if_match: int | None) -> None:
    """Remove a tag from everything and for good; the history of whatever carried it tells so."""
    tag: Tag = records.get(session, actor, Tag, tag_id, writing=True, if_match=if_match)
    for kind, ids in carriers(session, tag.id).items():
        carried = _carried(session, kind, ids)
        note_many(
            session,
            kind=kind,
            changed={
                i: (
                    {"tags": sorted(carried[i].values())},
                    {"tags": sorted(name for other, name in carried[i].items() if other != tag.id)},
                )
                for i in ids
            },
        )
    session.delete(tag)


def carriers(session: Session, tag_id: UUID) -> dict[str, list[UUID]]:
    """The records that carry a tag, by kind."""
    found: dict[str, list[UUID]] = defaultdict(list)
    statement = sa.select(RecordTag.kind, RecordTag.record_id).where(RecordTag.tag_id == tag_id)
    for kind, record_id in session.execute(statement.order_by(RecordTag.record_id)):
        found[kind].append(record_id)
    return dict(found)


def _unique(session: Session, name: str, own_id: UUID | None) -> None:
    other = session.scalar(sa.select(Tag.id).where(Tag.name_key == fold(name)))
    if other is not None and other != own_id:
        raise Conflict(f"There is a tag called '{name}' already.")


def put_on(session: Session, kind: str, record_id: UUID, names: Iterable[str]) -> bool:
    """Make these the record's tags; a tag that does not exist yet is made. Returns whether that changed any.

    Raises Invalid for a name without a letter or digit, or one of more than 80 characters.
    """
    return bool(put_on_each(session, kind, {record_id: list(names)}))


def put_on_each(session: Session, kind: str, wanted: Mapping[UUID, Sequence[str]]) -> set[UUID]:
    """The same for many records at once; returns whose tags that changed. Raises as `put_on` does."""
    named = {fold(name): name.strip() for names in wanted.values() for name in names}
    if any(not words(name) or len(name) > 80 for name in named.values()):
        raise Invalid.field("tags", "a tag has 1 to 80 characters, a letter or digit among them")
    known = {t.name_key: t for t in session.scalars(sa.select(Tag).where(Tag.name_key.in_(list(named))))}
    known |= {key: _made(session, name) for key, name in named.items() if key not in known}
    before = _carried(session, kind, wanted)
    after = {i: {known[fold(name)].id for name in names} for i, names in wanted.items()}
    changed = {i for i in wanted if before.get(i, {}).keys() != after[i]}
    off = {(i, tag_id) for i in changed for tag_id in before.get(i, {}).keys() - after[i]}
    on = [(i, tag_id) for i in changed for tag_id in after[i] - before.get(i, {}).keys()]
    _take_off(session, kind, off)
    session.add_all(RecordTag(tag_id=tag_id, kind=kind, record_id=i) for i, tag_id in sorted(on))
    session.flush()
    told = {tag.id: tag.name for tag in known.values()}
    note_many(
        session,
        kind=kind,
        changed={
            i: (
                {"tags": sorted(before.get(i, {}).values())},
                {"tags": sorted(told[tag_id] for tag_id in after[i])},
            )
            for i in sorted(changed)
        },
    )
    return changed


def names_on(session: Session, kind: str, ids: Iterable[UUID]) -> dict[UUID, list[str]]:
    """The tags of records by name, as the audit trail tells them; records without any are left out."""
    return {i: sorted(names.values()) for i, names in _carried(session, kind, ids).items()}


def _carried(session: Session, kind: str, ids: Iterable[UUID]) -> dict[UUID, dict[UUID, str]]:
    """By record, the names of its tags by id."""
    found: dict[UUID, dict[UUID, str]] = defaultdict(dict)
    statement = (
        sa.select(RecordTag.record_id, Tag.id, Tag.name)
        .join(Tag, Tag.id == RecordTag.tag_id)
        .where(RecordTag.kind == kind, RecordTag.record_id.in_(list(ids)))
    )
    for record_id, tag_id, name in session.execute(statement):
        found[record_id][tag_id] = name
    return dict(found)


def _take_off(session: Session, kind: str, off: Iterable[tuple[UUID, UUID]]) -> None:
    by_tag: dict[UUID, list[UUID]] = defaultdict(list)
    for record_id, tag_id in off:
        by_tag[tag_id].append(record_id)
    for tag_id, records_ in sorted(by_tag.items()):
        session.execute(
            sa.delete(RecordTag).where(
                RecordTag.tag_id == tag_id, RecordTag.kind == kind, RecordTag.record_id.in_(records_)
            )
        )


def _made(session: Session, name: str) -> Tag:
    """A new tag, or the one that somebody else made at the same moment."""
    try:
        with session.begin_nested():
            tag = Tag(name=name)
            session.add(tag)
            session.flush()
    except IntegrityError:
        return session.scalars(sa.select(Tag).where(Tag.name_key == fold(name))).one()
    return tag


def put_on_many(session: Session, kind: str, names_by_record: dict[UUID, list[str]]) -> None:
    """The same for many new records that have no tags yet, in a few statements."""
    wanted = {fold(n): n.strip() for names in names_by_record.values() for n in names if n.strip()}
    known = dict(session.execute(sa.select(Tag.name_key, Tag.id).where(Tag.name_key.in_(list(wanted)))).all())
    for key in wanted.keys() - known.keys():
        tag = Tag(name=wanted[key])
        session.add(tag)
        known[key] = tag.id
    session.flush()
    rows = [
        {"id": new_id(), "tag_id": tag_id, "kind": kind, "record_id": record_id}
        for record_id, names in names_by_record.items()
        for tag_id in {known[fold(n)] for n in names if n.strip()}
    ]
    if rows:
        session.execute(sa.insert(RecordTag), rows)
        told = names_on(session, kind, names_by_record)
        note_many(session, kind=kind, changed={i: ({"tags": []}, {"tags": told[i]}) for i in told})


def names_of(kind: str, identity: sa.orm.InstrumentedAttribute[UUID]) -> sa.ScalarSelect[list[str]]:
    """A column for the Select behind the answers of `kind`: each record's tags, in the order of their names.

    Within the rows' own statement: one more for every page and every single answer cost more than the look-ups.
    """
    carried = sa.select(Tag.name).join(RecordTag, Tag.id == RecordTag.tag_id)
    carried = carried.where(RecordTag.kind == kind, RecordTag.record_id == identity).order_by(Tag.name_key)
    return dialect.json_list(carried.correlate(identity.class_))


def tagged(kind: str, model: type[Any]) -> Callable[[list[str] | None, Any], sa.ColumnElement[bool]]:
    """A TAGS field's `column`: the records of `kind` that carry any of the names, or, for None, any tag."""

    def any_of(names: list[str] | None, actor: Any) -> sa.ColumnElement[bool]:
        carrying = sa.select(RecordTag.record_id).where(RecordTag.kind == kind)
        if names is not None:
            wanted = Tag.name_key.in_([fold(name) for name in names])
            carrying = carrying.join(Tag, Tag.id == RecordTag.tag_id).where(wanted)
        return model.id.in_(carrying)  # type: ignore[no-any-return]

    return any_of
