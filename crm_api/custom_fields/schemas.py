"""What goes in and out of custom fields."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, Field, StringConstraints

from crm_api.core.schemas import Body, Clean, Currency, Line, Name, example

Kind = Literal["account", "contact", "lead", "opportunity", "activity", "product"]
Target = Literal["account", "contact", "lead", "opportunity", "activity", "product", "user"]
TypeName = Literal[
    "text", "long_text", "integer", "number", "money", "date", "datetime", "boolean", "choice", "multi_choice",
    "url", "email", "phone", "reference",
]  # fmt: skip
Word = Annotated[str, StringConstraints(min_length=1, max_length=80, strip_whitespace=True), Clean]
Key = Annotated[str, StringConstraints(max_length=40, pattern=r"^[a-z][a-z0-9]*(_[a-z0-9]+)*$")]
Bound = Annotated[float, Field(ge=-(10**15), le=10**15, allow_inf_nan=False)]


class Choice(Body):
    """One word a choice offers; a retired one stays on the records that have it, and is offered no more."""

    value: Word
    label: Word | None = Field(None, description="What people read; the value itself where not given.")
    retired: bool = False


def _choice(value: Any) -> Any:
    return {"value": value} if isinstance(value, str) else value


Choices = Annotated[list[Annotated[Choice, BeforeValidator(_choice)]], Field(min_length=1, max_length=200)]


class _CustomFieldFields(Body):
    help: Line | None = Field(None, description="A sentence shown beside the field.")
    choices: Choices | None = Field(None, description="Of a choice; a word alone stands for its value.")
    default: Any = Field(None, description="What a new record gets where nothing is sent.")
    minimum: Bound | None = Field(None, description="Of the number, or of a text's length.")
    maximum: Bound | None = Field(None, description="Of the number, or of a text's length.")
    unit: Word | None = Field(None, description="Shown after the number.")
    synonyms: list[Word] | None = Field(None, max_length=20, description="Further words for it in questions.")
    group: Name | None = Field(None, description="The heading it stands under.")


class CustomFieldIn(_CustomFieldFields):
    """A new field of one kind of record. Its kind, key, type, target, currency and uniqueness never change."""

    model_config = example(
        {
            "kind": "account",
            "key": "bays",
            "label": "Service bays",
            "type": "integer",
            "minimum": 0,
            "maximum": 500,
        }
    )

    kind: Kind
    key: Key = Field(
        description="Its name in bodies, filters and mappings: lower case, digits and underscores."
    )
    label: Word
    type: TypeName
    target: Target | None = Field(None, description="Of a reference: the kind of record it leads to.")
    currency: Currency | None = Field(None, description="Of an amount; the organisation's where not given.")
    required: bool = Field(False, description="On new records, and on existing ones when they are edited.")
    unique: bool = Field(False, description="No two live records have the same value.")
    searchable: bool = Field(False, description="Whether search finds its words.")
    position: int = Field(0, ge=0, le=10_000)


class CustomFieldPatch(_CustomFieldFields):
    label: Word | None = None
    required: bool | None = None
    searchable: bool | None = None
    position: int | None = Field(None, ge=0, le=10_000)


class ChoiceOut(BaseModel):
    value: str
    label: str
    retired: bool


class CustomFieldOut(BaseModel):
    id: UUID
    kind: Kind
    key: str
    label: str
    help: str | None
    type: TypeName
    target: Target | None
    currency: str | None
    unit: str | None
    choices: list[ChoiceOut]
    default: Any
    minimum: float | None
    maximum: float | None
    required: bool
    unique: bool
    searchable: bool
    synonyms: list[str]
    group: str | None
    position: int
    archived_at: datetime | None
    erasing_at: datetime | None
    created_at: datetime
    updated_at: datetime
    version: int
