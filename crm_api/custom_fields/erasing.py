"""What is left to do after a definition was changed: removing the values of one that goes, and finding by another.

Both may be about a million records, so they are done in the background, a slice of them in a transaction. What is
still to be done is read from the tables each time: whoever is interrupted goes on, or begins again, and ends alike.

The records' versions do not rise and the trail tells nothing record by record: nobody was shown the values any more
since the definition was archived. What the trail told before stays; it goes where a person is erased.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api import audit
from crm_api.core import search
from crm_api.core.dialect import mentions
from crm_api.core.fields import CATALOGUES
from crm_api.custom_fields import definitions, upkeep
from crm_api.custom_fields.models import CustomField, field_values

SLICE = 200  # records a transaction: some 30 ms


def erase_some(session: Session, *, limit: int = SLICE) -> int:
    """One slice of removing the values of definitions that go, and each definition after its last value.

    Returns how many records were rid of a value, or 1 for a definition; 0 where nothing is left to do.
    """
    definitions.reread(session)
    each = session.scalars(
        sa.select(CustomField)
        .where(CustomField.erasing_at.is_not(None))
        .order_by(CustomField.erasing_at, CustomField.id)
        .limit(1)
        .with_for_update()
    ).first()
    if each is None:
        return 0
    ids = session.scalars(_holding(each).limit(limit)).all() or _left(session, each, limit)
    if ids:
        _remove(session, each, ids)
        return len(ids)
    session.delete(each)
    session.flush()
    definitions.changing(session)
    if each.searchable:
        search.forget_soon(session)
    return 1


def _holding(each: CustomField) -> sa.Select[UUID]:
    values_of = field_values.c.definition_id == each.id
    return sa.select(field_values.c.record_id).where(values_of).distinct().order_by(field_values.c.record_id)


def _left(session: Session, each: CustomField, limit: int) -> list[UUID]:
    """Records that hold the key without anything to be found by. There should be none; the table is read once."""
    model, key = CATALOGUES[each.kind].model, each.key.replace("_", "\\_")
    held = sa.select(model.id, model.custom).where(mentions(model.custom, f'%"{key}":%')).order_by(model.id)
    return [row.id for row in session.execute(held.limit(limit)) if each.key in row.custom]


def _remove(session: Session, each: CustomField, ids: Any) -> None:
    table = CATALOGUES[each.kind].model.__table__
    held = sa.select(table.c.id, table.c.custom).where(table.c.id.in_(ids)).with_for_update()
    kept = [
        {"_id": row.id, "_custom": {k: v for k, v in (row.custom or {}).items() if k != each.key} or None}
        for row in session.execute(held.order_by(table.c.id))
    ]
    if kept:
        without = sa.update(table).where(table.c.id == sa.bindparam("_id"))
        # The column as it is: what follows from a changed record does not follow from this.
        session.connection().execute(
            without.values(custom=sa.bindparam("_custom", type_=table.c.custom.type)), kept
        )
    of_field = field_values.c.definition_id == each.id
    session.execute(sa.delete(field_values).where(of_field, field_values.c.record_id.in_(ids)))
    if each.searchable:
        upkeep.rebuild(session, each, ids)


@dataclass(frozen=True, slots=True)
class Step:
    """How far the search documents of one definition's records are: up to `after`, of the definition at `version`."""

    field_id: UUID
    version: int
    after: UUID | None = None


def reindex_some(session: Session, step: Step | None = None, *, limit: int = SLICE) -> Step | None:
    """One slice of bringing search up to date with a definition; returns where to go on, None where all is done.

    A definition that was changed meanwhile begins again.
    """
    definitions.reread(session)
    each = _to_reindex(session, step.field_id if step else None)
    if each is None:
        return Step(other.id, other.version) if (other := _to_reindex(session, None)) else None
    if step is None or step.version != each.version:
        step = Step(each.id, each.version)
    following = _holding(each).limit(limit)
    if step.after is not None:
        following = following.where(field_values.c.record_id > step.after)
    ids = session.scalars(following).all()
    if ids:
        upkeep.rebuild(session, each, ids)
        return Step(each.id, each.version, ids[-1])
    audit.follow(session, CustomField, CustomField.id == each.id, reindexing=False)
    definitions.changing(session)
    search.forget_soon(session)
    return Step(other.id, other.version) if (other := _to_reindex(session, None)) else None


def _to_reindex(session: Session, field_id: UUID | None) -> CustomField | None:
    waiting = [CustomField.reindexing, CustomField.erasing_at.is_(None)]
    if field_id is not None:
        waiting.append(CustomField.id == field_id)
    statement = sa.select(CustomField).where(*waiting).order_by(CustomField.id).limit(1)
    return session.scalars(statement.execution_options(populate_existing=True).with_for_update()).first()
