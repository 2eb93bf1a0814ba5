"""What goes in and out of opportunities."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from crm_api.core.schemas import (
    Amount,
    Body,
    Count,
    Currency,
    CustomValues,
    Day,
    Flexible,
    Instant,
    Line,
    Name,
    Percent,
    Shown,
    Text,
    Url,
    example,
)
from crm_api.core.vocabulary import Vocabulary
from crm_api.pipelines.schemas import Board, Column

OpportunityType = Literal["new_business", "existing_business", "renewal", "upsell", "cross_sell"]
Priority = Literal["low", "medium", "high", "urgent"]
ForecastCategory = Literal["pipeline", "best_case", "commit", "omitted"]
Approval = Literal["requested", "approved", "rejected"]
Note = Annotated[Text, Field(description="Appended as a note with author and time; never replaces one.")]
StageKind = Literal[
    "prospecting", "qualification", "needs_analysis", "proposal", "negotiation", "closed_won", "closed_lost"
]


WORDS = Vocabulary(
    names={
        "opportunity_number": "number",
        "customer_id": "account_id",
        "amount": "estimated_value",
        "close_date": "expected_close_date",
        "stage_kind": "stage",
        "assigned_to_id": "owner_id",
        "assigned_to": "owner_id",
    },
)


class LineIn(Body):
    """One product of a deal; without a price, the product's list price."""

    product_id: UUID
    quantity: Annotated[Decimal, Field(gt=0, le=10**9, allow_inf_nan=False)] = Decimal(1)
    unit_price: Amount | None = None
    discount_percent: Annotated[Decimal, Field(ge=0, le=100, allow_inf_nan=False)] = Decimal(0)


class LineOut(BaseModel):
    product_id: UUID
    product_name: str
    quantity: float
    unit_price: float | None
    discount_percent: float


class _OpportunityFields(Body):
    vocabulary = WORDS

    description: Text | None = None
    account_id: UUID | None = None
    contact_id: UUID | None = None
    lead_id: UUID | None = None
    pipeline_id: UUID | None = None
    stage_id: UUID | None = None
    stage: StageKind | None = Field(None, description="The kind of stage, where no `stage_id` is given.")
    owner_id: UUID | None = None
    estimated_value: Amount | None = Field(None, description="In major units of `currency`.")
    currency: Currency | None = None
    probability: Percent | None = Field(None, description="0 to 100; that of the stage where not given.")
    expected_close_date: Day | None = None
    started_at: Instant | None = Field(
        None, description="When selling began; the sales cycle runs from here."
    )
    next_step: Line | None = None
    next_step_date: Instant | None = None
    products_interested: Flexible | None = None
    competitors: Flexible | None = None
    risks: Flexible | None = None
    requirements: Flexible | None = None
    forecast_category: ForecastCategory | None = Field(
        None, description="How sure it counts in forecasts; what its stage says where not given."
    )
    notes: Note | None = None
    lines: list[LineIn] | None = Field(None, max_length=200)
    tags: list[Name] | None = Field(None, max_length=50)
    custom_fields: CustomValues | None = None
    external_system: Line | None = None
    external_id: Line | None = None
    source_updated_at: Instant | None = None


class OpportunityIn(_OpportunityFields):
    """A new opportunity. Without an owner it is its maker's."""

    model_config = example(
        {
            "name": "Spring fleet renewal",
            "stage": "proposal",
            "estimated_value": 12500,
            "expected_close_date": "2026-12-24",
        }
    )

    name: Name = Field(examples=["Spring fleet renewal"])
    opportunity_type: OpportunityType = "new_business"
    priority: Priority = "medium"
    loss_reason: Line | None = None
    actual_close_date: Instant | None = None


class OpportunityPatch(_OpportunityFields):
    name: Name | None = None
    opportunity_type: OpportunityType | None = None
    priority: Priority | None = None
    loss_reason: Line | None = None
    actual_close_date: Instant | None = None


class MarkWon(Body):
    """When a deal was won: now, where nothing is said."""

    vocabulary = Vocabulary(
        names={"lost_reason": "loss_reason", "reason": "loss_reason", "note": "notes", "stage_kind": "stage"}
    )

    actual_close_date: Instant | None = None
    notes: Note | None = None


class MarkLost(MarkWon):
    """Why a deal was lost, and when."""

    model_config = example({"loss_reason": "Competitor had lower pricing"})

    loss_reason: Line | None = Field(None, description="A loss needs its reason.")


