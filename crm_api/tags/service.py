"""Tags, and putting them on records."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from crm_api.access import Actor, require_create
from crm_api.audit.service import note
from crm_api.conditions import records
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
    """Remove a tag from everything and for good."""
    session.delete(records.get(session, actor, Tag, tag_id, writing=True, if_match=if_match))


def _unique(session: Session, name: str, own_id: UUID | None) -> None:
    other = session.scalar(sa.select(Tag.id).where(Tag.name_key == fold(name)))
    if other is not None and other != own_id:
        raise Conflict(f"There is a tag called '{name}' already.")


def put_on(session: Session, kind: str, record_id: UUID, names: Iterable[str]) -> bool:
    """Make these the record's tags; a tag that does not exist yet is made. Returns whether that changed any.

    Raises Invalid for a name without a letter or digit, or one of more than 80 characters.
    """
    wanted = {fold(name): name.strip() for name in names}
    if any(not words(name) or len(name) > 80 for name in wanted.values()):
        raise Invalid.field("tags", "a tag has 1 to 80 characters, a letter or digit among them")
    known = {t.name_key: t for t in session.scalars(sa.select(Tag).where(Tag.name_key.in_(list(wanted))))}
    known |= {key: _made(session, name) for key, name in wanted.items() if key not in known}
    carried = sa.select(RecordTag.tag_id).where(RecordTag.kind == kind, RecordTag.record_id == record_id)
    before, after = set(session.scalars(carried)), {tag.id for tag in known.values()}
    if before == after:
        return False
    named = _names(session, before)
    session.execute(sa.delete(RecordTag).where(RecordTag.tag_id.in_(before - after), *_on(kind, record_id)))
    session.add_all(RecordTag(tag_id=t, kind=kind, record_id=record_id) for t in after - before)
    session.flush()
    now = sorted(tag.name for tag in known.values())
    note(
        session,
        kind=kind,
        record_id=record_id,
        action="update",
        before={"tags": named},
        after={"tags": now},
    )
    return True


def _on(kind: str, record_id: UUID) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    return RecordTag.kind == kind, RecordTag.record_id == record_id


def _names(session: Session, ids: Iterable[UUID]) -> list[str]:
    return sorted(session.scalars(sa.select(Tag.name).where(Tag.id.in_(list(ids)))))


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
    """The same for many new records that have no tags yet, in three statements."""
    wanted = {fold(n): n.strip() for names in names_by_record.values() for n in names if n.strip()}
    known = dict(
        session.execute(sa.select(Tag.name_key, Tag.id).where(Tag.name_key.in_(list(wanted)))).tuples().all()
    )
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


def attach(kind: str) -> Callable[[Session, list[dict[str, Any]], bool], None]:
    """A catalogue's `decorate`: the tags of a page of records, in one statement."""

    def decorate(session: Session, rows: list[dict[str, Any]], single: bool) -> None:
        found: dict[UUID, list[str]] = defaultdict(list)
        statement = (
            sa.select(RecordTag.record_id, Tag.name)
            .join(Tag, Tag.id == RecordTag.tag_id)
            .where(RecordTag.kind == kind, RecordTag.record_id.in_([row["id"] for row in rows]))
            .order_by(Tag.name_key)
        )
        for record_id, name in session.execute(statement):
            found[record_id].append(name)
        for row in rows:
            row["tags"] = found[row["id"]]

    return decorate


def tagged(kind: str, model: type[Any]) -> Callable[[list[str] | None], sa.ColumnElement[bool]]:
    """A TAGS field's `column`: the records of `kind` that carry any of the names, or, for None, any tag."""

    def any_of(names: list[str] | None) -> sa.ColumnElement[bool]:
        carrying = sa.select(RecordTag.record_id).where(RecordTag.kind == kind)
        if names is not None:
            wanted = Tag.name_key.in_([fold(name) for name in names])
            carrying = carrying.join(Tag, Tag.id == RecordTag.tag_id).where(wanted)
        return model.id.in_(carrying)  # type: ignore[no-any-return]

    return any_of
