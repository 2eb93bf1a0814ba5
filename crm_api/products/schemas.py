"""What goes in and out of products."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from crm_api.core.schemas import Amount, Body, Currency, CustomValues, Line, Name, Text, example


class ProductIn(Body):
    """A new product; `list_price` in major units."""

    model_config = example({"name": "Roof rack", "code": "RR-1", "list_price": 199.99, "currency": "USD"})

    name: Name
    code: Name | None = None
    family: Name | None = None
    description: Text | None = None
    list_price: Amount | None = None
    currency: Currency | None = None
    is_active: bool = True
    custom_fields: CustomValues | None = None
    external_system: Line | None = None
    external_id: Line | None = None


class ProductPatch(Body):
    name: Name | None = None
    code: Name | None = None
    family: Name | None = None
    description: Text | None = None
    list_price: Amount | None = None
    currency: Currency | None = None
    is_active: bool | None = None
    custom_fields: CustomValues | None = None
    external_system: Line | None = None
    external_id: Line | None = None


class ProductOut(BaseModel):
    id: UUID
    name: str
    code: str | None
    family: str | None
    description: str | None
    list_price: float | None
    currency: str
    is_active: bool
    custom_fields: dict[str, Any]
    external_system: str | None
    external_id: str | None
    archived_at: datetime | None
    created_at: datetime
    updated_at: datetime
    version: int
