"""What may be asked about orders, and who sees them."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api import access
from crm_api.accounts.models import Account
from crm_api.core.fields import Catalogue, Field, FieldType, Relation, Word
from crm_api.core.money import to_major
from crm_api.core.presenting import in_major, in_order, shown_by
from crm_api.orders.models import ORDER_STATUSES, Order, OrderLine, line_total
from crm_api.orders.schemas import OrderOut
from crm_api.products.models import Product

access.declare("order", Order, follows=(("account", Order.account_id),))
access.declare("order_line", OrderLine, follows=(("order", OrderLine.order_id),))

_SHOWN = sa.select(*shown_by(OrderOut, Order, account_name=Account.name)).join(
    Account, Account.id == Order.account_id
)


def _decorate(session: Session, rows: list[dict[str, Any]], single: bool) -> None:
    if not single:
        return
    row = rows[0]
    columns = [getattr(OrderLine, n) for n in ("product_id", "sku", "description", "quantity")]
    columns += [OrderLine.unit_price, OrderLine.discount_percent, Product.name.label("product_name")]
    lines = session.execute(
        sa.select(*columns)
        .outerjoin(Product, Product.id == OrderLine.product_id)
        .where(OrderLine.order_id == row["id"])
        .order_by(OrderLine.position)
    )
    row["lines"] = [
        {
            **line,
            "unit_price": to_major(line["unit_price"], row["currency"]),
            "total": to_major(line_total(line), row["currency"]),
        }
        for line in lines.mappings()
    ]


def _present(row: dict[str, Any]) -> dict[str, Any]:
    return in_order(OrderOut, in_major(row, "total"))


CATALOGUE = Catalogue(
    kind="order",
    plural="orders",
    model=Order,
    out=OrderOut,
    alone=("lines",),
    label="number",
    synonyms=("sales order",),
    default_sort="-order_date",
    time_field="order_date",
    fields=(
        Field(
            "number", FieldType.TEXT, Order.number, sortable=True, nullable=False, synonyms=("order number",)
        ),
        Field(
            "status",
            FieldType.CHOICE,
            Order.status,
            label="status",
            choices=ORDER_STATUSES,
            groupable=True,
            nullable=False,
            synonyms=("order status",),
        ),
        Field(
            "order_date",
            FieldType.DATE,
            Order.order_date,
            sortable=True,
            nullable=False,
            synonyms=("date of order", "ordered on"),
        ),
        Field(
            "total",
            FieldType.MONEY,
            Order.total_base,
            sortable=True,
            synonyms=("order value", "order total", "order amount"),
        ),
        Field("currency", FieldType.TEXT, Order.currency, nullable=False, groupable=True),
        Field("account_id", FieldType.REFERENCE, Order.account_id, nullable=False),
        Field("contact_id", FieldType.REFERENCE, Order.contact_id),
        Field("opportunity_id", FieldType.REFERENCE, Order.opportunity_id),
        Field("reference", FieldType.TEXT, Order.reference),
        Field("external_system", FieldType.TEXT, Order.external_system),
        Field("external_id", FieldType.TEXT, Order.external_id),
        Field("origin", FieldType.TEXT, Order.origin, nullable=False),
        Field("created_at", FieldType.DATETIME, Order.created_at, sortable=True, nullable=False),
        Field("updated_at", FieldType.DATETIME, Order.updated_at, nullable=False),
    ),
    relations=(
        Relation("account", "account", Order.account_id, "orders", synonyms=("account",)),
        Relation("contact", "contact", Order.contact_id, "orders"),
        Relation("opportunity", "opportunity", Order.opportunity_id, "orders"),
    ),
    words=(
        Word(("cancelled", "canceled"), {"field": "status", "op": "eq", "value": "cancelled"}),
        Word(("returned",), {"field": "status", "op": "eq", "value": "returned"}),
    ),
    filters={"min_value": ("total", "gte"), "max_value": ("total", "lte")},
    size=("total",),
    listed=("account", "status", "order_date", "total"),
    live=lambda: Order.archived_at.is_(None),
    shown=lambda: _SHOWN,
    decorate=_decorate,
    present=_present,
)

LINES = Catalogue(
    kind="order_line",
    plural="order lines",
    model=OrderLine,
    label="id",
    default_sort="position",
    time_field="",
    asked=False,
    fields=(
        Field("id", FieldType.REFERENCE, OrderLine.id, nullable=False),
        Field("quantity", FieldType.NUMBER, OrderLine.quantity, nullable=False),
        Field("sku", FieldType.TEXT, OrderLine.sku),
        Field("order_id", FieldType.REFERENCE, OrderLine.order_id, nullable=False),
        Field("product_id", FieldType.REFERENCE, OrderLine.product_id),
        Field("position", FieldType.INTEGER, OrderLine.position, sortable=True, nullable=False),
    ),
    relations=(
        Relation("order", "order", OrderLine.order_id, "lines"),
        Relation("product", "product", OrderLine.product_id, "order_lines"),
    ),
)
