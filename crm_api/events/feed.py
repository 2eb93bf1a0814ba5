"""Reading the log from outside, by position."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.events import queries
from crm_api.events.models import EventRow


def after(
    session: Session,
    *,
    visible: sa.ColumnElement[bool],
    position: int,
    types: Collection[str] = ("*",),
    kinds: Collection[str] = (),
    limit: int,
) -> dict[str, Any]:
    """The events after `position` that are `visible` and fit, in order, and where to go on from.

    `next_after` passes over what the caller may not see, too, so that nobody reads the same invisible
    stretch again and again. It never passes over an event that has no position yet: the relay gives a
    position only to what is committed, in one order, so nothing can appear behind a reader.
    """
    head = session.scalar(queries.HEAD) or 0
    conditions = [EventRow.position > position, EventRow.position <= head, queries.of_types(types), visible]
    if kinds:
        conditions.append(EventRow.kind.in_(kinds))
    rows = session.execute(queries.envelopes(*conditions, limit=limit + 1)).mappings().all()
    items, more = [dict(row) for row in rows[:limit]], len(rows) > limit
    return {
        "items": items,
        "next_after": items[-1]["position"] if more else max(head, position),
        "has_more": more,
    }


def one(session: Session, *, event_id: UUID, visible: sa.ColumnElement[bool]) -> dict[str, Any] | None:
    """One event as the feed shows it, or None where it is not `visible` or has no position yet."""
    row = session.execute(queries.envelopes(EventRow.id == event_id, visible, limit=1)).mappings().first()
    return dict(row) if row else None
