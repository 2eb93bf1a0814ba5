"""What goes in and out of pipelines and stages."""

from datetime import datetime
from typing import Generic, Literal, TypeVar
from uuid import UUID

from pydantic import BaseModel, Field

from crm_api.core.schemas import Body, Count, Line, Name, Percent, Shown, example
from crm_api.core.vocabulary import Vocabulary

Card = TypeVar("Card")
AppliesTo = Literal["lead", "opportunity"]
StageKind = Literal[
    "prospecting",
    "qualification",
    "needs_analysis",
    "proposal",
    "negotiation",
    "closed_won",
    "closed_lost",
    "new",
    "qualified",
    "converted",
    "lost",
]


WORDS = Vocabulary(names={"sequence": "position", "colour": "color"})
PIPELINE_WORDS = Vocabulary(names={"sequence": "position"})


class StageIn(Body):
    """A stage; `kind` is what rules use, the name is free. `is_won` and `is_lost` say the kind of an end."""

    vocabulary = WORDS

    name: Name
    kind: StageKind | None = None
    is_won: bool | None = None
    is_lost: bool | None = None
    probability: Percent = 0
    color: Line = "grey"
    rotting_days: Count | None = None


class NewStage(StageIn):
    model_config = example(
        {
            "pipeline_id": "01920000-0000-7000-8000-000000000000",
            "name": "Trial",
            "kind": "proposal",
            "probability": 60,
        }
    )

    pipeline_id: UUID
    position: Count | None = None


class StagePatch(Body):
    vocabulary = WORDS

    name: Name | None = None
    probability: Percent | None = None
    color: Line | None = None
    rotting_days: Count | None = None
    position: Count | None = None


class PipelineIn(Body):
    """A pipeline with its stages, in order; it needs one won and one lost stage."""

    model_config = example(
        {
            "name": "Fleet",
            "applies_to": "opportunity",
            "stages": [
                {"name": "First talk", "kind": "prospecting", "probability": 10},
                {"name": "Won", "kind": "closed_won"},
                {"name": "Lost", "kind": "closed_lost"},
            ],
        }
    )

    name: Name
    applies_to: AppliesTo
    is_default: bool = False
    stages: list[StageIn] = Field(min_length=2, max_length=30)


class PipelinePatch(Body):
    vocabulary = PIPELINE_WORDS

    name: Name | None = None
    is_default: Literal[True] | None = None
    position: Count | None = None


class StageOut(Shown):
    vocabulary = WORDS

    id: UUID
    pipeline_id: UUID
    name: str
    kind: StageKind
    is_won: bool
    is_lost: bool
    position: int
    probability: int
    color: str
    rotting_days: int | None
    created_at: datetime
    updated_at: datetime
    version: int


class Column(BaseModel, Generic[Card]):
    """One stage with its records: how many and what they are worth in all, and the first cards.

    `weighted_value` is value x probability / 100. More cards: the same request with `stage_id` and `cursor`.
    """

    stage: StageOut
    count: int
    value: float
    weighted_value: float
    cards: list[Card]
    next_cursor: str | None


class Board(BaseModel):
    """A pipeline by stage."""

    pipeline_id: UUID
    pipeline_name: str
    currency: str
    count: int


class PipelineOut(Shown):
    vocabulary = PIPELINE_WORDS

    id: UUID
    name: str
    applies_to: AppliesTo
    is_default: bool
    is_active: bool
    position: int
    stages: list[StageOut]
    archived_at: datetime | None
    created_at: datetime
    updated_at: datetime
    version: int
