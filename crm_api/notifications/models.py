"""Notifications, and how each person wants them."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crm_api.core import clock
from crm_api.core.columns import Timestamps, one_of
from crm_api.core.database import Base

TYPES = ("assignment", "stage_change", "reminder", "follow_up", "mention", "approval", "visit_plan")
CHANNELS = ("in_app", "email", "off")
_SHOWN, _UNREAD = sa.text("in_app"), sa.text("in_app AND read_at IS NULL")
_TO_MAIL = sa.text("by_mail AND message_id IS NULL")


class Notification(Base):
    """One thing for one person to know. `key` says what it is about: nobody is told the same twice.

    A row is written even for somebody who wants to hear nothing of it: it is how a job that finds the same reminder
    again knows that it was dealt with. `message_id` is the mail that told of it, or was not worth sending any more.
    """

    __tablename__ = "notifications"
    __kind__ = "notification"
    __table_args__ = (
        one_of("type", TYPES),
        sa.UniqueConstraint("user_id", "key"),
        sa.Index(
            "ix_notifications_list", "user_id", "at", "id", sqlite_where=_SHOWN, postgresql_where=_SHOWN
        ),
        sa.Index("ix_notifications_unread", "user_id", sqlite_where=_UNREAD, postgresql_where=_UNREAD),
        sa.Index("ix_notifications_mail", "user_id", "at", sqlite_where=_TO_MAIL, postgresql_where=_TO_MAIL),
        sa.Index("ix_notifications_record", "record_id", "type", "due_at"),
        sa.Index("ix_notifications_at", "at"),
    )

    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"))
    type: Mapped[str]
    key: Mapped[str]
    kind: Mapped[str]
    record_id: Mapped[UUID]
    summary: Mapped[str]
    actor_id: Mapped[UUID | None]
    at: Mapped[datetime] = mapped_column(default=clock.now)
    due_at: Mapped[datetime | None]
    read_at: Mapped[datetime | None]
    in_app: Mapped[bool]
    by_mail: Mapped[bool]
    message_id: Mapped[UUID | None]

    @property
    def is_read(self) -> bool:
        """Looked at, or ticked off."""
        return self.read_at is not None


class NotificationPreference(Timestamps, Base):
    """How one person wants one type; without a row it is shown in the list alone."""

    __tablename__ = "notification_preferences"
    __table_args__ = (
        one_of("type", TYPES),
        one_of("channel", CHANNELS),
        sa.UniqueConstraint("user_id", "type"),
    )

    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"))
    type: Mapped[str]
    channel: Mapped[str]
