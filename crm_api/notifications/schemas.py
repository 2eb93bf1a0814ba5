"""What goes in and out of notifications."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field

from crm_api.core.schemas import Body, example

NotificationType = Literal[
    "assignment", "stage_change", "reminder", "follow_up", "mention", "approval", "visit_plan"
]
Channel = Literal["in_app", "email", "off"]


class NotificationOut(BaseModel):
    id: UUID
    type: NotificationType
    kind: str
    record_id: UUID
    summary: str
    actor_id: UUID | None
    at: datetime
    due_at: datetime | None
    is_read: bool
    read_at: datetime | None


class Unread(BaseModel):
    """How many there are to be looked at."""

    unread: int
    by_type: dict[NotificationType, int]


class ReadAll(Body):
    """Which to tick off: all, or those of one type, or those of one record."""

    type: NotificationType | None = None
    record_id: UUID | None = None


class Marked(BaseModel):
    """How many were ticked off."""

    marked: int


class Preferences(BaseModel):
    """How each type reaches you: in the list, in the list and by mail, or not at all."""

    assignment: Channel
    stage_change: Channel
    reminder: Channel
    follow_up: Channel
    mention: Channel
    approval: Channel
    visit_plan: Channel


class PreferencesPatch(Body):
    """Just the types to change."""

    model_config = example({"assignment": "email", "stage_change": "off"})

    assignment: Channel | None = None
    stage_change: Channel | None = None
    reminder: Channel | None = None
    follow_up: Channel | None = None
    mention: Channel | None = Field(None, description="Somebody wrote @ and your name in a note.")
    approval: Channel | None = None
    visit_plan: Channel | None = Field(
        None, description="Visits were proposed to you, or your proposal was answered."
    )
