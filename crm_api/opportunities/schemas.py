"""What goes in and out of opportunities."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from crm_api.core.schemas import (
    Amount,
    Body,
    Currency,
    CustomValues,
    Day,
    Instant,
    Line,
    Name,
    Percent,
    Shown,
    Text,
    example,
)
from crm_api.core.vocabulary import Vocabulary

OpportunityType = Literal["new_business", "existing_business", "renewal", "upsell", "cross_sell"]
Priority = Literal["low", "medium", "high", "urgent"]
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


class Close(Body):
    """How a deal ended; a loss needs its reason."""

    stage: Literal["closed_won", "closed_lost"]
    actual_close_date: Instant | None = None
    loss_reason: Line | None = None


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
