"""Rules, sequences and enrolments as people write and read them."""

import re
from datetime import datetime, time
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, Field, WithJsonSchema, field_validator, model_validator

from crm_api.conditions import Tree
from crm_api.core.schemas import Body, Name, example
from crm_api.core.templating import email_templates

_CLOCK = r"^(([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?|24:00)$"


def _local_time(value: Any) -> Any:
    if not isinstance(value, time) and not (isinstance(value, str) and re.fullmatch(_CLOCK, value)):
        raise ValueError("a time of day such as 09:00")
    return "00:00" if value == "24:00" else value


LocalTime = Annotated[
    time,
    BeforeValidator(_local_time),
    WithJsonSchema({"type": "string", "pattern": _CLOCK, "examples": ["09:00"]}),
]


class Window(Body):
    """When mails may leave, in the sender's own time zone. 00:00 to 00:00 is the whole day."""

    days: list[Annotated[int, Field(ge=1, le=7)]] = Field([1, 2, 3, 4, 5], min_length=1, max_length=7)
    start: LocalTime = time(9)
    end: LocalTime = time(17)


class Step(Body):
    """One mail of a sequence: its template, and calendar days to wait after the step before."""

    template: str = Field(examples=["followup_first"])
    delay_days: int = Field(0, ge=0, le=365)

    @field_validator("template")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in email_templates():
            raise ValueError(f"there is no such template; there are {', '.join(email_templates())}")
        return value


FIRST_STEP = Step(template="followup_first")


class SequenceIn(Body):
    """A sequence of mails. A marketing sequence needs consent and one-click unsubscribing, which are not here yet."""

    name: Name
    category: Literal["transactional", "relationship"] = "relationship"
    steps: list[Step] = Field([FIRST_STEP], min_length=1, max_length=20)


class SequencePatch(Body):
    """Changes to a sequence; leads that are in it keep the steps they entered with."""

    name: Name | None = None
    steps: list[Step] | None = Field(None, min_length=1, max_length=20)


class SequenceOut(BaseModel):
    """A sequence of mails."""

    id: UUID
    name: str
    category: str
    steps: list[Step]
    created_at: datetime
    updated_at: datetime
    archived_at: datetime | None
    version: int


class RuleIn(Body):
    """Who gets a follow-up: leads nobody has contacted for `after_minutes` (1,440 a day), for which `where` holds.

    Without `sequence_id` the rule gets a sequence of its own out of `steps`. A new rule is switched off.
    """

    name: Name
    after_minutes: int = Field(ge=0, le=525_600, examples=[4320])
    sequence_id: UUID | None = None
    steps: list[Step] = Field([FIRST_STEP], min_length=1, max_length=20)
    where: Tree | None = None
    window: Window = Window()


class RulePatch(Body):
    """Changes to a rule. One that is switched on goes off where the change may reach other leads."""

    name: Name | None = None
    after_minutes: int | None = Field(None, ge=0, le=525_600)
    sequence_id: UUID | None = None
    where: Tree | None = None
    window: Window | None = None


class RuleOut(BaseModel):
    """A rule, and why it is off where it switched itself off."""

    id: UUID
    name: str
    is_on: bool
    after_minutes: int
    sequence_id: UUID
    where: dict[str, Any] | None
    window: Window
    expected: int | None
    switched_on_at: datetime | None
    switched_on_by: UUID | None
    off_reason: str | None
    created_at: datetime
    updated_at: datetime
    archived_at: datetime | None
    version: int


class PreviewItem(BaseModel):
    """One lead the rule would write to now, with the mail as it would be; `problem` where it cannot be written."""

    lead_id: UUID
    lead: str
    recipient: str
    owner: str
    would_leave_at: datetime | None
    subject: str | None
    text: str | None
    problem: str | None


class PreviewOut(BaseModel):
    """How many leads the rule would write to now, and the first of them."""

    total: int
    items: list[PreviewItem]


class EnrolmentIn(Body):
    """Whom to write to, and with which sequence; in your own name."""

    model_config = example(
        {
            "sequence_id": "0190e2a4-0000-7000-8000-000000000001",
            "contact_id": "0190e2a4-0000-7000-8000-000000000002",
        }
    )

    sequence_id: UUID
    lead_id: UUID | None = None
    contact_id: UUID | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.lead_id is None) == (self.contact_id is None):
            raise ValueError("give either a lead_id or a contact_id")
        return self


class EnrolmentOut(BaseModel):
    """One lead, or one contact, in one sequence; `step` is the next one, counted from 0."""

    id: UUID
    sequence_id: UUID
    rule_id: UUID | None
    lead_id: UUID | None
    contact_id: UUID | None
    owner_id: UUID
    status: str
    stop_reason: str | None
    step: int
    steps: list[Step]
    resume_at: datetime | None
    ended_at: datetime | None
    created_at: datetime
    updated_at: datetime


class TemplateOut(BaseModel):
    """A template that steps may name."""

    name: str
