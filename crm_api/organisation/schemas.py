"""What goes in and out of the organisation."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from crm_api.core.schemas import Body, Currency, Line, Name, Text, example


class OrganisationPatch(Body):
    name: Name | None = None
    postal_address: Text | None = None
    time_zone: Line | None = None
    currency: Currency | None = None
    fiscal_year_start_month: int | None = Field(None, ge=1, le=12)


class OrganisationOut(BaseModel):
    name: str
    postal_address: str | None
    time_zone: str
    currency: str
    fiscal_year_start_month: int
    settings: dict[str, Any]
    updated_at: datetime
    version: int


class TerritoryIn(Body):
    model_config = example({"name": "Ohio"})

    name: Name
    parent_id: UUID | None = None


class TerritoryPatch(Body):
    name: Name | None = None
    parent_id: UUID | None = None


class TerritoryOut(BaseModel):
    id: UUID
    name: str
    parent_id: UUID | None
    archived_at: datetime | None
    created_at: datetime
    updated_at: datetime
    version: int
