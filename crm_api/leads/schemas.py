"""What goes in and out of leads."""

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from crm_api.core.schemas import (
    Amount,
    Body,
    Currency,
    CustomValues,
    Day,
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
from crm_api.pipelines.schemas import Board, Column
from crm_api.writes.duplicates import PossibleDuplicate

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
        "qualification_score": "score",
        "address": "street",
        "loss_reason": "lost_reason",
        "converted_to_customer": "converted_account_id",
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
    score: Percent | None = Field(
        None,
        description="0 to 100. One that is given stays; null, or none, is worked out from what is known.",
    )
    budget: Amount | None = Field(None, description="What they can spend, in major units of `currency`.")
    authority: Text | None = Field(None, description="Who decides.")
    need: Text | None = Field(None, description="What they need it for.")
    timeline: Text | None = Field(None, description="By when.")
    estimated_value: Amount | None = Field(None, description="In major units of `currency`.")
    estimated_close_date: Day | None = None
    currency: Currency | None = None
    requirements: Text | None = None
    description: Text | None = None
    next_follow_up_date: Instant | None = None
    notes: Text | None = Field(None, description="Appended as a note with author and time; replaces none.")
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
    is_qualified: bool = False
    email_opt_out: bool = False
    do_not_call: bool = False


class LeadPatch(_LeadFields):
    status: LeadStatus | None = None
    priority: Priority | None = None
    is_qualified: bool | None = None
    email_opt_out: bool | None = None
    do_not_call: bool | None = None
    lost_reason: Line | None = None


class Qualify(Body):
    """What came of looking closer. Qualified, a new lead moves on to the stage of its kind."""

    vocabulary = WORDS
    model_config = example({"qualification_score": 85, "is_qualified": True, "notes": "Budget confirmed"})

    score: Percent | None = None
    is_qualified: bool = True
    budget: Amount | None = None
    authority: Text | None = None
    need: Text | None = None
    timeline: Text | None = None
    notes: Text | None = None


class MoveStage(Body):
    """Where a lead's card is put: a stage, or a status, which has one."""

    model_config = example({"status": "proposal"})
    vocabulary = WORDS

    stage_id: UUID | None = None
    status: LeadStatus | None = None
    probability: Percent | None = None
    notes: Text | None = None


class MarkLost(Body):
    """Why it came to nothing."""

    model_config = example({"lost_reason": "Bought elsewhere"})
    vocabulary = Vocabulary(names={"reason": "lost_reason", "loss_reason": "lost_reason"})

    lost_reason: Line | None = None
    notes: Text | None = None


class CallAttempt(Body):
    """A call to the lead, whether somebody answered or not."""

    model_config = example({"reached": False, "callback_at": "2026-12-01T09:00:00Z"})
    vocabulary = Vocabulary(names={"next_follow_up_date": "callback_at"})

    reached: bool = False
    outcome: Text | None = None
    duration_minutes: int | None = Field(None, ge=0, le=100_000)
    occurred_at: Instant | None = None
    callback_at: Instant | None = Field(None, description="When to call again; the status becomes callback.")
    notes: Text | None = None


class Convert(Body):
    """What a lead becomes: part of an account that is there, or an account of its own."""

    model_config = example({"create_opportunity": True, "notes": "First order placed"})
    vocabulary = Vocabulary(names={"customer_id": "account_id", "converted_to_customer": "account_id"})

    account_id: UUID | None = Field(None, description="The account it joins; a new one where none is given.")
    contact_id: UUID | None = Field(None, description="The contact the person already is.")
    account_name: Name | None = Field(None, description="Of the new account; the company's where not given.")
    create_account: bool | None = Field(None, description="True makes a new account, and goes without an id.")
    create_contact: bool = Field(True, description="Whether the person becomes a contact, if one is named.")
    create_opportunity: bool = False
    opportunity_name: Name | None = None
    expected_close_date: Day | None = None
    allow_duplicate: bool = Field(False, description="Make the account though one of that name is there.")
    notes: Text | None = None


class BulkStatus(Body):
    """One status for many leads; all or none."""

    model_config = example({"lead_ids": ["01920000-0000-7000-8000-000000000000"], "new_status": "contacted"})
    vocabulary = Vocabulary(
        names={"status": "new_status", "notes": "note"}, values={"new_status": WORDS.values["status"]}
    )

    lead_ids: list[UUID] = Field(min_length=1, max_length=200)
    new_status: LeadStatus
    note: Text | None = None


class BulkAssign(Body):
    """One owner for many leads; all or none."""

    model_config = example(
        {
            "lead_ids": ["01920000-0000-7000-8000-000000000000"],
            "agent_user_id": "01920000-0000-7000-8000-000000000001",
        }
    )
    vocabulary = Vocabulary(
        names={
            "owner_id": "agent_user_id",
            "assigned_to_id": "agent_user_id",
            "assigned_to": "agent_user_id",
            "notes": "note",
        }
    )

    lead_ids: list[UUID] = Field(min_length=1, max_length=200)
    agent_user_id: UUID
    note: Text | None = None


class ScoreReason(BaseModel):
    """What counted for a lead, and how much."""

    reason: str
    points: int


class NoteOut(BaseModel):
    """A line of a lead's history: what somebody noted, or what changed (`automatic`)."""

    at: datetime
    author_id: UUID | None
    author: str | None
    text: str
    automatic: bool


class LeadListed(Shown):
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
    score_is_manual: bool
    score_reasons: list[ScoreReason]
    is_qualified: bool
    qualified_at: datetime | None
    is_hot_lead: bool
    budget: float | None
    authority: str | None
    need: str | None
    timeline: str | None
    probability: int | None
    estimated_value: float | None
    estimated_close_date: date | None
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
    days_since_last_contact: int | None
    converted_at: datetime | None
    converted_account_id: UUID | None
    converted_contact_id: UUID | None
    converted_opportunity_id: UUID | None
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


class LeadOut(LeadListed):
    """A lead alone: with its history."""

    notes: list[NoteOut] | None = Field(
        None, description="On single answers: the last hundred, oldest first."
    )


class LeadMade(LeadOut):
    """A lead just made, with the records that are probably the same."""

    possible_duplicates: list[PossibleDuplicate]


class LeadKanban(Board):
    """A pipeline of leads; amounts in the organisation's currency."""

    columns: list[Column[LeadListed]]


class LeadsChanged(BaseModel):
    """The leads of a bulk request as they now are, in the order asked for."""

    updated: int
    items: list[LeadListed]
