"""Orders: taken over from the order system, or written here; what an account is said to spend follows from them."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.access import Actor, require_create
from crm_api.accounts.models import Account
from crm_api.conditions import records
from crm_api.core import clock, context
from crm_api.core.columns import touch
from crm_api.core.errors import Invalid
from crm_api.core.money import recast, require_currency, to_major, to_minor
from crm_api.core.numbering import take
from crm_api.core.schemas import apply_patch, changes, refuse_null
from crm_api.events import Event, record
from crm_api.orders import figures, lines
from crm_api.orders.lines import Line
from crm_api.orders.models import Order
from crm_api.orders.schemas import ExternalReference, OrderIn, OrderPatch
from crm_api.organisation import rates
from crm_api.organisation import service as organisation
from crm_api.writes import erasing, externals

_LINKS = ("account", "contact", "opportunity")


def create(session: Session, actor: Actor, *, data: OrderIn) -> Order:
    """A new order. Raises Invalid for links that lead nowhere, and for a total its lines do not come to."""
    require_create(actor, "order")
    values = _linked(session, actor, data.model_dump(exclude={"lines", "total"}), data)
    values["currency"] = require_currency(data.currency or organisation.currency(session))
    values["order_date"] = data.order_date or organisation.today(session)
    rows = lines.priced(session, data.lines or [], currency=values["currency"])
    values["total"] = settled_total(data.total, rows, currency=values["currency"])
    if data.number is None:
        values["number"] = take(session, "ORD", organisation.today(session))[0]
    order = Order(**values, origin=context.current().origin)
    _revalue(session, order)
    session.add(order)
    session.flush()
    lines.add(session, order.id, rows)
    record(session, event(session, "order.created", order))
    figures.refresh(session, [order.account_id])
    return order


def update(
    session: Session, actor: Actor, *, order_id: UUID, data: OrderPatch, if_match: int | None
) -> Order:
    """Change just the fields sent; `lines` are replaced as a whole, and the total follows them."""
    order: Order = records.get(session, actor, Order, order_id, writing=True, if_match=if_match)
    values = _linked(session, actor, changes(data, leave_out=("lines", "total")), data)
    refuse_null(values, "number", "account_id", "status", "order_date", "currency")
    if "currency" in values:
        values["currency"] = require_currency(values["currency"])
    rows = _relined(session, order, data, values.get("currency", order.currency))
    if rows is not None or "total" in data.model_fields_set:
        values["total"] = _total_after(session, order, data, rows, values.get("currency", order.currency))
    account_before, status_before = order.account_id, order.status
    changed = apply_patch(order, values)
    if rows is not None and lines.replace(session, {order.id: rows}):
        touch(order)
        changed = True
    if changed:
        _revalue(session, order)
        session.flush()
        cancelled = order.status == "cancelled" != status_before
        told = sorted(data.model_fields_set)
        record(
            session, event(session, f"order.{'cancelled' if cancelled else 'updated'}", order, fields=told)
        )
        figures.refresh(session, {account_before, order.account_id})
    return order


def archive(session: Session, actor: Actor, *, order_id: UUID, if_match: int | None) -> None:
    """Delete softly: it counts no more."""
    order = records.get(session, actor, Order, order_id, writing=True, if_match=if_match)
    order.archived_at = clock.now()
    _told(session, "order.archived", order)


def erase(session: Session, actor: Actor, *, order_id: UUID, if_match: int | None) -> None:
    """Delete for good; for administrators. What the account spends is counted without it."""
    account_id = session.scalar(sa.select(Order.account_id).where(Order.id == order_id))
    erasing.erase(session, actor, kind="order", record_id=order_id, if_match=if_match)
    if account_id is not None:
        figures.refresh(session, [account_id])


def restore(session: Session, actor: Actor, *, order_id: UUID) -> Order:
    """Take a soft deletion back."""
    order: Order = records.get(session, actor, Order, order_id, writing=True, archived=True)
    if order.archived_at is not None:
        order.archived_at = None
        _told(session, "order.restored", order)
    return order


def settled_total(given: Any, rows: list[Line], *, currency: str) -> int | None:
    """An order's total in minor units: as given, else what the lines come to; None where neither is said.

    Raises Invalid where both are said and differ by more than a minor unit a line, which is what rounding
    line by line may come to.
    """
    total = to_minor(given, currency, field="total")
    summed = lines.total_of(rows) if rows else None
    if total is None or summed is None:
        return summed if total is None else total
    if abs(total - summed) > max(1, len(rows)):
        told = f"{to_major(total, currency)} is given, but the lines come to {to_major(summed, currency)}"
        raise Invalid.field("total", f"{told}; leave it out, or correct the lines")
    return total


def event(session: Session, type_: str, order: Order, **data: Any) -> Event:
    """An event about an order, seen by whoever was responsible for its account."""
    account = session.get_one(Account, order.account_id)
    told = {
        "number": order.number,
        "status": order.status,
        "order_date": order.order_date.isoformat(),
        "total": to_major(order.total, order.currency),
        "currency": order.currency,
    }
    links = {f"{kind}_id": getattr(order, f"{kind}_id") for kind in _LINKS}
    return Event(
        type_, "order", order.id, {**told, **links, **data}, account.owner_id, account.team_id, account.territory_id
    )  # fmt: skip


def _told(session: Session, type_: str, order: Order) -> None:
    session.flush()
    record(session, event(session, type_, order))
    figures.refresh(session, [order.account_id])


def _linked(
    session: Session, actor: Actor, values: dict[str, Any], data: OrderIn | OrderPatch
) -> dict[str, Any]:
    """The values with ids of ours for the records they name; raises Invalid naming a link that leads nowhere."""
    names = [f"{kind}_id" for kind in _LINKS]
    named = {n: each for n in names if isinstance(each := getattr(data, n), ExternalReference)}
    if named:
        marks = {name: each.model_dump() for name, each in named.items()}
        values |= externals.Links(session, actor, "order").resolved(marks)
    for kind, name in zip(_LINKS, names, strict=True):
        if values.get(name):
            records.require_link(session, actor, kind, values[name], field=name)
    return values


def _relined(session: Session, order: Order, data: OrderPatch, currency: str) -> list[Line] | None:
    """The lines as they are to be, or None where they stay; in another currency they keep the numbers people see."""
    present = lines.of_order(session, order) if data.lines is not None or currency != order.currency else []
    if data.lines is not None:
        kept = {row["product_id"] for row in present}
        return lines.priced(session, data.lines, currency=currency, kept=kept)
    if currency == order.currency:
        return None
    for row in present:
        field = f"lines.{row['position']}.unit_price"
        row["unit_price"] = recast(row["unit_price"], order.currency, currency, field=field)
    return present


def _total_after(
    session: Session, order: Order, data: OrderPatch, rows: list[Line] | None, currency: str
) -> int | None:
    if rows is None:
        rows = lines.of_order(session, order)
    if "total" in data.model_fields_set:
        return settled_total(data.total, rows, currency=currency)
    if rows:
        return lines.total_of(rows)
    return recast(order.total, order.currency, currency, field="total") if data.lines is None else None


def _revalue(session: Session, order: Order) -> None:
    """The total in the organisation's currency, at the rate of the day of the order."""
    order.total_base = rates.convert(session, order.total, order.currency, on=order.order_date)
