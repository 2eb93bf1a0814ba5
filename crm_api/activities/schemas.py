"""What goes in and out of activities and timelines."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

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

ActivityType = Literal[
    "call", "email", "meeting", "video_call", "chat", "sms", "visit", "other", "task", "note"
]
Status = Literal["scheduled", "in_progress", "completed", "cancelled"]
Priority = Literal["low", "medium", "high", "urgent"]
TaskType = Literal["general", "follow_up", "reminder", "deadline"]
Direction = Literal["inbound", "outbound"]


WORDS = Vocabulary(
    names={
        "customer_id": "account_id",
        "due_date": "due_at",
        "assigned_to_id": "owner_id",
        "assigned_to": "owner_id",
        "assignee_id": "owner_id",
        "assignee": "owner_id",
        "representative_id": "owner_id",
        "our_representative_id": "owner_id",
        "our_representative": "owner_id",
    },
    values={"activity_type": {"phone": "call"}},
)


class _ActivityFields(Body):
    vocabulary = WORDS

    description: Text | None = None
    direction: Direction | None = None
    status: Status | None = Field(
        None, description="Scheduled for what is due, completed for the rest, when not given."
    )
    task_type: TaskType | None = None
    occurred_at: Instant | None = None
    due_at: Instant | None = None
    remind_at: Instant | None = None
    completed_at: Instant | None = None
    duration_minutes: int | None = Field(None, ge=0, le=100_000)
    outcome: Text | None = None
    next_steps: Text | None = None
    follow_up_date: Instant | None = None
    contact_person: Name | None = Field(None, description="Who was spoken to, where no contact is linked.")
    related_order: Line | None = Field(None, description="The order this was about, by its id or number.")
    attachments: Attachments | None = Field(None, description="Files; a change replaces the whole list.")
    latitude: Latitude | None = None
    longitude: Longitude | None = None
    account_id: UUID | None = None
    contact_id: UUID | None = None
    lead_id: UUID | None = None
    opportunity_id: UUID | None = None
    owner_id: UUID | None = None
    custom_fields: CustomValues | None = None
    external_system: Line | None = None
    external_id: Line | None = None
    source_updated_at: Instant | None = None


class ActivityIn(_ActivityFields):
    """A call, mail, meeting, visit, task or note; it may stand alone."""

    model_config = example(
        {"activity_type": "call", "subject": "Called about the spring order", "outcome": "Wants a quote"}
    )

    activity_type: ActivityType
    subject: Name = Field(examples=["Called about the spring order"])
    priority: Priority = "medium"
    requires_follow_up: bool = False
    follow_up_completed: bool = False


class ActivityPatch(_ActivityFields):
    activity_type: ActivityType | None = None
    subject: Name | None = None
    priority: Priority | None = None
    requires_follow_up: bool | None = None
    follow_up_completed: bool | None = None


class Completion(Body):
    """How it went."""

    outcome: Text | None = None
    next_steps: Text | None = None
    completed_at: Instant | None = None


class ActivityOut(Shown):
    vocabulary = WORDS

    id: UUID
    activity_type: ActivityType
    subject: str
    description: str | None
    direction: Direction | None
    status: Status
    priority: Priority
    task_type: TaskType | None
    occurred_at: datetime | None
    due_at: datetime | None
    remind_at: datetime | None
    completed_at: datetime | None
    duration_minutes: int | None
    outcome: str | None
    next_steps: str | None
    requires_follow_up: bool
    follow_up_date: datetime | None
    follow_up_completed: bool
    contact_person: str | None
    related_order: str | None
    attachments: list[AttachmentShown]
    latitude: float | None
    longitude: float | None
    account_id: UUID | None
    contact_id: UUID | None
    lead_id: UUID | None
    opportunity_id: UUID | None
    owner_id: UUID | None
    team_id: UUID | None
    is_overdue: bool
    custom_fields: dict[str, Any]
    external_system: str | None
    external_id: str | None
    source_updated_at: datetime | None
    origin: str
    archived_at: datetime | None
    created_at: datetime
    updated_at: datetime
    version: int


LineType = Literal[
    "call",
    "email",
    "meeting",
    "video_call",
    "chat",
    "sms",
    "visit",
    "other",
    "task",
    "note",
    "stage_change",
    "order",
]


class TimelineItem(BaseModel):
    """One line of a timeline."""

    id: UUID
    at: datetime
    kind: str
    type: LineType | None
    record_id: UUID
    summary: str
    actor_id: UUID | None


class Timeline(BaseModel):
    """Some lines, newest first, and where they go on."""

    items: list[TimelineItem]
    next_cursor: str | None
