"""Which events: pure Selects and conditions over the log."""

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from crm_api.core.presenting import shown_by
from crm_api.events.models import EventRow
from crm_api.events.schemas import EventOut

_ENVELOPE = sa.select(*shown_by(EventOut, EventRow)).where(EventRow.position.is_not(None))
HEAD = sa.select(sa.func.coalesce(sa.func.max(EventRow.position), 0))


def matches(type_: str, patterns: Collection[str]) -> bool:
    """Whether an event type fits one of `patterns`: `lead.created`, `lead.*` or `*`."""
    return "*" in patterns or type_ in patterns or f"{type_.partition('.')[0]}.*" in patterns


def of_types(patterns: Collection[str]) -> sa.ColumnElement[bool]:
    """The same as `matches`, as a WHERE."""
    if "*" in patterns:
        return sa.true()
    whole = [pattern.removesuffix("*") for pattern in patterns if pattern.endswith(".*")]
    exact = [pattern for pattern in patterns if not pattern.endswith(".*")]
    return sa.or_(
        sa.false(),
        EventRow.type.in_(exact),
        *(EventRow.type.startswith(prefix, autoescape=True) for prefix in whole),
    )


def envelopes(*conditions: sa.ColumnElement[bool], limit: int) -> sa.Select[Any]:
    """Positioned events as the outside sees them, in order."""
    return _ENVELOPE.where(*conditions).order_by(EventRow.position).limit(limit)
