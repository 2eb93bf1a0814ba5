"""Writing many orders at once, with their lines, for imports; the job works out the figures of their accounts."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api import audit
from crm_api.core import clock, numbering
from crm_api.core.ids import new_id
from crm_api.core.money import to_major
from crm_api.orders import figures, lines
from crm_api.orders.models import Order, OrderLine
from crm_api.organisation import rates
from crm_api.organisation.service import currency, today
from crm_api.products.models import Product

Row = dict[str, Any]


def insert(session: Session, rows: Sequence[Row]) -> list[UUID]:
    """New orders from complete, valid rows; `lines` may be among the attributes. Returns the ids in order.

    No event is recorded: an import tells of what is long known.
    """
    base, day = currency(session), today(session)
    complete: list[Row] = [{"currency": base, "order_date": day} | row for row in rows]
    own_lines = _completed(session, [row.pop("lines", []) for row in complete])
    for row, own in zip(complete, own_lines, strict=True):
        if row.get("total") is None and own:
            row["total"] = lines.total_of(own)
        row["total_base"] = rates.convert(session, row.get("total"), row["currency"], on=row["order_date"])
    unnumbered = [row for row in complete if not row.get("number")]
    if unnumbered:
        taken = numbering.take(session, "ORD", day, len(unnumbered))
        for row, number in zip(unnumbered, taken, strict=True):
            row["number"] = number
    ids = audit.bulk_insert(
        session, Order, complete, parts=[{"lines": own} if own else {} for own in own_lines]
    )
    made = [
        {"id": new_id(), "order_id": i, **line} for i, own in zip(ids, own_lines, strict=True) for line in own
    ]
    if made:
        session.execute(sa.insert(OrderLine), made)
    figures.mark(session, {row["account_id"] for row in complete})
    return ids


def update(session: Session, rows: Sequence[Row]) -> int:
    """Change orders: rows with `id` and what to set; `lines` replaces the lines. Returns how many really changed."""
    wanted = {row["id"]: row["lines"] for row in rows if "lines" in row}
    complete = dict(zip(wanted, _completed(session, list(wanted.values())), strict=True))
    relined = lines.replace(session, complete)
    before = _before(session, [row["id"] for row in rows])
    plain = []
    for row in rows:
        values = {k: v for k, v in row.items() if k != "lines"}
        now = before[row["id"]] | values
        if row["id"] in relined:
            values["updated_at"] = clock.now()
            if values.get("total") is None and complete[row["id"]]:
                values["total"] = now["total"] = lines.total_of(complete[row["id"]])
        values["total_base"] = rates.convert(session, now["total"], now["currency"], on=now["order_date"])
        plain.append(values)
    changed = audit.bulk_update(session, Order, plain)
    accounts = {old["account_id"] for old in before.values()}
    figures.mark(session, accounts | {row["account_id"] for row in plain if row.get("account_id")})
    return changed


def told(session: Session, ids: Sequence[UUID]) -> list[tuple[UUID, Row]]:
    """Live orders with what an event would say of them."""
    columns = [
        getattr(Order, name) for name in ("account_id", "contact_id", "opportunity_id", "number", "status")
    ]
    statement = sa.select(Order.id, Order.order_date, Order.total, Order.currency, *columns).where(
        Order.id.in_(ids), Order.archived_at.is_(None)
    )
    return [
        (
            row["id"],
            {
                **row,
                "order_date": row["order_date"].isoformat(),
                "total": to_major(row["total"], row["currency"]),
            },
        )
        for row in session.execute(statement).mappings()
    ]


def with_other_lines(session: Session, wanted: Mapping[UUID, Sequence[Row]]) -> set[UUID]:
    """The orders whose lines say something else."""
    complete = dict(zip(wanted, _completed(session, list(wanted.values())), strict=True))
    present = lines.written(session, wanted)
    return {i for i, own in complete.items() if present[i] != own}


def _before(session: Session, ids: Iterable[UUID]) -> dict[UUID, Row]:
    columns = (Order.id, Order.account_id, Order.total, Order.currency, Order.order_date)
    found = session.execute(sa.select(*columns).where(Order.id.in_(list(ids)))).mappings()
    return {row["id"]: dict(row) for row in found}


def _completed(session: Session, given: Sequence[Sequence[Row]]) -> list[list[Row]]:
    """Lines, order by order, with all their columns. One without a price has the list price of its product."""
    ids = {line["product_id"] for own in given for line in own if line.get("product_id")}
    statement = sa.select(Product.id, Product.list_price, Product.code).where(Product.id.in_(ids))
    known = {row.id: row for row in session.execute(statement)} if ids else {}

    def complete(line: Row, place: int) -> Row:
        product = known.get(line.get("product_id"))
        price = line.get("unit_price")
        return {
            "product_id": line.get("product_id"),
            "sku": line.get("sku") or (product.code if product else None),
            "description": line.get("description"),
            "position": place,
            "quantity": float(line.get("quantity") or 1),
            "unit_price": price if price is not None else (product.list_price or 0) if product else 0,
            "discount_percent": float(line.get("discount_percent") or 0),
        }

    return [[complete(line, place) for place, line in enumerate(own)] for own in given]
