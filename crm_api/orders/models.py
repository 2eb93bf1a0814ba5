"""Orders and their lines."""

from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crm_api.core.columns import Archivable, Timestamps, Versioned, figure, one_of, sort_index
from crm_api.core.database import Base

ORDER_STATUSES = ("draft", "confirmed", "shipped", "delivered", "invoiced", "cancelled", "returned")
COUNTING = ("confirmed", "shipped", "delivered", "invoiced")  # what a customer really bought


class Order(Timestamps, Versioned, Archivable, Base):
    """What an account ordered. Money is in minor units of `currency`, `total_base` in the organisation's."""

    __tablename__ = "orders"
    __kind__ = "order"
    __audited__ = True
    __follows__ = ("total_base",)
    __money__ = ("total",)
    __search__ = ("number", "external_id", "reference")
    __table_args__ = (
        one_of("status", ORDER_STATUSES),
        sa.CheckConstraint("total >= 0", name="total_sign"),
        sort_index("ix_orders_live_date", "order_date"),
        sort_index("ix_orders_live_created", "created_at"),
        sort_index("ix_orders_live_number", "number"),
        sort_index("ix_orders_live_total", "total_base", nullable=True),
        sa.Index("ix_orders_account", "account_id", "order_date", "id"),
        sa.Index("ix_orders_status", "status", "order_date"),
        sa.Index(
            "uq_orders_external",
            "external_system",
            "external_id",
            unique=True,
            sqlite_where=sa.text("external_id IS NOT NULL"),
            postgresql_where=sa.text("external_id IS NOT NULL"),
        ),
    )

    number: Mapped[str]
    account_id: Mapped[UUID] = mapped_column(sa.ForeignKey("accounts.id"))
    contact_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("contacts.id"), index=True)
    opportunity_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("opportunities.id"), index=True)
    status: Mapped[str] = mapped_column(default="confirmed")
    order_date: Mapped[date]
    currency: Mapped[str] = mapped_column(default="USD")
    total: Mapped[int | None]
    total_base: Mapped[int | None] = figure()
    reference: Mapped[str | None]
    description: Mapped[str | None]
    external_system: Mapped[str | None]
    external_id: Mapped[str | None]
    source_updated_at: Mapped[datetime | None]
    origin: Mapped[str] = mapped_column(default="api")

    @property
    def counts(self) -> bool:
        """Whether the customer really bought it: neither a draft, nor cancelled, returned or deleted."""
        return self.status in COUNTING and not self.is_archived


class OrderLine(Base):
    """One position of an order; `unit_price` in minor units of the order's currency.

    `sku` is what the other system calls the product: kept where no product here has that code.
    """

    __tablename__ = "order_lines"
    __table_args__ = (
        sa.CheckConstraint("quantity > 0", name="quantity_sign"),
        sa.CheckConstraint("unit_price >= 0", name="price_sign"),
        sa.CheckConstraint("discount_percent BETWEEN 0 AND 100", name="discount_range"),
        sa.Index("ix_order_lines_order", "order_id", "position"),
    )

    order_id: Mapped[UUID] = mapped_column(sa.ForeignKey("orders.id", ondelete="CASCADE"))
    product_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("products.id"), index=True)
    sku: Mapped[str | None]
    description: Mapped[str | None]
    position: Mapped[int] = mapped_column(default=0)
    quantity: Mapped[float] = mapped_column(default=1)
    unit_price: Mapped[int] = mapped_column(default=0)
    discount_percent: Mapped[float] = mapped_column(default=0)


def line_total(line: Any) -> int:
    """Quantity x price less discount, in minor units, rounded half up; takes anything with a line's items."""
    share = (100 - Decimal(str(line["discount_percent"]))) / 100
    exact = Decimal(str(line["quantity"])) * line["unit_price"] * share
    return int(exact.quantize(Decimal(1), ROUND_HALF_UP))
