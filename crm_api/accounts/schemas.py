"""What goes in and out of accounts."""

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

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
    Weekdays,
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
        "employee_count": "employees",
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
    shipping_street: Line | None = None
    shipping_city: Line | None = None
    shipping_state: Line | None = None
    shipping_zip: Line | None = None
    shipping_country: Line | None = None
    visit_street: Line | None = None
    visit_city: Line | None = None
    visit_state: Line | None = None
    visit_zip: Line | None = None
    visit_country: Line | None = None
    latitude: Latitude | None = None
    longitude: Longitude | None = None
    opening_hours: OpeningHours | None = None
    visit_minutes: int | None = Field(None, ge=1, le=720)
    visit_every_days: int | None = Field(None, ge=1, le=3660)
    visit_days: Weekdays | None = None
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
    shipping_street: str | None
    shipping_city: str | None
    shipping_state: str | None
    shipping_zip: str | None
    shipping_country: str | None
    visit_street: str | None
    visit_city: str | None
    visit_state: str | None
    visit_zip: str | None
    visit_country: str | None
    latitude: float | None
    longitude: float | None
    opening_hours: OpeningHours | None
    visit_minutes: int | None
    visit_every_days: int | None
    visit_days: Weekdays | None = Field(description="ISO weekdays on which visits are welcome; null is any.")
    tags: list[str]
    last_contact_at: datetime | None
    last_visit_at: datetime | None
    contact_count: int = Field(description="Contacts on it.")
    opportunity_count: int = Field(description="Deals on it that you may see, open and closed.")
    open_opportunity_count: int
    total_value: float = Field(description="What these deals come to, in the organisation's currency.")
    open_value: float
    base_currency: str = Field(description="The organisation's: that of the values here and of the spend.")
    order_count: int | None
    annual_orders: int | None = Field(description="Orders of the last 365 days.")
    annual_spend: float | None = Field(description="What they come to, in the organisation's currency.")
    last_order_date: date | None
    last_order_value: float | None
    order_rhythm_days: float | None = Field(description="The median of the days between orders.")
    next_order_date: date | None = Field(description="The last order and the rhythm.")
    order_overdue_days: int | None
    recency_score: int | None = Field(description="1 to 5: the fifth of all accounts with orders it is in.")
    frequency_score: int | None
    monetary_score: int | None
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


class HierarchyFigures(BaseModel):
    """What accounts come to; amounts in the organisation's currency, over what you may see."""

    contacts: int
    open_opportunities: int
    open_value: float
    won_value: float
    annual_spend: float


class HierarchyAccount(BaseModel):
    """One account of a tree. `below_id` is the account above it in this tree, the nearest one you may see."""

    id: UUID
    number: str
    name: str
    account_type: AccountType
    owner_id: UUID | None
    parent_id: UUID | None
    below_id: UUID | None
    level: int = Field(description="0 for the top of the tree.")
    own: HierarchyFigures
    total: HierarchyFigures = Field(description="Its own, and those of all below it.")


class Hierarchy(BaseModel):
    """The tree an account belongs to, top first, each account followed by those below it, by name."""

    account_id: UUID
    currency: str
    complete: bool = Field(
        description="Whether these are all; of very large groups the first 1,000 are shown."
    )
    accounts: list[HierarchyAccount]
