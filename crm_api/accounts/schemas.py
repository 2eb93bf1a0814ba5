"""What goes in and out of accounts."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from crm_api.core.schemas import (
    Amount,
    Body,
    Count,
    Currency,
    CustomValues,
    Email,
    Instant,
    Latitude,
    Line,
    Longitude,
    Name,
    OpeningHours,
    Phone,
    Shown,
    Text,
    Url,
    example,
)
from crm_api.core.vocabulary import Vocabulary
from crm_api.writes.duplicates import PossibleDuplicate

AccountType = Literal["prospect", "customer", "dealer", "distributor", "partner", "supplier", "competitor"]
Tier = Literal["bronze", "silver", "gold", "platinum"]
Rating = Literal["cold", "warm", "hot"]


WORDS = Vocabulary(
    names={
        "account_number": "number",
        "account_manager_id": "owner_id",
        "assigned_to_id": "owner_id",
        "assigned_to": "owner_id",
        "parent_account_id": "parent_id",
    },
    values={"account_type": {"vendor": "supplier"}},
)


class _AccountFields(Body):
    vocabulary = WORDS

    account_type: AccountType | None = None
    industry: Line | None = None
    tier: Tier | None = None
    rating: Rating | None = None
    website: Url | None = None
    email: Email | None = None
    phone: Phone | None = None
    employees: Count | None = None
    annual_revenue: Amount | None = Field(None, description="In major units of `currency`.")
    currency: Currency | None = None
    year_established: int | None = Field(None, ge=1000, le=2200)
    description: Text | None = None
    parent_id: UUID | None = None
    owner_id: UUID | None = None
    territory_id: UUID | None = None
    billing_street: Line | None = None
    billing_city: Line | None = None
    billing_state: Line | None = None
    billing_zip: Line | None = None
    billing_country: Line | None = None
    latitude: Latitude | None = None
    longitude: Longitude | None = None
    opening_hours: OpeningHours | None = None
    visit_minutes: int | None = Field(None, ge=1, le=720)
    visit_every_days: int | None = Field(None, ge=1, le=3660)
    tags: list[Name] | None = Field(None, max_length=50)
    custom_fields: CustomValues | None = None
    external_system: Line | None = None
    external_id: Line | None = None
    source_updated_at: Instant | None = None


class AccountIn(_AccountFields):
    """A new account. Without an owner it is its maker's."""

    model_config = example(
        {
            "name": "Riverside Motors",
            "account_type": "dealer",
            "industry": "Automotive",
            "phone": "+1 614 555 0100",
            "billing_city": "Columbus",
            "billing_state": "OH",
            "latitude": 39.96,
            "longitude": -83.0,
            "opening_hours": {"1": [["08:00", "12:00"], ["13:00", "18:00"]]},
            "tags": ["Key account"],
        }
    )

    name: Name = Field(examples=["Riverside Motors"])
    account_type: AccountType = "prospect"


class AccountPatch(_AccountFields):
    name: Name | None = None


class AccountOut(Shown):
    vocabulary = WORDS

    id: UUID
    number: str
    name: str
    account_type: AccountType
    industry: str | None
    tier: Tier | None
    rating: Rating | None
    website: str | None
    email: str | None
    phone: str | None
    employees: int | None
    annual_revenue: float | None
    currency: str
    year_established: int | None
    description: str | None
    parent_id: UUID | None
    owner_id: UUID | None
    team_id: UUID | None
    territory_id: UUID | None
    billing_street: str | None
    billing_city: str | None
    billing_state: str | None
    billing_zip: str | None
    billing_country: str | None
    latitude: float | None
    longitude: float | None
    opening_hours: OpeningHours | None
    visit_minutes: int | None
    visit_every_days: int | None
    tags: list[str]
    last_contact_at: datetime | None
    last_visit_at: datetime | None
    custom_fields: dict[str, Any]
    external_system: str | None
    external_id: str | None
    source_updated_at: datetime | None
    origin: str
    archived_at: datetime | None
    created_at: datetime
    updated_at: datetime
    version: int


class AccountMade(AccountOut):
    """An account just made, with the records that are probably the same."""

    possible_duplicates: list[PossibleDuplicate]
