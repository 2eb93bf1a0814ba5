"""The log the relay reads."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crm_api.core import clock
from crm_api.core.database import Base


class EventRow(Base):
    """One event. The relay gives it its `position`: ids and times would lose late commits.

    Owner, team and territory of the subject are kept as they were, so that what was deleted since is
    filtered by the same rule as what is there.
    """

    __tablename__ = "events"
    __table_args__ = (
        sa.Index(
            "ix_events_unpositioned",
            "id",
            sqlite_where=sa.text("position IS NULL"),
            postgresql_where=sa.text("position IS NULL"),
        ),
        sa.Index(
            "ix_events_undelivered",
            "position",
            sqlite_where=sa.text("delivered_at IS NULL"),
            postgresql_where=sa.text("delivered_at IS NULL"),
        ),
        sa.Index("ix_events_subject", "subject_id"),
    )

    type: Mapped[str]
    kind: Mapped[str]
    subject_id: Mapped[UUID]
    data: Mapped[dict[str, Any]] = mapped_column(default=dict)
    occurred_at: Mapped[datetime] = mapped_column(default=clock.now)
    position: Mapped[int | None] = mapped_column(unique=True)
    delivered_at: Mapped[datetime | None]
    actor_id: Mapped[UUID | None]
    origin: Mapped[str] = mapped_column(default="system")
    request_id: Mapped[str | None]
    owner_id: Mapped[UUID | None]
    team_id: Mapped[UUID | None]
    territory_id: Mapped[UUID | None]


class EventDelivery(Base):
    """One event given to one handler: exactly once inside the database."""

    __tablename__ = "event_deliveries"
    __table_args__ = (sa.UniqueConstraint("event_id", "handler"),)

    event_id: Mapped[UUID] = mapped_column(sa.ForeignKey("events.id", ondelete="CASCADE"))
    handler: Mapped[str]
    attempts: Mapped[int] = mapped_column(default=0)
    done_at: Mapped[datetime | None]
    not_before: Mapped[datetime | None]
    error: Mapped[str | None]
