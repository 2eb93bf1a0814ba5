"""Communications, tasks and notes as they go in and out: each speaks its own words about the one activity behind it."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from crm_api.activities.schemas import Direction, Priority, Status, TaskType
from crm_api.attachments.schemas import Attachments, AttachmentShown
from crm_api.core.schemas import (
    Body,
    CustomValues,
    Instant,
    Latitude,
    Line,
    Longitude,
    Name,
    Shown,
    Text,
    example,
)
from crm_api.core.vocabulary import Vocabulary

CommunicationType = Literal["phone", "email", "meeting", "video_call", "chat", "sms", "visit", "other"]
_CUSTOMER = {"customer_id": "account_id"}
_OWNER = dict.fromkeys(
    (
        "assigned_to_id",
        "assigned_to",
        "assignee_id",
        "assignee",
        "our_representative_id",
        "representative_id",
    ),
    "owner_id",
)
COMMUNICATION = Vocabulary(
    names={
        **_CUSTOMER,
        **dict.fromkeys(
            ("our_representative_id", "our_representative", "assigned_to_id", "assigned_to", "owner_id"),
            "representative_id",
        ),
        "related_order_id": "related_order",
    },
    values={"type": {"call": "phone"}},
)
TASK = Vocabulary(names={**_CUSTOMER, **_OWNER, "due_date": "due_at", "title": "subject"})
NOTE = Vocabulary(names={**_CUSTOMER, **_OWNER, "author_id": "owner_id", "description": "content"})


class _Linked(Body):
    account_id: UUID | None = None
    contact_id: UUID | None = None
    lead_id: UUID | None = None
    opportunity_id: UUID | None = None
    attachments: Attachments | None = Field(None, description="Files; a change replaces the whole list.")
    custom_fields: CustomValues | None = None
    external_system: Line | None = None
    external_id: Line | None = None
    source_updated_at: Instant | None = None


class _LinkedOut(Shown):
    id: UUID
    account_id: UUID | None
    contact_id: UUID | None
    lead_id: UUID | None
    opportunity_id: UUID | None
    team_id: UUID | None
    attachments: list[AttachmentShown]
    custom_fields: dict[str, Any]
    external_system: str | None
    external_id: str | None
    source_updated_at: datetime | None
    origin: str
    archived_at: datetime | None
    created_at: datetime
    updated_at: datetime
    version: int


# ── Communications ───────────────────────────────────────────────────────────────────────────────


class _CommunicationFields(_Linked):
    vocabulary = COMMUNICATION

    direction: Direction | None = None
    content: Text | None = None
    communication_date: Instant | None = Field(None, description="When it took place; now, when not given.")
    duration_minutes: int | None = Field(None, ge=0, le=100_000)
    contact_person: Name | None = None
    representative_id: UUID | None = None
    follow_up_date: Instant | None = None
    outcome: Text | None = None
    next_steps: Text | None = None
    related_order: Line | None = None
    latitude: Latitude | None = None
    longitude: Longitude | None = None


class CommunicationIn(_CommunicationFields):
    """A call, mail, meeting or visit with an account, contact, lead or opportunity: one of them is needed."""

    model_config = example(
        {
            "account_id": "01930000-0000-7000-8000-000000000001",
            "type": "phone",
            "direction": "outbound",
            "subject": "Follow-up on the spring order",
            "content": "Wants a quote for twelve vans.",
            "duration_minutes": 15,
            "requires_follow_up": True,
            "follow_up_date": "2026-12-01T10:00:00Z",
        }
    )

    type: CommunicationType
    subject: Name | None = Field(None, description="The beginning of the content, when not given.")
    requires_follow_up: bool = False
    follow_up_completed: bool = False


class CommunicationPatch(_CommunicationFields):
    type: CommunicationType | None = None
    subject: Name | None = None
    requires_follow_up: bool | None = None
    follow_up_completed: bool | None = None


class CommunicationOut(_LinkedOut):
    vocabulary = COMMUNICATION

    type: CommunicationType
    direction: Direction | None
    subject: str
    content: str | None
    communication_date: datetime | None
    duration_minutes: int | None
    contact_person: str | None
    representative_id: UUID | None
    requires_follow_up: bool
    follow_up_date: datetime | None
    follow_up_completed: bool
    status: Status
    outcome: str | None
    next_steps: str | None
    related_order: str | None
    latitude: float | None
    longitude: float | None


# ── Tasks ────────────────────────────────────────────────────────────────────────────────────────


class _TaskFields(_Linked):
    vocabulary = TASK

    description: Text | None = None
    due_at: Instant | None = None
    remind_at: Instant | None = Field(None, description="When its owner is reminded.")
    owner_id: UUID | None = Field(None, description="Who is to do it; whoever makes it, when not given.")
    status: Status | None = None
    outcome: Text | None = None
    next_steps: Text | None = None


class TaskIn(_TaskFields):
    """Something to be done."""

    model_config = example(
        {
            "subject": "Send the quote",
            "task_type": "deadline",
            "priority": "high",
            "due_at": "2026-12-01T10:00:00Z",
        }
    )

    subject: Name
    task_type: TaskType = "general"
    priority: Priority = "medium"


class TaskPatch(_TaskFields):
    subject: Name | None = None
    task_type: TaskType | None = None
    priority: Priority | None = None


class TaskOut(_LinkedOut):
    vocabulary = TASK

    subject: str
    description: str | None
    task_type: TaskType | None
    status: Status
    priority: Priority
    due_at: datetime | None
    remind_at: datetime | None
    completed_at: datetime | None
    is_overdue: bool
    outcome: str | None
    next_steps: str | None
    owner_id: UUID | None


class Workload(BaseModel):
    """What one person has to do; `owner_id` is null for what is nobody's."""

    owner_id: UUID | None
    owner_name: str | None
    open: int
    overdue: int
    due_today: int
    urgent: int
    completed_last_7_days: int


class Workloads(BaseModel):
    """The tasks that are seen, by who is to do them; most to do first."""

    items: list[Workload]


# ── Notes ────────────────────────────────────────────────────────────────────────────────────────


class _NoteFields(_Linked):
    vocabulary = NOTE

    subject: Name | None = Field(None, description="The beginning of the content, when not given.")


class NoteIn(_NoteFields):
    """Something to be remembered. `@` and a colleague's name in it tells them."""

    model_config = example({"content": "Prefers to be called after four. @Dana Reyes, please take over."})

    content: Text = Field(min_length=1)
    owner_id: UUID | None = Field(None, description="Whose note it is; whoever writes it, when not given.")


class NotePatch(_NoteFields):
    content: Text | None = Field(None, min_length=1)
    owner_id: UUID | None = None


class NoteOut(_LinkedOut):
    vocabulary = NOTE

    subject: str
    content: str | None
    owner_id: UUID | None
