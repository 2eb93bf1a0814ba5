"""Which endpoints and deliveries: pure Selects."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from crm_api.events.models import EventRow
from crm_api.users.models import User
from crm_api.webhooks.models import OPEN, Webhook, WebhookDelivery

_DUE = WebhookDelivery.status.in_(OPEN)


def listening() -> sa.Select[Webhook, User]:
    """The endpoints that are on, with their owners."""
    return sa.select(Webhook, User).join(User, User.id == Webhook.owner_id).where(Webhook.is_active)


def with_work(now: datetime) -> sa.Select[UUID]:
    """The endpoints that have something due."""
    due = sa.exists().where(WebhookDelivery.webhook_id == Webhook.id, _DUE, WebhookDelivery.due_at <= now)
    return sa.select(Webhook.id).where(Webhook.is_active, due).order_by(Webhook.id)


def due(webhook_id: UUID, now: datetime, *, limit: int) -> sa.Select[UUID]:
    """What is due for one endpoint, the longest waiting first."""
    return (
        sa.select(WebhookDelivery.id)
        .where(WebhookDelivery.webhook_id == webhook_id, _DUE, WebhookDelivery.due_at <= now)
        .order_by(WebhookDelivery.due_at, WebhookDelivery.id)
        .limit(limit)
    )


def happened(
    since: datetime, until: datetime | None, *conditions: Any, limit: int
) -> sa.Select[UUID, str, str, int | None]:
    """Events of a stretch of time, in order of position."""
    span = [EventRow.occurred_at >= since, EventRow.position.is_not(None), *conditions]
    if until is not None:
        span.append(EventRow.occurred_at < until)
    return (
        sa.select(EventRow.id, EventRow.type, EventRow.origin, EventRow.position)
        .where(*span)
        .order_by(EventRow.position)
        .limit(limit)
    )


def settled_before(moment: datetime, *, limit: int) -> sa.Select[UUID]:
    """Deliveries that are over and older than `moment`."""
    return (
        sa.select(WebhookDelivery.id)
        .where(WebhookDelivery.created_at < moment, WebhookDelivery.status.not_in(OPEN))
        .order_by(WebhookDelivery.created_at)
        .limit(limit)
    )


def queued_for(event_ids: Collection[UUID]) -> sa.Select[UUID, str, str, str]:
    """What waits to be told of these events: webhook, address and type."""
    return (
        sa.select(
            Webhook.id.label("webhook_id"),
            Webhook.name,
            Webhook.url,
            WebhookDelivery.event_type.label("type"),
        )
        .join(Webhook, Webhook.id == WebhookDelivery.webhook_id)
        .where(WebhookDelivery.event_id.in_(event_ids))
        .order_by(Webhook.name, WebhookDelivery.id)
    )
