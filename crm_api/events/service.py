"""Recording events, and the two ways to react.

*Same transaction*: handlers that touch rows only (stop, suppress, touch the last contact), run at once
by `record`. *After commit*: everything else, run by the relay, one event and handler a transaction.
Both columns of the table are filled at start-up by `crm_api/subscriptions.py`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from pydantic_core import to_jsonable_python
from sqlalchemy.orm import Session

from crm_api.core import clock, context, dialect
from crm_api.core.ids import new_id
from crm_api.events.models import EventDelivery, EventRow
from crm_api.events.types import TYPES

MAX_ATTEMPTS = 10


@dataclass(frozen=True, slots=True)
class Event:
    """One fact: ids and scalars only. `type` is `kind.what_happened`, `subject_id` the record's id.

    `id` is known to after-commit handlers alone: it leads to the row with its position and origin.
    """

    type: str
    kind: str
    subject_id: UUID
    data: Mapping[str, Any] = field(default_factory=dict)
    owner_id: UUID | None = None
    team_id: UUID | None = None
    territory_id: UUID | None = None
    id: UUID | None = None


Handler = Callable[[Session, Event], None]
_INSERT = sa.insert(EventRow)
EVERY = "*"  # in either column of the table: a handler of every type
_same_transaction: dict[str, list[Handler]] = {}
_after_commit: dict[str, list[Handler]] = {}


def subscribe(
    *, same_transaction: Mapping[str, Sequence[Handler]], after_commit: Mapping[str, Sequence[Handler]]
) -> None:
    """Fill both columns; replaces what was there."""
    for target, source in ((_same_transaction, same_transaction), (_after_commit, after_commit)):
        target.clear()
        target.update({kind: list(handlers) for kind, handlers in source.items()})


def name_of(handler: Handler) -> str:
    """What a delivery remembers a handler by."""
    return f"{handler.__module__.removeprefix('crm_api.')}.{handler.__name__}"


def record(session: Session, event: Event) -> None:
    """Write the event in the running transaction and run the handlers that belong to it.

    An event of a revert says so in its data (`reverts`, the change set that is undone): what would start
    something because of an event has to leave these alone (`undoes`).
    """
    record_many(session, [event])


def record_many(session: Session, events: Sequence[Event]) -> None:
    """The same for many events at once; the handlers run when all are written."""
    if not events:
        return
    if unknown := {event.type for event in events} - TYPES:
        raise ValueError(f"not declared in events/types.py: {', '.join(sorted(unknown))}")
    now, at = context.current(), clock.now()
    if "reverts" in session.info:
        undone = {"reverts": session.info["reverts"]}
        events = [replace(event, data={**event.data, **undone}) for event in events]
    ids = [new_id() for _ in events]
    session.info.setdefault("events", []).extend(ids)
    # Over the connection: nothing reads these rows as objects, and the session's own way costs as much as the INSERT.
    session.connection().execute(
        _INSERT,
        [
            {
                "id": event_id,
                "type": event.type,
                "kind": event.kind,
                "subject_id": event.subject_id,
                "data": to_jsonable_python(dict(event.data)),
                "occurred_at": at,
                "actor_id": now.actor_id,
                "origin": now.origin,
                "request_id": now.request_id,
                "owner_id": event.owner_id,
                "team_id": event.team_id,
                "territory_id": event.territory_id,
            }
            for event_id, event in zip(ids, events, strict=True)
        ],
    )
    for event in events:
        for handler in _handlers(_same_transaction, event.type):
            handler(session, event)


def undoes(event: Event) -> bool:
    """Whether this is the undoing of something, and not news: a handler that starts anything leaves it alone."""
    return "reverts" in event.data


def _handlers(column: Mapping[str, Sequence[Handler]], type_: str) -> list[Handler]:
    return [*column.get(type_, ()), *column.get(EVERY, ())]


def react(session: Session, rows: Iterable[EventRow]) -> None:
    """Run the after-commit handlers at once, for a transaction that is not going to be committed."""
    for row in rows:
        for handler in _handlers(_after_commit, row.type):
            handler(session, _event_of(row))


def _event_of(row: EventRow) -> Event:
    return Event(
        row.type, row.kind, row.subject_id, row.data, row.owner_id, row.team_id, row.territory_id, row.id
    )


# ── Relay ────────────────────────────────────────────────────────────────────────────────────────


def give_positions(session: Session, *, limit: int = 500) -> int:
    """Number the committed events that have no position yet; returns how many.

    Only one relay may run this at a time (the scheduler's slot sees to it): a position once given is
    never followed by a lower one.
    """
    waiting = session.scalars(
        sa.select(EventRow.id).where(EventRow.position.is_(None)).order_by(EventRow.id).limit(limit)
    ).all()
    last = session.scalar(sa.select(sa.func.coalesce(sa.func.max(EventRow.position), 0))) or 0
    if waiting:
        session.execute(
            sa.update(EventRow),
            [{"id": event_id, "position": last + n} for n, event_id in enumerate(waiting, start=1)],
        )
    return len(waiting)


def undelivered(session: Session, *, limit: int = 200) -> list[UUID]:
    """Positioned events that some handler has not had yet, in order."""
    return list(
        session.scalars(
            sa.select(EventRow.id)
            .where(EventRow.position.is_not(None), EventRow.delivered_at.is_(None))
            .order_by(EventRow.position)
            .limit(limit)
        )
    )


def pending_handlers(session: Session, event_id: UUID) -> list[str]:
    """The handlers that still wait for an event and may have it now; closes an event nobody waits for."""
    row = session.get_one(EventRow, event_id)
    deliveries = {
        d.handler: d
        for d in session.scalars(sa.select(EventDelivery).where(EventDelivery.event_id == event_id))
    }
    names = [name_of(handler) for handler in _handlers(_after_commit, row.type)]
    open_ = [n for n in names if not ((d := deliveries.get(n)) and (d.done_at or d.attempts >= MAX_ATTEMPTS))]
    if not open_:
        row.delivered_at = clock.now()
    now = clock.now()
    return [n for n in open_ if not ((d := deliveries.get(n)) and d.not_before and d.not_before > now)]


def deliver(session: Session, event_id: UUID, handler_name: str) -> None:
    """Give one event to one handler, once: the delivery row and the handler's work commit together."""
    row = session.get_one(EventRow, event_id)
    key = {"event_id": event_id, "handler": handler_name}
    dialect.insert_if_absent(
        session,
        EventDelivery.__table__,
        {"id": new_id(), "attempts": 0, **key},
        key=["event_id", "handler"],
    )
    delivery = session.scalars(sa.select(EventDelivery).filter_by(**key).with_for_update()).one()
    if delivery.done_at:
        return
    handler = next(h for h in _handlers(_after_commit, row.type) if name_of(h) == handler_name)
    handler(session, _event_of(row))
    delivery.done_at = clock.now()


def note_failure(session: Session, event_id: UUID, handler_name: str, error: str) -> None:
    """Remember that a handler failed, and wait 30 s · 2^n before it has the event again."""
    key = {"event_id": event_id, "handler": handler_name}
    dialect.insert_if_absent(
        session,
        EventDelivery.__table__,
        {"id": new_id(), "attempts": 0, **key},
        key=["event_id", "handler"],
    )
    delivery = session.scalars(sa.select(EventDelivery).filter_by(**key)).one()
    delivery.attempts += 1
    delivery.error = error[:2000]
    delivery.not_before = _later(clock.now(), delivery.attempts)


def _later(now: datetime, attempts: int) -> datetime:
    return now + timedelta(seconds=min(30 * 2**attempts, 6 * 3600))
