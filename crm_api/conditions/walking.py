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
from crm_api.conditions.filters import Query, Wanted, sorts_of
from crm_api.core.errors import BadRequest
from crm_api.core.fields import CATALOGUES
from crm_api.core.listing import EXACT_TO, Sort, ordered
from crm_api.custom_fields import fields as custom_fields

Mark = tuple[Any, UUID] | int


@dataclass(frozen=True, slots=True)
class Walk:
    """What is walked over, for whom, and in which order. With several sorts the ids are fixed beforehand."""

    kind: str
    actor: Actor
    query: Query
    terms: list[sa.ColumnElement[bool]]
    sorts: list[Sort]
    ids: tuple[UUID, ...] | None = None


def begin(session: Session, actor: Actor, kind: str, query: Query) -> Walk:
    """Prepare a walk; raises BadRequest or Invalid as a list would.

    One declared sort takes any number of rows; others, and several, at most 10,000.
    """
    catalogue = custom_fields.registry(session)[kind]
    query, terms = records.chosen(session, actor, catalogue, query)
    sorts = sorts_of(catalogue, query.sort)
    records.require_sortable(session, catalogue, terms, sorts)
    walk = Walk(kind, actor, query, terms, sorts)
    if len(sorts) == 1:
        return walk
    identity = catalogue.model.id
    statement = ordered(sa.select(identity).where(*terms), sorts, identity).limit(EXACT_TO + 1)
    ids = tuple(session.scalars(statement))
    if len(ids) > EXACT_TO:
        raise BadRequest(f"More than {EXACT_TO:,} rows match; sort so many by one field.")
    return Walk(kind, actor, query, terms, sorts, ids)


def part(
    session: Session, walk: Walk, mark: Mark | None, size: int
) -> tuple[list[dict[str, Any]], Mark | None]:
    """The answers of the next `size` rows after `mark` (None: the first), and the mark to go on from."""
    catalogue = CATALOGUES[walk.kind]
    rows, following = (
        _fixed(session, walk, mark, size) if walk.ids is not None else _next(session, walk, mark, size)
    )
    wanted = Wanted(walk.query.fields, walk.query.expand, aliases=False)
    return records.answers(session, walk.actor, catalogue, rows, wanted), following


def _next(
    session: Session, walk: Walk, mark: Mark | None, size: int
) -> tuple[list[dict[str, Any]], Mark | None]:
    catalogue, (sort,) = CATALOGUES[walk.kind], walk.sorts
    begun = mark if isinstance(mark, tuple) else None
    rows = records.stretch(session, catalogue, walk.terms, sort, begun, most=size)
    values = [row.pop("_sort") for row in rows]
    return rows, (values[-1], rows[-1]["id"]) if len(rows) == size else None


def _fixed(
    session: Session, walk: Walk, mark: Mark | None, size: int
) -> tuple[list[dict[str, Any]], Mark | None]:
    assert walk.ids is not None
    start = mark if isinstance(mark, int) else 0
    ids = walk.ids[start : start + size]
    catalogue = CATALOGUES[walk.kind]
    statement = records.shown(catalogue).where(catalogue.model.id.in_(ids), *walk.terms)
    found = {row["id"]: dict(row) for row in session.execute(statement).mappings()}
    rows = [found[record_id] for record_id in ids if record_id in found]
    return rows, start + size if start + size < len(walk.ids) else None
