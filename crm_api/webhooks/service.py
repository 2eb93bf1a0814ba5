"""Webhooks: making them, changing them, choosing what they are told, telling it again.

Claiming and recording, which only the delivering process does, is in `delivery.py`.
"""

import logging
from collections.abc import Collection
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api import events
from crm_api.access import Actor, actor_of, require_role, visible_event
from crm_api.audit.service import note as audit_note
from crm_api.conditions import records
from crm_api.core import clock, context, dialect
from crm_api.core.errors import Conflict, Invalid, NotFound
from crm_api.core.ids import new_id
from crm_api.core.schemas import apply_patch, changes
from crm_api.events.models import EventRow
from crm_api.events.queries import matches, of_types
from crm_api.events.service import Event
from crm_api.organisation.service import zone
from crm_api.users.models import User
from crm_api.webhooks import queries
from crm_api.webhooks.models import Webhook, WebhookDelivery, WebhookStats
from crm_api.webhooks.schemas import WebhookIn, WebhookPatch

log = logging.getLogger(__name__)

SELF = "self"
KEY_ORIGIN = "api_key:"


def create(session: Session, actor: Actor, *, data: WebhookIn, sealed_secret: bytes) -> Webhook:
    """Make an endpoint; for managers and administrators. Its address was looked at before."""
    require_role(actor, "manager")
    assert actor.user_id is not None, "a person or a key asks"
    webhook = Webhook(
        name=data.name,
        url=data.url,
        event_types=data.event_types,
        exclude_origins=_origins(data.exclude_origins),
        owner_id=actor.user_id,
        secret=sealed_secret,
    )
    session.add_all([webhook, WebhookStats(webhook_id=webhook.id)])
    return webhook


def update(
    session: Session, actor: Actor, *, webhook_id: UUID, data: WebhookPatch, if_match: int | None
) -> Webhook:
    """Change an endpoint. Switched on again it begins afresh: what was missed is had by a replay."""
    webhook = change(session, actor, webhook_id, if_match=if_match)
    values = changes(data)
    if empty := [name for name, value in values.items() if value is None]:
        raise Invalid.field(empty[0], "cannot be empty")
    if "exclude_origins" in values:
        values["exclude_origins"] = _origins(values["exclude_origins"])
    if values.get("is_active") and not webhook.is_active:
        values |= {"disabled_at": None, "disabled_reason": None}
        _cancel_waiting(session, webhook.id, "The webhook was switched off meanwhile; replay what is needed.")
        _stats(session, webhook.id).failing_since = None
    elif values.get("is_active") is False and webhook.is_active:
        values |= {"disabled_at": clock.now(), "disabled_reason": "Switched off by hand."}
    apply_patch(webhook, values)
    return webhook


def delete(session: Session, actor: Actor, *, webhook_id: UUID) -> None:
    """Remove an endpoint with its log."""
    session.delete(records.get(session, actor, Webhook, webhook_id, writing=True))


def rotate_secret(
    session: Session, actor: Actor, *, webhook_id: UUID, sealed_secret: bytes, overlap: timedelta
) -> Webhook:
    """A new secret; until `overlap` has passed, messages are signed with the old one as well."""
    webhook = change(session, actor, webhook_id)
    webhook.previous_secret = webhook.secret if overlap else None
    webhook.previous_secret_until = clock.now() + overlap if overlap else None
    webhook.secret = sealed_secret
    return webhook


def refuse_address(
    session: Session, actor: Actor, *, url: str, reason: str, webhook_id: UUID | None = None
) -> Invalid:
    """Keep the trace of an address that may not be posted to; returns the refusal, to be raised after it."""
    audit_note(
        session,
        kind="webhook",
        record_id=webhook_id or new_id(),
        action="refused",
        after={"url": url, "reason": reason},
    )
    log.warning("webhook address refused", extra={"reason": reason, "user_id": str(actor.user_id)})
    return Invalid.field("url", reason)


def change(session: Session, actor: Actor, webhook_id: UUID, *, if_match: int | None = None) -> Webhook:
    """An endpoint that the actor may change now: their own, as long as they are a manager at least.

    Raises NotFound, NotAllowed or Stale.
    """
    require_role(actor, "manager")
    webhook: Webhook = records.get(session, actor, Webhook, webhook_id, writing=True, if_match=if_match)
    return webhook


def _origins(given: list[str]) -> list[str]:
    own = context.current().origin
    if SELF in given and not own.startswith(KEY_ORIGIN):
        raise Invalid.field(
            "exclude_origins", "`self` is for requests signed with an API key; name the origin"
        )
    return sorted({own if origin == SELF else origin for origin in given})


# ── Switching off ────────────────────────────────────────────────────────────────────────────────


def switch_off(session: Session, webhook: Webhook, *, reason: str) -> None:
    """Stop telling an endpoint, and say so in the log and as an event. What waits is cancelled."""
    if not webhook.is_active:
        return
    webhook.is_active, webhook.disabled_at, webhook.disabled_reason = False, clock.now(), reason
    _cancel_waiting(session, webhook.id, reason)
    log.warning("webhook switched off", extra={"webhook_id": str(webhook.id), "reason": reason})
    fact = Event("webhook.disabled", "webhook", webhook.id, {"reason": reason}, owner_id=webhook.owner_id)
    events.record(session, fact)


