"""Activities and the timeline."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crm_api.core import clock
from crm_api.core.columns import (
    Archivable,
    Customised,
    Timestamps,
    UTCDateTime,
    Versioned,
    derived,
    given_index,
    one_of,
    sort_index,
)
from crm_api.core.database import Base

ACTIVITY_TYPES = ("call", "email", "meeting", "video_call", "chat", "sms", "visit", "other", "task", "note")
CONTACT_TYPES = ("call", "email", "meeting", "video_call", "chat", "sms", "visit", "other")
STATUSES = ("scheduled", "in_progress", "completed", "cancelled")
PRIORITIES = ("low", "medium", "high", "urgent")
TASK_TYPES = ("general", "follow_up", "reminder", "deadline")
DIRECTIONS = ("inbound", "outbound")
_LIVE = sa.text("archived_at IS NULL")
_TO_REMIND = sa.text("remind_at IS NOT NULL AND completed_at IS NULL AND archived_at IS NULL")


def _follow_up_due(row: Any) -> datetime | None:
    """When somebody is to be got back to: the date that was promised, else as soon as can be; None once it is done."""
    if not getattr(row, "requires_follow_up", False) or getattr(row, "follow_up_completed", False):
        return None
    promised: datetime | None = getattr(row, "follow_up_date", None) or getattr(row, "occurred_at", None)
    return promised or getattr(row, "created_at", None) or clock.now()


class Activity(Customised, Timestamps, Versioned, Archivable, Base):
    """One thing done or to be done: calls, mails, meetings, visits, tasks and notes share this table."""

    __tablename__ = "activities"
    __kind__ = "activity"
    __audited__ = True
    __follows__ = ("team_id",)
    __search__ = ("subject", "description", "outcome")
    __table_args__ = (
        sa.Index(
            "uq_activities_external",
            "external_system",
            "external_id",
            unique=True,
            sqlite_where=sa.text("external_id IS NOT NULL"),
            postgresql_where=sa.text("external_id IS NOT NULL"),
        ),
        one_of("activity_type", ACTIVITY_TYPES),
        one_of("status", STATUSES),
        one_of("priority", PRIORITIES),
        one_of("task_type", TASK_TYPES),
        one_of("direction", DIRECTIONS),
        sa.CheckConstraint("duration_minutes >= 0", name="duration_sign"),
        sa.CheckConstraint("latitude BETWEEN -90 AND 90", name="latitude_range"),
        sa.CheckConstraint("longitude BETWEEN -180 AND 180", name="longitude_range"),
        sort_index("ix_activities_live_occurred", "occurred_at", nullable=True),
        sort_index("ix_activities_live_due", "due_at", nullable=True),
        sort_index("ix_activities_live_created", "created_at"),
        sa.Index("ix_activities_owner_due", "owner_id", "due_at", "id"),
        sa.Index("ix_activities_account", "account_id", "occurred_at"),
        given_index("ix_activities_contact", "contact_id"),
        given_index("ix_activities_lead", "lead_id"),
        given_index("ix_activities_opportunity", "opportunity_id"),
        # Tasks by due date, among a hundred times as many calls that are due never.
        sa.Index(
            "ix_activities_type_due", "activity_type", "due_at", "id", sqlite_where=_LIVE, postgresql_where=_LIVE,
            postgresql_ops={"due_at": "NULLS FIRST"},
        ),
        sort_index("ix_activities_live_follow_up", "follow_up_due", nullable=True),
        sa.Index(
            "ix_activities_remind", "remind_at", "id", sqlite_where=_TO_REMIND, postgresql_where=_TO_REMIND
        ),
    )  # fmt: skip

    activity_type: Mapped[str]
    subject: Mapped[str]
    description: Mapped[str | None]
    direction: Mapped[str | None]
    status: Mapped[str] = mapped_column(default="completed")
    priority: Mapped[str] = mapped_column(default="medium")
    task_type: Mapped[str | None]
    occurred_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    remind_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    duration_minutes: Mapped[int | None]
    outcome: Mapped[str | None]
    next_steps: Mapped[str | None]
    requires_follow_up: Mapped[bool] = mapped_column(default=False)
    follow_up_date: Mapped[datetime | None]
    follow_up_completed: Mapped[bool] = mapped_column(default=False)
    follow_up_due: Mapped[datetime | None] = derived(lambda row: _follow_up_due(row), UTCDateTime())
    contact_person: Mapped[str | None]
    related_order: Mapped[str | None]
    attachments: Mapped[list[Any] | None]
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    details: Mapped[dict[str, Any] | None]

    account_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("accounts.id"))
    contact_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("contacts.id"))
    lead_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("leads.id"))
    opportunity_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("opportunities.id"))
    owner_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("users.id"))
    team_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("teams.id"), index=True)
    external_system: Mapped[str | None]
    external_id: Mapped[str | None]
    source_updated_at: Mapped[datetime | None]
    origin: Mapped[str] = mapped_column(default="api")

    @property
    def is_done(self) -> bool:
        """Completed or cancelled."""
        return self.status in ("completed", "cancelled")

    @property
    def is_overdue(self) -> bool:
        """Due before now and not done."""
        return self.due_at is not None and not self.is_done and self.due_at < clock.now()

    @property
    def has_open_follow_up(self) -> bool:
        """Somebody is still to be got back to."""
        return self.requires_follow_up and not self.follow_up_completed

    @property
    def is_contact(self) -> bool:
        """Somebody really was in touch: a completed call, mail, meeting, visit and the like."""
        return self.activity_type in CONTACT_TYPES and self.status == "completed"


class TimelineEntry(Base):
    """One line of a record's timeline: a reference to what happened, with the sentence to show.

    `type` is what the line can be filtered by: the type of an activity, or `stage_change`.
    """

    __tablename__ = "timeline_entries"
    __table_args__ = (
        sa.Index("ix_timeline_account", "account_id", "at", "id"),
        sa.Index("ix_timeline_contact", "contact_id", "at", "id"),
        sa.Index("ix_timeline_lead", "lead_id", "at", "id"),
        sa.Index("ix_timeline_opportunity", "opportunity_id", "at", "id"),
        sa.Index("ix_timeline_record", "kind", "record_id"),
    )

    at: Mapped[datetime]
    kind: Mapped[str]
    type: Mapped[str | None]
    record_id: Mapped[UUID]
    summary: Mapped[str]
    actor_id: Mapped[UUID | None]
    account_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("accounts.id", ondelete="CASCADE"))
    contact_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("contacts.id", ondelete="CASCADE"))
    lead_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("leads.id", ondelete="CASCADE"))
    opportunity_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("opportunities.id", ondelete="CASCADE"))


class ActivityRollup(Base):
    """Live activities counted by state, type, person and UTC day; several rows of one key add up.

    Triggers (`core/rolling.py`) add a row for each change. What a state is, `activities/rollups.py` says.
    """

    __tablename__ = "activity_rollups"
    __table_args__ = (
        sa.Index("ix_activity_rollups_state", "state", "day"),
        sa.Index("ix_activity_rollups_owner", "owner_id"),
    )

    state: Mapped[str]
    activity_type: Mapped[str]
    owner_id: Mapped[UUID | None]
    day: Mapped[date | None]
    activities: Mapped[int]
    minutes: Mapped[int]
