"""What goes in and out of orders."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from crm_api.core.schemas import Amount, Body, Currency, Day, Instant, Line, Name, Shown, Text, example
from crm_api.core.vocabulary import Vocabulary

OrderStatus = Literal["draft", "confirmed", "shipped", "delivered", "invoiced", "cancelled", "returned"]

WORDS = Vocabulary(
    names={
        "order_number": "number",
        "customer_id": "account_id",
        "total_amount": "total",
        "ordered_at": "order_date",
    },
    values={"status": {"canceled": "cancelled"}},
)


class ExternalReference(Body):
    """A record by the id that another system knows it by."""

    external_system: Line = Field(min_length=1)
    external_id: Line = Field(min_length=1)


Reference = UUID | ExternalReference


class OrderLineIn(Body):
    """One position: the product by its id, by the other system's id or by its code (`sku`).

    Without a price it has the product's list price, where that is in the order's currency. A `sku` that no product
    here has is kept as it is.
    """

    product_id: Reference | None = None
    sku: Name | None = None
    description: Line | None = None
    quantity: Annotated[Decimal, Field(gt=0, le=10**9, allow_inf_nan=False)] = Decimal(1)
    unit_price: Amount | None = None
    discount_percent: Annotated[Decimal, Field(ge=0, le=100, allow_inf_nan=False)] = Decimal(0)


class OrderLineOut(BaseModel):
    product_id: UUID | None
    product_name: str | None
    sku: str | None
    description: str | None
    quantity: float
    unit_price: float
    discount_percent: float
    total: float


class _OrderFields(Body):
    vocabulary = WORDS

    number: Name | None = Field(
        None, description="Where none is given, the next of the day: ORD-20261121-0001."
    )
    contact_id: Reference | None = None
    opportunity_id: Reference | None = None
    currency: Currency | None = None
    total: Amount | None = Field(
        None,
        description="In major units of `currency`; the sum of the lines where not given. With lines, both must agree "
        "but for rounding: a minor unit a line.",
    )
    reference: Line | None = Field(None, description="The customer's own number for it.")
    description: Text | None = None
    lines: list[OrderLineIn] | None = Field(None, max_length=500)
    external_system: Line | None = None
    external_id: Line | None = None
    source_updated_at: Instant | None = None


class OrderIn(_OrderFields):
    """A new order."""

    model_config = example(
        {
            "number": "SO-10042",
            "account_id": {"external_system": "bos", "external_id": "C-17"},
            "status": "confirmed",
            "order_date": "2026-11-20",
            "currency": "USD",
            "total": 390.00,
            "lines": [{"sku": "RR-1", "quantity": 2, "unit_price": 195.00}],
        }
    )

    account_id: Reference
    status: OrderStatus = "confirmed"
    order_date: Day | None = Field(None, description="Today where not given.")


class OrderPatch(_OrderFields):
    account_id: Reference | None = None
    status: OrderStatus | None = None
    order_date: Day | None = None


class OrderOut(Shown):
    vocabulary = WORDS

    id: UUID
    number: str
    account_id: UUID
    account_name: str
    contact_id: UUID | None
    opportunity_id: UUID | None
    status: OrderStatus
    order_date: date
    currency: str
    total: float | None
    reference: str | None
    description: str | None
    lines: list[OrderLineOut] | None = Field(None, description="On single answers.")
    external_system: str | None
    external_id: str | None
    source_updated_at: datetime | None
    origin: str
    archived_at: datetime | None
    created_at: datetime
    updated_at: datetime
    version: int