def _cancel_waiting(session: Session, webhook_id: UUID, reason: str) -> None:
    # Only what waits: a delivery under way is recorded by whoever has it, and must not be waited for here.
    session.execute(
        sa.update(WebhookDelivery)
        .where(WebhookDelivery.webhook_id == webhook_id, WebhookDelivery.status == "pending")
        .values(status="cancelled", error=reason)
        .execution_options(synchronize_session=False)
    )


def _stats(session: Session, webhook_id: UUID) -> WebhookStats:
    return session.scalars(
        sa.select(WebhookStats).where(WebhookStats.webhook_id == webhook_id).with_for_update()
    ).one()


# ── Choosing ─────────────────────────────────────────────────────────────────────────────────────


def owner_of(session: Session, user: User) -> Actor:
    """The owner as they are now: an endpoint sees what its owner sees, at the time it is told."""
    return actor_of(session, user, organisation_zone=zone(session))


def fan_out(session: Session, event: Event) -> None:
    """After the commit of any event: one delivery for each endpoint that wants it and may have it."""
    assert event.id is not None, "the relay gives every event its id"
    origin = session.scalar(sa.select(EventRow.origin).where(EventRow.id == event.id))
    for webhook, user in session.execute(queries.listening()).all():
        if not matches(event.type, webhook.event_types) or origin in webhook.exclude_origins:
            continue
        if not user.is_active:
            switch_off(session, webhook, reason=f"Its owner, {user.name}, is not active any more.")
            continue
        seen = sa.select(EventRow.id).where(EventRow.id == event.id, visible_event(owner_of(session, user)))
        if session.scalar(seen) is not None:
            _queue(session, webhook.id, [(event.id, event.type)])


def _queue(session: Session, webhook_id: UUID, wanted: list[tuple[UUID, str]]) -> None:
    """A delivery for each event that has none yet for this endpoint."""
    now = clock.now()
    rows = [
        {
            "id": new_id(),
            "webhook_id": webhook_id,
            "event_id": event_id,
            "event_type": type_,
            "status": "pending",
            "token": 0,
            "attempts": 0,
            "due_at": now,
            "created_at": now,
        }
        for event_id, type_ in wanted
    ]
    dialect.upsert(session, WebhookDelivery.__table__, rows, key=["webhook_id", "event_id"])


def foreseen(session: Session, event_ids: Collection[UUID]) -> list[dict[str, Any]]:
    """Which endpoints would be told what, of a transaction whose events were fanned out already."""
    return [dict(row) for row in session.execute(queries.queued_for(event_ids)).mappings()]


# ── Telling again ────────────────────────────────────────────────────────────────────────────────


def delivery(session: Session, actor: Actor, *, webhook_id: UUID, delivery_id: UUID) -> dict[str, Any]:
    """One delivery of this endpoint with its attempts; raises NotFound."""
    found = records.one(session, actor, "webhook_delivery", delivery_id)
    if found["webhook_id"] != webhook_id:
        raise NotFound(f"There is no delivery {delivery_id} of this webhook.")
    return found


def replay(session: Session, actor: Actor, *, webhook_id: UUID, delivery_id: UUID) -> WebhookDelivery:
    """Deliver one message again from the first attempt on, under the id it has."""
    _must_be_on(change(session, actor, webhook_id))
    delivery(session, actor, webhook_id=webhook_id, delivery_id=delivery_id)
    row = session.get_one(WebhookDelivery, delivery_id)
    if row.event_id is None:
        raise Conflict("A test is not replayed; make a new one.")
    if not _again(session, WebhookDelivery.id == delivery_id):
        raise Conflict("This delivery is on its way just now; wait for its outcome.")
    session.refresh(row)
    return row


def replay_slice(
    session: Session, actor: Actor, *, webhook_id: UUID, span: tuple[Any, Any], after: int, limit: int
) -> tuple[int, int | None]:
    """Queue the next events of a stretch of time, delivered before or not; returns how many, and the position
    to go on from (None at the end).

    Events the endpoint never had (it was off, or not there yet) are among them.
    """
    webhook = change(session, actor, webhook_id)
    _must_be_on(webhook)
    user = session.get_one(User, webhook.owner_id)
    wanted = [
        EventRow.position > after,
        of_types(webhook.event_types),
        visible_event(owner_of(session, user)),
    ]
    rows = session.execute(queries.happened(*span, *wanted, limit=limit)).all()
    chosen = [(row.id, row.type) for row in rows if row.origin not in webhook.exclude_origins]
    if chosen:
        ids = [event_id for event_id, _ in chosen]
        _again(session, WebhookDelivery.webhook_id == webhook.id, WebhookDelivery.event_id.in_(ids))
        _queue(session, webhook.id, chosen)
    return len(chosen), rows[-1].position if len(rows) == limit else None


def _must_be_on(webhook: Webhook) -> None:
    if not webhook.is_active:
        raise Conflict("This webhook is switched off; switch it on (is_active: true), then replay.")


def _again(session: Session, *which: sa.ColumnElement[bool]) -> int:
    """Start deliveries over that are not being sent just now; the new token fences off whoever had them."""
    again = session.execute(
        sa.update(WebhookDelivery)
        .where(*which, WebhookDelivery.status != "sending")
        .values(
            status="pending",
            attempts=0,
            due_at=clock.now(),
            delivered_at=None,
            token=WebhookDelivery.token + 1,
        )
        .returning(WebhookDelivery.id)
        .execution_options(synchronize_session=False)
    )
    return len(again.all())
