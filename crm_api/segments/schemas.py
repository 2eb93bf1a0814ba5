"""What goes in and out of segments."""

import json
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field, RootModel, StringConstraints

from crm_api.core.schemas import Body, Clean, Line, Name, Shown, Text, clean, example
from crm_api.core.vocabulary import Vocabulary

SegmentKind = Literal["static", "dynamic"]
MOST_JSON = 20_000  # characters, as long as any text
MOST_ASSIGNED = 1000

_MEMBERS = Vocabulary(
    names={"customer_ids": "account_ids", "customer_id": "account_id", "assigned_by": "assigned_by_id"}
)


def _storable(value: dict[str, Any]) -> dict[str, Any]:
    try:
        written = json.dumps(value, allow_nan=False)
    except (ValueError, RecursionError) as error:
        raise ValueError("a JSON object of plain values") from error
    if len(written) > MOST_JSON:
        raise ValueError(f"at most {MOST_JSON:,} characters of JSON")
    _require_texts(value)
    return value


def _require_texts(value: Any) -> None:
    """Raise ValueError for texts that no database stores."""
    if isinstance(value, str):
        clean(value)
    elif isinstance(value, list | dict):
        for inner in [*value, *value.values()] if isinstance(value, dict) else value:
            _require_texts(inner)


JsonObject = Annotated[dict[str, Any], AfterValidator(_storable)]
Code = Annotated[str, StringConstraints(min_length=1, max_length=60), Clean]
Priority = Annotated[int, Field(ge=-(10**6), le=10**6)]
_CRITERIA = Field(
    description="Of a static segment anything, kept as it is given. Of a dynamic one the condition tree of "
    "`POST /accounts/search`: whatever account it holds for is a member."
)


class SegmentIn(Body):
    """A new segment."""

    model_config = example(
        {
            "name": "High Value Customers",
            "description": "Customers with annual spend > 500K",
            "code": "HVC",
            "criteria": {"min_annual_spend": 500000, "order_frequency": "monthly"},
            "is_active": True,
            "priority": 1,
            "benefits": {"discount_tier": "Platinum", "payment_terms": "Net 60"},
        }
    )

    name: Name
    code: Code = Field(description="Unique among segments, whatever its case.")
    description: Text | None = None
    kind: SegmentKind = "static"
    criteria: Annotated[JsonObject, _CRITERIA] = Field(default_factory=dict)
    benefits: JsonObject = Field(default_factory=dict)
    is_active: bool = True
    priority: Priority = 0
    external_system: Line | None = None
    external_id: Line | None = None


class SegmentPatch(Body):
    name: Name | None = None
    code: Code | None = None
    description: Text | None = None
    kind: SegmentKind | None = None
    criteria: Annotated[JsonObject | None, _CRITERIA] = None
    benefits: JsonObject | None = None
    is_active: bool | None = None
    priority: Priority | None = None
    external_system: Line | None = None
    external_id: Line | None = None


class SegmentOut(BaseModel):
    id: UUID
    name: str
    code: str
    description: str | None
    kind: SegmentKind
    criteria: dict[str, Any]
    benefits: dict[str, Any]
    is_active: bool
    priority: int
    customer_count: int = Field(description="Live accounts in it, in the whole organisation.")
    evaluated_at: datetime | None = Field(
        description="When the members of a dynamic segment were last worked out; at most some minutes ago."
    )
    external_system: str | None
    external_id: str | None
    origin: str
    archived_at: datetime | None
    created_at: datetime
    updated_at: datetime
    version: int


AccountIds = Annotated[list[UUID], Field(min_length=1, max_length=MOST_ASSIGNED)]


class Assignment(Body):
    """Accounts that come into a segment. `segment_id` may be said again, and is then that of the address."""

    vocabulary = _MEMBERS
    model_config = example({"customer_ids": ["0198a1f0-0000-7000-8000-000000000001"]})

    account_ids: AccountIds
    segment_id: UUID | None = None


class Removal(RootModel[AccountIds | Assignment]):
    """Accounts that leave a segment: a bare list of ids, or the body of an assignment."""

    @property
    def account_ids(self) -> list[UUID]:
        """The accounts, however they were sent."""
        return self.root.account_ids if isinstance(self.root, Assignment) else self.root

    @property
    def segment_id(self) -> UUID | None:
        """The segment, where it was said again."""
        return self.root.segment_id if isinstance(self.root, Assignment) else None


class Assigned(BaseModel):
    """What came of an assignment or a removal."""

    segment_id: UUID
    changed: int = Field(description="How many came in, or left.")
    unchanged: int = Field(description="How many were in it, or out of it, already.")
    customer_count: int


class MemberOut(Shown):
    """An account in a segment, and how it came there."""

    vocabulary = _MEMBERS

    id: UUID
    segment_id: UUID
    segment_code: str
    segment_name: str
    account_id: UUID
    account_name: str
    account_number: str
    account_type: str
    assigned_at: datetime
    assigned_by_id: UUID | None = Field(description="Empty where it follows from the criteria.")
