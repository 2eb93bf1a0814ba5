"""Every row that matches, a slice at a time: for answers of any size.

Each slice is a short read of its own, so that no transaction stays open while a slow client reads. A row
that does not change meanwhile is met exactly once: the next slice begins after the sort value and the id
of the last row, whatever came or went before it.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.access import Actor
from crm_api.conditions import records
from crm_api.conditions.asked import Asked, shown
from crm_api.conditions.filters import Query, Wanted
from crm_api.core.errors import BadRequest
from crm_api.core.fields import CATALOGUES
from crm_api.core.listing import EXACT_TO, ordered

Mark = tuple[Any, UUID] | int


@dataclass(frozen=True, slots=True)
class Walk:
    """What is walked over, for whom, and in which order. With several sorts the ids are fixed beforehand."""

    kind: str
    actor: Actor
    query: Query
    asked: Asked
    ids: tuple[UUID, ...] | None = None


def begin(session: Session, actor: Actor, kind: str, query: Query) -> Walk:
    """Prepare a walk; raises BadRequest or Invalid as a list would.

    One declared sort takes any number of rows; others, and several, at most 10,000.
    """
    asked = records.asking(session, actor, kind, query)
    records.require_sortable(session, asked)
    walk = Walk(kind, actor, query, asked)
    if len(asked.sorts) == 1:
        return walk
    identity = asked.catalogue.model.id
    statement = ordered(sa.select(identity).where(*asked.matching), asked.sorts, identity).limit(EXACT_TO + 1)
    ids = tuple(session.scalars(statement))
    if len(ids) > EXACT_TO:
        raise BadRequest(f"More than {EXACT_TO:,} rows match; sort so many by one field.")
    return Walk(kind, actor, query, asked, ids)


def part(
    session: Session, walk: Walk, mark: Mark | None, size: int
) -> tuple[list[dict[str, Any]], Mark | None]:
    """The answers of the next `size` rows after `mark` (None: the first), and the mark to go on from."""
    catalogue = CATALOGUES[walk.kind]
    rows, following = (
        _fixed(session, walk, mark, size) if walk.ids is not None else _next(session, walk, mark, size)
    )
    wanted = Wanted(walk.query.fields or walk.asked.fields, walk.query.expand, aliases=False)
    return records.answers(session, walk.actor, catalogue, rows, wanted), following


def _next(
    session: Session, walk: Walk, mark: Mark | None, size: int
) -> tuple[list[dict[str, Any]], Mark | None]:
    begun = mark if isinstance(mark, tuple) else None
    rows = records.stretch(session, walk.asked, begun, most=size)
    values = [row.pop("_sort") for row in rows]
    return rows, (values[-1], rows[-1]["id"]) if len(rows) == size else None


def _fixed(
    session: Session, walk: Walk, mark: Mark | None, size: int
) -> tuple[list[dict[str, Any]], Mark | None]:
    assert walk.ids is not None
    start = mark if isinstance(mark, int) else 0
    ids = walk.ids[start : start + size]
    catalogue = CATALOGUES[walk.kind]
    statement = shown(catalogue, walk.asked.actor).where(catalogue.model.id.in_(ids), *walk.asked.matching)
    found = {row["id"]: dict(row) for row in session.execute(statement).mappings()}
    rows = [found[record_id] for record_id in ids if record_id in found]
    return rows, start + size if start + size < len(walk.ids) else None
