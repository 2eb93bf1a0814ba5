"""What goes in and out of leads."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from crm_api.core.schemas import (
    Amount,
    Body,
    Currency,
    CustomValues,
    Email,
    Instant,
    Line,
    Name,
    Percent,
    Phone,
    Shown,
    Text,
    Url,
    example,
)
from crm_api.core.vocabulary import Vocabulary

LeadStatus = Literal[
    "new", "contacted", "callback", "qualified", "proposal", "negotiation", "converted", "lost"
]
LeadSource = Literal[
    "website",
    "referral",
    "phone",
    "email",
    "trade_show",
    "social_media",
    "facebook",
    "instagram",
    "whatsapp",
    "advertising",
    "partner",
    "cold_call",
    "other",
]
Priority = Literal["low", "medium", "high", "urgent"]
Rating = Literal["cold", "warm", "hot"]


WORDS = Vocabulary(
    names={
        "name": "title",
        "lead_number": "number",
        "contact_person": "contact_name",
        "title_position": "job_title",
        "lead_score": "score",
        "estimated_deal_value": "estimated_value",
        "expected_revenue": "estimated_value",
        "assigned_to_id": "owner_id",
        "assigned_to": "owner_id",
    },
    values={"status": {"inquiry": "new", "won": "converted"}},
    joined={"contact_name": ("first_name", "last_name")},
)


class _LeadFields(Body):
    vocabulary = WORDS

    title: Name | None = Field(None, description="Derived from company or person when not given.")
    company_name: Name | None = None
    first_name: Name | None = None
    last_name: Name | None = None
    job_title: Line | None = None
    email: Email | None = None
    phone: Phone | None = None
    mobile: Phone | None = None
    website: Url | None = None
    industry: Line | None = None
    company_size: Line | None = None
    street: Line | None = None
    city: Line | None = None
    state: Line | None = None
    zip: Line | None = None
    country: Line | None = None
    source: LeadSource | None = None
    rating: Rating | None = None
    probability: Percent | None = None
    estimated_value: Amount | None = Field(None, description="In major units of `currency`.")
    currency: Currency | None = None
    requirements: Text | None = None
    description: Text | None = None
    next_follow_up_date: Instant | None = None
    pipeline_id: UUID | None = None
    stage_id: UUID | None = None
    owner_id: UUID | None = None
    territory_id: UUID | None = None
    tags: list[Name] | None = Field(None, max_length=50)
    custom_fields: CustomValues | None = None
    external_system: Line | None = None
    external_id: Line | None = None
    source_updated_at: Instant | None = None


class LeadIn(_LeadFields):
    """A new lead: one of title, company or person is needed. Without an owner it is its maker's."""

    model_config = example(
        {
            "company_name": "Harbor Logistics",
            "first_name": "Ann",
            "last_name": "Lee",
            "email": "ann@harbor.example",
            "source": "trade_show",
            "estimated_value": 48000,
            "currency": "USD",
        }
    )

    status: LeadStatus | None = None
    priority: Priority = "medium"
    score: Percent = 50
    is_qualified: bool = False
    email_opt_out: bool = False
    do_not_call: bool = False


class LeadPatch(_LeadFields):
    status: LeadStatus | None = None
    priority: Priority | None = None
    score: Percent | None = None
    is_qualified: bool | None = None
    email_opt_out: bool | None = None
    do_not_call: bool | None = None
    lost_reason: Line | None = None


class LeadOut(Shown):
    vocabulary = WORDS

    id: UUID
    number: str
    title: str
    company_name: str | None
    first_name: str | None
    last_name: str | None
    contact_name: str | None
    job_title: str | None
    email: str | None
    phone: str | None
    mobile: str | None
    website: str | None
    industry: str | None
    company_size: str | None
    street: str | None
    city: str | None
    state: str | None
    zip: str | None
    country: str | None
    status: LeadStatus
    source: LeadSource | None
    priority: Priority
    rating: Rating | None
    score: int
    is_qualified: bool
    is_hot_lead: bool
    probability: int | None
    estimated_value: float | None
    currency: str
    requirements: str | None
    description: str | None
    next_follow_up_date: datetime | None
    email_opt_out: bool
    do_not_call: bool
    pipeline_id: UUID
    stage_id: UUID
    owner_id: UUID | None
    team_id: UUID | None
    territory_id: UUID | None
    tags: list[str]
    last_contact_date: datetime | None
    call_attempts: int
    days_since_created: int
    converted_at: datetime | None
    lost_reason: str | None
    custom_fields: dict[str, Any]
    external_system: str | None
    external_id: str | None
    source_updated_at: datetime | None
    origin: str
    archived_at: datetime | None
    created_at: datetime
    updated_at: datetime
    version: int
