"""A page in the order of a field whose values lie in another table, where many records have none.

The records with a value are read along that table's index, those without along their ids. NULL is the smallest value:
rising, the empty ones come first, falling, last. Only the parts that a page needs are read: one statement, at the
seam two, or three where a page number has to be counted to. Looking each value up and sorting the lot instead was
fine for ten thousand rows and took seconds for a million.
"""

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.core.fields import Elsewhere
from crm_api.core.listing import Sort

Terms = list[sa.ColumnElement[bool]]


def rows(
    session: Session,
    shown: sa.Select[Any],
    matching: Terms,
    sort: Sort,
    identity: Any,
    mark: tuple[Any, UUID] | None,
    *,
    skip: int,
    most: int,
) -> list[Any]:
    """Up to `most` rows, each with its sort value as `_sort`: after the value and id of `mark`, or after `skip`."""
    assert sort.elsewhere is not None
    there = sort.elsewhere
    filled, empty = (
        _filled(shown, matching, sort, there, identity),
        _empty(shown, matching, sort, there, identity),
    )
    parts = [filled, empty] if sort.descending else [empty, filled]
    if mark is not None:
        parts, skip = _beyond(mark, parts, sort, there, identity), 0
    found: list[Any] = []
    for n, part in enumerate(parts):
        wanted = most - len(found)
        if wanted == 0:
            break
        if n and skip:  # nothing was left of the part before: the page begins within this one
            skip -= session.scalar(_count(parts[0])) or 0
        more = (
            session.execute(part.limit(wanted).offset(skip) if skip else part.limit(wanted)).mappings().all()
        )
        found += more
        skip = 0 if more else skip
    return found


def _filled(
    shown: sa.Select[Any], matching: Terms, sort: Sort, there: Elsewhere, identity: Any
) -> sa.Select[Any]:
    whose, key = there.record_id, there.key
    statement = shown.join(whose.table, sa.and_(there.rows, whose == identity))
    order = (key.desc(), whose.desc()) if sort.descending else (key.asc(), whose.asc())
    return statement.add_columns(key.label("_sort")).where(*matching, key.is_not(None)).order_by(*order)


def _empty(
    shown: sa.Select[Any], matching: Terms, sort: Sort, there: Elsewhere, identity: Any
) -> sa.Select[Any]:
    has_one = (
        sa.exists().where(there.rows, there.record_id == identity).correlate_except(there.record_id.table)
    )
    order = identity.desc() if sort.descending else identity.asc()
    return shown.add_columns(sa.null().label("_sort")).where(*matching, sa.not_(has_one)).order_by(order)


def _beyond(
    mark: tuple[Any, UUID], parts: list[sa.Select[Any]], sort: Sort, there: Elsewhere, identity: Any
) -> list[sa.Select[Any]]:
    """What is left of the parts after a mark."""
    value, last_id = mark
    in_first = (value is not None) == sort.descending
    here, rest = (parts[0], parts[1:]) if in_first else (parts[1], [])
    if value is None:
        return [here.where(identity < last_id if sort.descending else identity > last_id), *rest]
    row = sa.tuple_(there.key, there.record_id)
    bound = sa.tuple_(sa.literal(value, there.key.type), sa.literal(last_id, there.record_id.type))
    return [here.where(row < bound if sort.descending else row > bound), *rest]


def _count(part: sa.Select[Any]) -> sa.Select[Any]:
    return part.with_only_columns(sa.func.count(), maintain_column_froms=True).order_by(None)
