"""What goes in and out of targets."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from crm_api.core.schemas import Amount, Body, Day, example
from crm_api.organisation.fiscal import Period

Measure = Literal["won_value", "won_count", "new_leads", "activities", "visits"]
Weight = Annotated[Decimal, Field(ge=0, le=10**6, allow_inf_nan=False)]


class _Subject(Body):
    user_id: UUID | None = Field(None, description="Whose target it is: a person's, or a team's.")
    team_id: UUID | None = Field(None, description="The team with all teams below it.")
    measure: Measure
    amount: Amount = Field(description="In the organisation's currency for `won_value`, else a whole number.")


class TargetIn(_Subject):
    """A target of one person or one team for one month, quarter or year of the fiscal calendar."""

    model_config = example(
        {
            "user_id": "0198c000-0000-7000-8000-000000000001",
            "measure": "won_value",
            "period": "quarter",
            "starts_on": "2026-10-01",
            "amount": 250_000,
        }
    )

    period: Period
    starts_on: Day = Field(description="The first day of the period.")


class TargetPatch(Body):
    amount: Amount | None = None


class SpreadIn(_Subject):
    """A year's target as twelve targets of a month."""

    model_config = example(
        {
            "team_id": "0198c000-0000-7000-8000-000000000001",
            "measure": "won_count",
            "year": 2026,
            "amount": 120,
        }
    )

    year: int = Field(ge=1900, le=9990, description="The year in which the fiscal year begins.")
    weights: list[Weight] | None = Field(
        None,
        min_length=12,
        max_length=12,
        description="What each month bears, in proportion; else all alike.",
    )


class TargetOut(BaseModel):
    """A target and how far it has come. `percent` is attained / amount, null where the amount is 0."""

    id: UUID
    user_id: UUID | None
    user_name: str | None
    team_id: UUID | None
    team_name: str | None
    measure: Measure
    period: Period
    starts_on: date
    ends_on: date
    amount: float
    currency: str | None = Field(description="The organisation's for a measure of money, else null.")
    attained: float
    percent: float | None
    origin: str
    created_at: datetime
    updated_at: datetime
    version: int


class Targets(BaseModel):
    items: list[TargetOut]
