"""What may be asked about webhooks and their deliveries, and who sees them."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api import access
from crm_api.core.fields import Catalogue, Field, FieldType
from crm_api.core.presenting import shown_by
from crm_api.webhooks.models import STATUSES, Webhook, WebhookAttempt, WebhookDelivery, WebhookStats
from crm_api.webhooks.schemas import AttemptOut, DeliveryOut, DeliveryWithAttempts, WebhookOut

access.declare("webhook", Webhook, owner=Webhook.owner_id)
access.declare("webhook_delivery", WebhookDelivery, follows=(("webhook", WebhookDelivery.webhook_id),))

_WEBHOOKS = sa.select(
    *shown_by(
        WebhookOut,
        Webhook,
        failing_since=WebhookStats.failing_since,
        last_success_at=WebhookStats.last_success_at,
        last_failure_at=WebhookStats.last_failure_at,
    )
).outerjoin(WebhookStats, WebhookStats.webhook_id == Webhook.id)
_DELIVERIES = sa.select(*shown_by(DeliveryOut, WebhookDelivery))
_ATTEMPTS = sa.select(*shown_by(AttemptOut, WebhookAttempt))


def _with_attempts(session: Session, rows: list[dict[str, Any]], single: bool) -> None:
    if single:
        (row,) = rows
        attempts = _ATTEMPTS.where(WebhookAttempt.delivery_id == row["id"]).order_by(
            WebhookAttempt.at, WebhookAttempt.id
        )
        row["attempt_log"] = [dict(attempt) for attempt in session.execute(attempts).mappings()]


WEBHOOKS = Catalogue(
    kind="webhook",
    plural="webhooks",
    asked=False,
    model=Webhook,
    out=WebhookOut,
    label="name",
    fields=(
        Field("name", FieldType.TEXT, Webhook.name, nullable=False),
        Field("url", FieldType.TEXT, Webhook.url, nullable=False),
        Field("is_active", FieldType.BOOLEAN, Webhook.is_active, nullable=False),
        Field("owner_id", FieldType.REFERENCE, Webhook.owner_id, nullable=False),
        Field("created_at", FieldType.DATETIME, Webhook.created_at, sortable=True, nullable=False),
    ),
    shown=lambda: _WEBHOOKS,
)

DELIVERIES = Catalogue(
    kind="webhook_delivery",
    plural="webhook deliveries",
    asked=False,
    model=WebhookDelivery,
    out=DeliveryWithAttempts,
    alone=("attempt_log",),
    label="event_type",
    fields=(
        Field("webhook_id", FieldType.REFERENCE, WebhookDelivery.webhook_id, nullable=False),
        Field("event_id", FieldType.REFERENCE, WebhookDelivery.event_id),
        Field("event_type", FieldType.TEXT, WebhookDelivery.event_type, nullable=False),
        Field("status", FieldType.CHOICE, WebhookDelivery.status, choices=STATUSES, nullable=False),
        Field("response_status", FieldType.INTEGER, WebhookDelivery.response_status),
        Field("last_attempt_at", FieldType.DATETIME, WebhookDelivery.last_attempt_at),
        Field("created_at", FieldType.DATETIME, WebhookDelivery.created_at, sortable=True, nullable=False),
    ),
    shown=lambda: _DELIVERIES,
    decorate=_with_attempts,
)
