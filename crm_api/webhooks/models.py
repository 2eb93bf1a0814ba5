"""Endpoints, what is to be delivered to them, and the log of every attempt."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crm_api.core import clock
from crm_api.core.columns import Timestamps, Versioned, one_of
from crm_api.core.database import Base

STATUSES = ("pending", "sending", "delivered", "failed", "cancelled")
OPEN = ("pending", "sending")
_OPEN = sa.text("status IN ('pending', 'sending')")


class Webhook(Timestamps, Versioned, Base):
    """An address that is told of events, on behalf of its owner and within what the owner sees.

    `secret` is encrypted, not hashed: signing needs it. The one before stays good until
    `previous_secret_until`. `event_types` are patterns, `exclude_origins` channels to leave out.
    """

    __tablename__ = "webhooks"
    __kind__ = "webhook"
    __audited__ = True
    __secret__ = ("secret", "previous_secret")
    __table_args__ = (sa.Index("ix_webhooks_created", "created_at", "id"),)

    name: Mapped[str]
    url: Mapped[str]
    event_types: Mapped[list[str]]
    exclude_origins: Mapped[list[str]]
    owner_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id"), index=True)
    is_active: Mapped[bool] = mapped_column(default=True)
    disabled_at: Mapped[datetime | None]
    disabled_reason: Mapped[str | None]
    secret: Mapped[bytes]
    previous_secret: Mapped[bytes | None]
    previous_secret_until: Mapped[datetime | None]


class WebhookStats(Base):
    """How an endpoint is doing; derived, and so apart from the row whose version people see."""

    __tablename__ = "webhook_stats"

    webhook_id: Mapped[UUID] = mapped_column(sa.ForeignKey("webhooks.id", ondelete="CASCADE"), unique=True)
    failing_since: Mapped[datetime | None]
    last_success_at: Mapped[datetime | None]
    last_failure_at: Mapped[datetime | None]


class WebhookDelivery(Base):
    """One event for one endpoint; its id is the `webhook-id`, the same on every attempt and replay.

    A claimed delivery is `sending`, and `due_at` the end of its lease: whoever dies with it lets it come
    due again. `token` fences off who comes back too late. A test has no event.
    """

    __tablename__ = "webhook_deliveries"
    __kind__ = "webhook_delivery"
    __table_args__ = (
        one_of("status", STATUSES),
        sa.UniqueConstraint("webhook_id", "event_id"),
        sa.Index("ix_webhook_deliveries_due", "webhook_id", "due_at", "id", sqlite_where=_OPEN, postgresql_where=_OPEN),
        sa.Index("ix_webhook_deliveries_log", "webhook_id", "created_at", "id"),
        sa.Index("ix_webhook_deliveries_created", "created_at", "id"),
        sa.Index("ix_webhook_deliveries_event", "event_id"),
    )  # fmt: skip

    webhook_id: Mapped[UUID] = mapped_column(sa.ForeignKey("webhooks.id", ondelete="CASCADE"))
    event_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("events.id", ondelete="CASCADE"))
    event_type: Mapped[str]
    status: Mapped[str] = mapped_column(default="pending")
    token: Mapped[int] = mapped_column(default=0)
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    last_attempt_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    response_status: Mapped[int | None]
    latency_ms: Mapped[int | None]
    response_excerpt: Mapped[str | None]
    error: Mapped[str | None]


class WebhookAttempt(Base):
    """One attempt: what was answered, and how long it took."""

    __tablename__ = "webhook_attempts"
    __table_args__ = (sa.Index("ix_webhook_attempts_delivery", "delivery_id", "at"),)

    delivery_id: Mapped[UUID] = mapped_column(sa.ForeignKey("webhook_deliveries.id", ondelete="CASCADE"))
    at: Mapped[datetime]
    response_status: Mapped[int | None]
    latency_ms: Mapped[int]
    response_excerpt: Mapped[str | None]
    error: Mapped[str | None]
