"""The positions of an order."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.audit.service import note_many
from crm_api.core.errors import Invalid
from crm_api.core.ids import new_id
from crm_api.core.money import to_minor
from crm_api.orders.models import Order, OrderLine, line_total
from crm_api.orders.schemas import ExternalReference, OrderLineIn
from crm_api.products.models import Product

Line = dict[str, Any]
COLUMNS = ("product_id", "sku", "description", "position", "quantity", "unit_price", "discount_percent")


def priced(
    session: Session, given: Sequence[OrderLineIn], *, currency: str, kept: Iterable[UUID] = ()
) -> list[Line]:
    """The lines as complete rows; raises Invalid naming the line whose product or price is not there.

    `kept` are products the order names already: these may be archived by now.
    """
    products = _Products(session, given)
    return [_row(products, place, line, currency, set(kept)) for place, line in enumerate(given)]


def total_of(rows: Iterable[Line]) -> int:
    """What lines come to, in minor units: the sum of rounded lines, as an invoice shows them."""
    return sum(line_total(row) for row in rows)


def add(session: Session, order_id: UUID, rows: Sequence[Line]) -> None:
    """The lines of a new order, told by the trail."""
    if rows:
        session.execute(sa.insert(OrderLine), [{"id": new_id(), "order_id": order_id, **row} for row in rows])
        note_many(session, kind="order", changed={order_id: ({"lines": []}, {"lines": list(rows)})})


def replace(session: Session, wanted: Mapping[UUID, Sequence[Line]]) -> set[UUID]:
    """Make complete rows (`COLUMNS`) the lines of orders, and tell the trail; returns whose lines that changed."""
    before = written(session, wanted)
    changed = sorted(i for i in wanted if before[i] != list(wanted[i]))
    if changed:
        session.execute(sa.delete(OrderLine).where(OrderLine.order_id.in_(changed)))
        rows = [{"id": new_id(), "order_id": i, **row} for i in changed for row in wanted[i]]
        if rows:
            session.execute(sa.insert(OrderLine), rows)
        told = {i: ({"lines": before[i]}, {"lines": list(wanted[i])}) for i in changed}
        note_many(session, kind="order", changed=told)
    return set(changed)


def put_back(session: Session, told: Mapping[UUID, Sequence[Line]]) -> set[UUID]:
    """Make what the trail tells of orders their lines again; returns whose lines that changed."""
    return replace(
        session,
        {
            i: [{**row, "product_id": UUID(row["product_id"]) if row["product_id"] else None} for row in rows]
            for i, rows in told.items()
        },
    )


def written(session: Session, ids: Iterable[UUID]) -> dict[UUID, list[Line]]:
    """The lines of orders as rows of `COLUMNS`, in their places; an empty list for an order without any."""
    found: dict[UUID, list[Line]] = {i: [] for i in ids}
    statement = (
        sa.select(OrderLine.order_id, *(getattr(OrderLine, name) for name in COLUMNS))
        .where(OrderLine.order_id.in_(list(found)))
        .order_by(OrderLine.order_id, OrderLine.position)
    )
    for row in session.execute(statement).mappings():
        found[row["order_id"]].append({name: row[name] for name in COLUMNS})
    return found


def of_order(session: Session, order: Order) -> list[Line]:
    """The lines of one order."""
    return written(session, [order.id])[order.id]


class _Products:
    """The products that some lines name, in one statement."""

    def __init__(self, session: Session, given: Sequence[OrderLineIn]) -> None:
        named = [line.product_id for line in given if line.product_id is not None]
        ids = {each for each in named if isinstance(each, UUID)}
        marks = {_mark(each) for each in named if isinstance(each, ExternalReference)}
        skus = {line.sku for line in given if line.sku}
        self._found: dict[Any, Product] = {}
        if not (ids or marks or skus):
            return
        known = sa.or_(
            Product.id.in_(ids),
            sa.and_(Product.code.in_(skus), Product.archived_at.is_(None)),
            *(sa.and_(Product.external_system == one, Product.external_id == other) for one, other in marks),
        )
        for product in session.scalars(sa.select(Product).where(known)):
            self._found[product.id] = self._found[product.external_system, product.external_id] = product
            if not product.is_archived:
                self._found[product.code] = product

    def of(self, line: OrderLineIn, field: str) -> Product | None:
        """The product a line names; raises Invalid where its id leads nowhere. A code may lead nowhere."""
        named = line.product_id
        if named is None:
            return self._found.get(line.sku) if line.sku else None
        product = self._found.get(_mark(named) if isinstance(named, ExternalReference) else named)
        if product is None:
            raise Invalid.field(f"{field}.product_id", "there is no such product")
        return product


def _mark(named: ExternalReference) -> tuple[str, str]:
    return named.external_system, named.external_id


def _row(products: _Products, place: int, line: OrderLineIn, currency: str, kept: set[UUID]) -> Line:
    field = f"lines.{place}"
    product = products.of(line, field)
    if product is None and not (line.sku or line.description):
        raise Invalid.field(field, "say what was ordered: a product_id, a sku or a description")
    if product is not None and product.is_archived and product.id not in kept:
        raise Invalid.field(f"{field}.product_id", "there is no such product")
    price = to_minor(line.unit_price, currency, field=f"{field}.unit_price")
    if price is None and product is not None and product.currency == currency:
        price = product.list_price
    if price is None:
        raise Invalid.field(f"{field}.unit_price", f"is needed: no list price in {currency} is known")
    return {
        "product_id": product.id if product else None,
        "sku": line.sku or (product.code if product else None),
        "description": line.description,
        "position": place,
        "quantity": float(line.quantity),
        "unit_price": price,
        "discount_percent": float(line.discount_percent),
    }