class Close(MarkLost):
    """How a deal ended; a loss needs its reason."""

    stage: Literal["closed_won", "closed_lost"]


class MoveStage(MarkLost):
    """The stage to enter, by its id or by its kind; entering a won or lost one closes the deal."""

    model_config = example({"stage": "negotiation", "probability": 80})

    stage_id: UUID | None = None
    stage: StageKind | None = None
    probability: Percent | None = Field(None, description="That of the stage where not given.")


class ApprovalNote(Body):
    """What the one who asks, or decides, says about it."""

    note: Text | None = None


class Attachment(Body):
    """A file: its name, and where it is."""

    name: Name
    url: Url
    size: Count | None = None
    type: Line | None = None


class QuoteIn(Body):
    """A mail or a file that is an offer for the deal. Without an amount it is about the deal's own."""

    model_config = example(
        {
            "name": "Offer 2026-117",
            "attachment": {"name": "offer.pdf", "url": "https://files.example.com/117"},
        }
    )

    name: Name
    message_id: UUID | None = Field(None, description="The mail it is.")
    attachment: Attachment | None = Field(None, description="The file it is.")
    amount: Amount | None = Field(None, description="In major units of the deal's currency.")
    valid_until: Day | None = None
    sent_at: Instant | None = Field(None, description="When it was sent, where it was already.")


class QuoteSent(Body):
    """When a quote was sent: now, where nothing is said."""

    sent_at: Instant | None = None


class QuoteOut(BaseModel):
    id: UUID
    opportunity_id: UUID
    name: str
    message_id: UUID | None
    attachment: dict[str, Any] | None
    amount: float | None
    currency: str
    valid_until: date | None
    sent_at: datetime | None
    created_by_id: UUID | None
    created_at: datetime
    updated_at: datetime


class Quotes(BaseModel):
    """The quotes of a deal, newest first."""

    items: list[QuoteOut]


class NoteOut(BaseModel):
    id: UUID
    text: str
    author_id: UUID | None
    at: datetime


class StageStay(BaseModel):
    """One stay in a stage. `days` run until the next move, or now; the stage may be deleted since."""

    stage_id: UUID
    stage_name: str | None
    stage: str | None
    from_stage_id: UUID | None
    entered_at: datetime
    left_at: datetime | None
    days: float
    actor_id: UUID | None


class StageHistory(BaseModel):
    """All stays of a record, oldest first."""

    items: list[StageStay]


class OpportunityOut(Shown):
    vocabulary = WORDS

    id: UUID
    number: str
    name: str
    description: str | None
    account_id: UUID | None
    contact_id: UUID | None
    lead_id: UUID | None
    pipeline_id: UUID
    stage_id: UUID
    stage: StageKind
    stage_name: str
    owner_id: UUID | None
    team_id: UUID | None
    opportunity_type: OpportunityType
    priority: Priority
    estimated_value: float | None
    currency: str
    probability: int
    expected_revenue: float | None
    expected_close_date: date | None
    started_at: datetime | None
    actual_close_date: datetime | None
    loss_reason: str | None
    next_step: str | None
    next_step_date: datetime | None
    products_interested: str | list[Any] | dict[str, Any] | None
    competitors: str | list[Any] | dict[str, Any] | None
    risks: str | list[Any] | dict[str, Any] | None
    requirements: str | list[Any] | dict[str, Any] | None
    forecast_category: ForecastCategory
    stage_entered_at: datetime
    days_in_stage: int
    is_rotting: bool = Field(description="Open, and longer in its stage than the stage's `rotting_days`.")
    push_count: int = Field(description="How often its expected closing was put off.")
    approval_status: Approval | None
    approved_value: float | None = Field(description="The value that was asked about, or approved.")
    approval_note: str | None
    approval_by_id: UUID | None
    approval_at: datetime | None
    notes: list[NoteOut] | None = Field(None, description="On single answers, oldest first; the last 50.")
    lines: list[LineOut] | None = Field(None, description="On single answers.")
    tags: list[str]
    custom_fields: dict[str, Any]
    external_system: str | None
    external_id: str | None
    source_updated_at: datetime | None
    origin: str
    archived_at: datetime | None
    created_at: datetime
    updated_at: datetime
    version: int


class Kanban(Board):
    """A pipeline of deals; amounts in the organisation's currency."""

    columns: list[Column[OpportunityOut]]
