"""Rows of derived figures beside their records (`*_stats`), made when there first is something to say."""

from collections.abc import Iterable
from typing import TypeVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Session

from crm_api.core import dialect
from crm_api.core.ids import new_id

T = TypeVar("T")


def held(
    session: Session, model: type[T], key: InstrumentedAttribute[UUID], record_ids: Iterable[UUID]
) -> list[T]:
    """The figures of these records, held until this transaction ends; made where there are none. `key` is the column of
    `model` that names the record."""
    wanted = sorted(set(record_ids))
    rows = sa.select(model).where(key.in_(wanted)).order_by(key).with_for_update()
    found = list(session.scalars(rows))
    if missing := sorted(set(wanted) - {getattr(stats, key.key) for stats in found}):
        # Another transaction may make them at the same moment: then this one waits, and takes those.
        made = [{"id": new_id(), key.key: record_id} for record_id in missing]
        dialect.upsert(session, sa.inspect(model).local_table, made, key=[key.key])
        found = list(session.scalars(rows))
    return found
