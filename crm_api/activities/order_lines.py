"""Orders on the timelines of their account, contact and deal: one line an order, which follows it."""

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.activities.models import TimelineEntry
from crm_api.core import context
from crm_api.core.ids import new_id
from crm_api.core.money import decimals
from crm_api.events import Event

KIND = "order"
LINKS = ("account_id", "contact_id", "opportunity_id")


def tell(session: Session, event: Event) -> None:
    """Put an order on the timelines of what it is linked to, in place of what they said of it before."""
    if event.type != "order.created":
        forget(session, event)
    session.execute(sa.insert(TimelineEntry), [_line(event.subject_id, event.data)])


def forget(session: Session, event: Event) -> None:
    """Take an order off every timeline."""
    said = TimelineEntry.kind == KIND, TimelineEntry.record_id == event.subject_id
    session.execute(sa.delete(TimelineEntry).where(*said))


def forget_many(session: Session, order_ids: Collection[UUID]) -> None:
    """The same for many."""
    said = TimelineEntry.kind == KIND, TimelineEntry.record_id.in_(order_ids)
    session.execute(sa.delete(TimelineEntry).where(*said))


def tell_many(session: Session, orders: Iterable[tuple[UUID, Mapping[str, Any]]]) -> None:
    """The same for many new orders, of which no event tells: their ids, with what an event would say of them."""
    rows = [_line(order_id, told) for order_id, told in orders]
    if rows:
        session.execute(sa.insert(TimelineEntry), rows)


def _line(order_id: UUID, told: Mapping[str, Any]) -> dict[str, Any]:
    day = date.fromisoformat(told["order_date"])
    return {
        "id": new_id(),
        "at": datetime.combine(day, time(12), UTC),  # noon: the same calendar day nearly everywhere
        "kind": KIND,
        "type": KIND,
        "record_id": order_id,
        "summary": summary_of(told),
        "actor_id": context.current().actor_id,
        **{link: told.get(link) for link in LINKS},
    }


def summary_of(told: Mapping[str, Any]) -> str:
    """The sentence an order has on a timeline."""
    places = decimals(told["currency"])
    worth = f" · {told['currency']} {told['total']:,.{places}f}" if told["total"] is not None else ""
    return f"Order {told['number']} · {told['status']}{worth}"[:500]
