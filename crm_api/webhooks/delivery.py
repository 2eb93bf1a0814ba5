"""The delivering process's side: claim, record, tidy. Each function is one transaction.

A message is delivered at least once. Whoever dies between the post and the record has the message posted
again after the lease, under the same `webhook-id`, by which receivers drop what they have had.
"""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from pydantic_core import to_json
from sqlalchemy.orm import Session

from crm_api.access import Actor, visible_event
from crm_api.core import clock, dialect
from crm_api.core.secrets import Keys
from crm_api.events import feed
from crm_api.users.models import User
from crm_api.webhooks import queries, schedule, signing
from crm_api.webhooks.models import Webhook, WebhookAttempt, WebhookDelivery, WebhookStats
from crm_api.webhooks.service import change, owner_of, switch_off

PURPOSE = "webhook-secret"
LEASE = timedelta(seconds=60)  # four times what one post may take
LARGEST_BODY = 20_000  # bytes; Standard Webhooks asks for less than 20 kB
LOG_KEPT = timedelta(days=30)
PING = "webhook.ping"
GONE = 410


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery in this worker's hands; `token` proves it."""

    delivery_id: UUID
    webhook_id: UUID
    token: int
    attempts: int
    url: str
    secrets: tuple[str, ...]
    body: bytes

    def headers(self) -> dict[str, str]:
        """The headers of this attempt, signed now."""
        return signing.headers(self.secrets, message_id=str(self.delivery_id), at=clock.now(), body=self.body)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one attempt. Without a `status` nobody answered, and `error` says why; `latency_ms` is
    milliseconds, `retry_after` seconds. `hopeless`: trying again will not help."""

    latency_ms: int
    status: int | None = None
    excerpt: str | None = None
    error: str | None = None
    retry_after: float | None = None
    hopeless: bool = False

    @property
    def arrived(self) -> bool:
        """Whether the receiver has taken the message: any 2xx, and nothing else."""
        return self.status is not None and 200 <= self.status < 300


# ── Claiming ─────────────────────────────────────────────────────────────────────────────────────


def endpoints_with_work(session: Session) -> list[UUID]:
    """The endpoints that have something due."""
    return list(session.scalars(queries.with_work(clock.now())))


def claim(session: Session, webhook_id: UUID, *, keys: Keys, limit: int) -> list[Claimed]:
    """Take what is due for one endpoint, ready to post: `limit` at most, one alone while it is failing.

    What its owner may not see any more is cancelled here, and an endpoint whose owner is gone or whose
    secret cannot be read is switched off.
    """
    webhook = session.get(Webhook, webhook_id)
    if webhook is None or not webhook.is_active:
        return []
    user = session.get_one(User, webhook.owner_id)
    if not user.is_active:
        switch_off(session, webhook, reason=f"Its owner, {user.name}, is not active any more.")
        return []
    secrets = _secrets(webhook, keys)
    if not secrets:
        switch_off(session, webhook, reason="Its secret cannot be read with this SECRET_KEY; rotate it.")
        return []
    taken = _take(session, webhook_id, 1 if _is_failing(session, webhook_id) else limit)
    owner = owner_of(session, user) if taken else None
    claimed = []
    for row in taken:
        body = _body(session, webhook_id, row.id, row.event_id, owner)
        if body is None:
            _cancel(session, row.id, "Its owner may not see this record any more.")
        else:
            claimed.append(Claimed(row.id, webhook_id, row.token, row.attempts, webhook.url, secrets, body))
    return claimed


def ping(session: Session, actor: Actor, *, webhook_id: UUID, keys: Keys) -> Claimed:
    """A test message, claimed by the one who asks for it; it is tried once. For endpoints that are off, too."""
    webhook = change(session, actor, webhook_id)
    delivery = WebhookDelivery(
        webhook_id=webhook.id, event_type=PING, status="sending", token=1, attempts=1, due_at=clock.now() + LEASE
    )  # fmt: skip
    session.add(delivery)
    session.flush()
    body = _body(session, webhook.id, delivery.id, None, actor)
    assert body is not None, "a test shows nobody's record"
    return Claimed(delivery.id, webhook.id, 1, 1, webhook.url, _secrets(webhook, keys), body)


def _take(session: Session, webhook_id: UUID, limit: int) -> list[Any]:
    now = clock.now()
    due = dialect.skip_locked(session, queries.due(webhook_id, now, limit=limit)).cte("due")
    taken = session.execute(
        sa.update(WebhookDelivery)
        .where(WebhookDelivery.id.in_(sa.select(due.c.id)), WebhookDelivery.due_at <= now)
        .values(
            status="sending",
            token=WebhookDelivery.token + 1,
            # Counted before the post: a message that kills its worker is given up like any other.
            attempts=WebhookDelivery.attempts + 1,
            due_at=now + LEASE,
        )
        .returning(
            WebhookDelivery.id, WebhookDelivery.token, WebhookDelivery.attempts, WebhookDelivery.event_id
        )
        .execution_options(synchronize_session=False)
    )
    return sorted(taken.all(), key=lambda row: row.id)


def _is_failing(session: Session, webhook_id: UUID) -> bool:
    failing = sa.select(WebhookStats.failing_since).where(WebhookStats.webhook_id == webhook_id)
    return session.scalar(failing) is not None


def _secrets(webhook: Webhook, keys: Keys) -> tuple[str, ...]:
    """The secrets to sign with, the new one first; none where they cannot be read."""
    sealed = [webhook.secret]
    if (
        webhook.previous_secret
        and webhook.previous_secret_until
        and webhook.previous_secret_until > clock.now()
    ):
        sealed.append(webhook.previous_secret)
    opened = [keys.decrypt(blob, purpose=PURPOSE) for blob in sealed]
    return tuple(secret for secret in opened if secret) if opened[0] else ()


def _body(
    session: Session, webhook_id: UUID, delivery_id: UUID, event_id: UUID | None, owner: Actor | None
) -> bytes | None:
    """The event as the feed shows it, or None where the owner may not see it."""
    if event_id is None:
        shown: dict[str, Any] | None = {
            "id": delivery_id, "position": 0, "type": PING, "kind": "webhook", "subject_id": webhook_id,
            "occurred_at": clock.now(), "actor_id": owner.user_id if owner else None, "origin": "system",
            "request_id": None, "data": {},
        }  # fmt: skip
    else:
        assert owner is not None, "whoever claims an event knows for whom"
        shown = feed.one(session, event_id=event_id, visible=visible_event(owner))
    if shown is None:
        return None
    body = to_json(shown)
    return body if len(body) < LARGEST_BODY else to_json({**shown, "data": {"truncated": True}})


def _cancel(session: Session, delivery_id: UUID, reason: str) -> None:
    session.execute(
        sa.update(WebhookDelivery)
        .where(WebhookDelivery.id == delivery_id)
        .values(status="cancelled", error=reason)
        .execution_options(synchronize_session=False)
    )


# ── Recording ────────────────────────────────────────────────────────────────────────────────────


def record(session: Session, claimed: Claimed, *, outcome: Outcome) -> bool:
    """Write down what came of an attempt, and when the next one is; False where somebody else has it now.

    The attempt stands in the log either way: it was made.
    """
    now = clock.now()
    session.add(
        WebhookAttempt(
            delivery_id=claimed.delivery_id,
            at=now,
            response_status=outcome.status,
            latency_ms=outcome.latency_ms,
            response_excerpt=outcome.excerpt,
            error=outcome.error,
        )
    )
    is_test = session.scalar(
        sa.select(WebhookDelivery.event_id.is_(None)).where(WebhookDelivery.id == claimed.delivery_id)
    )
    values = _settled(claimed, outcome, now, once=bool(is_test))
    written = session.execute(
        sa.update(WebhookDelivery)
        .where(
            WebhookDelivery.id == claimed.delivery_id,
            WebhookDelivery.token == claimed.token,
            WebhookDelivery.status == "sending",
        )
        .values(
            **values,
            last_attempt_at=now,
            response_status=outcome.status,
            latency_ms=outcome.latency_ms,
            response_excerpt=outcome.excerpt,
            error=outcome.error,
        )
        .returning(WebhookDelivery.id)
        .execution_options(synchronize_session=False)
    ).first()
    if written is None:
        return False
    _note_health(session, claimed, outcome, now, given_up=values["status"] == "failed" and not is_test)
    return True


def _settled(claimed: Claimed, outcome: Outcome, now: datetime, *, once: bool) -> dict[str, Any]:
    if outcome.arrived:
        return {"status": "delivered", "delivered_at": now}
    chance = random.random()
    wait = schedule.next_wait(claimed.attempts, chance, retry_after=outcome.retry_after)
    if once or wait is None or outcome.hopeless or outcome.status == GONE:
        return {"status": "failed"}
    return {"status": "pending", "due_at": now + wait}


def _note_health(
    session: Session, claimed: Claimed, outcome: Outcome, now: datetime, *, given_up: bool
) -> None:
    """Keep when the endpoint began to fail, and switch it off when it is gone or has failed for days."""
    stats = session.scalars(
        sa.select(WebhookStats).where(WebhookStats.webhook_id == claimed.webhook_id).with_for_update()
    ).one()
    if outcome.arrived:
        stats.failing_since, stats.last_success_at = None, now
        return
    stats.failing_since, stats.last_failure_at = stats.failing_since or now, now
    reason = None
    if outcome.status == GONE:
        reason = "The receiver answered 410 Gone."
    elif given_up and now - stats.failing_since >= schedule.PATIENCE:
        reason = f"Nothing has arrived since {stats.failing_since:%Y-%m-%d %H:%M} UTC."
    if reason:
        switch_off(session, session.get_one(Webhook, claimed.webhook_id), reason=reason)


# ── Tidying ──────────────────────────────────────────────────────────────────────────────────────


def forget(session: Session, *, limit: int = 500) -> int:
    """Drop deliveries from the log that are over and older than 30 days; returns how many."""
    old = session.scalars(queries.settled_before(clock.now() - LOG_KEPT, limit=limit)).all()
    if old:
        session.execute(sa.delete(WebhookAttempt).where(WebhookAttempt.delivery_id.in_(old)))
        session.execute(sa.delete(WebhookDelivery).where(WebhookDelivery.id.in_(old)))
    return len(old)
