"""Webhook stories with the network in them: transactions, and the poster between them.

    claim ─► post (port) ─► record

A crash before `record` commits has the message posted again, under the same id.
"""

import asyncio
import logging
import time
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from crm_api.access import Actor, require_role
from crm_api.conditions import records
from crm_api.core import failpoints
from crm_api.core.database import Database
from crm_api.core.errors import Invalid, Unavailable
from crm_api.core.secrets import Keys
from crm_api.ports import PermanentFailure, PortFailure, Ports, TemporaryFailure, WebhookPoster
from crm_api.webhooks import delivery, service, signing
from crm_api.webhooks.delivery import Claimed, Outcome
from crm_api.webhooks.schemas import Span, WebhookIn, WebhookPatch

log = logging.getLogger(__name__)

AT_ONCE = 8  # posts to one endpoint side by side; events may overtake each other, their position says so
ENDPOINTS_AT_ONCE = 16
ROUND_SECONDS = 20.0  # after which no endpoint is given more, so that the others' next turn comes
SLICE = 500  # events a transaction of a replay: well below the 50 ms a write may take


async def deliver(db: Database, ports: Ports, keys: Keys) -> int:
    """Deliver what is due, every endpoint on its own; returns the number of attempts."""
    poster = ports.webhook_poster
    if poster is None:
        return 0
    gate = asyncio.Semaphore(ENDPOINTS_AT_ONCE)

    async def serve(webhook_id: UUID) -> int:
        async with gate:
            return await _serve(db, poster, keys, webhook_id)

    endpoints = await db.read(delivery.endpoints_with_work)
    # Not a TaskGroup: a fault at one endpoint must not cancel another's post half-way.
    ends = await asyncio.gather(*map(serve, endpoints), return_exceptions=True)
    for failure in ends:
        if isinstance(failure, BaseException):
            raise failure
    return sum(end for end in ends if isinstance(end, int))


async def _serve(db: Database, poster: WebhookPoster, keys: Keys, webhook_id: UUID) -> int:
    """Deliver to one endpoint until nothing is due, something fails, or its turn is over."""
    made, until = 0, time.monotonic() + ROUND_SECONDS
    while time.monotonic() < until:
        batch = await db.write(delivery.claim, webhook_id, keys=keys, limit=AT_ONCE)
        if not batch:
            break
        arrived = await asyncio.gather(*(_attempt(db, poster, claimed) for claimed in batch))
        made += len(batch)
        if not all(arrived):
            break
    return made


async def _attempt(db: Database, poster: WebhookPoster, claimed: Claimed) -> bool:
    """Post one claimed message and record what came of it; whether it arrived."""
    outcome = await _post(poster, claimed)
    await failpoints.reach("webhook.posted")
    await db.write(delivery.record, claimed, outcome=outcome)
    return outcome.arrived


async def _post(poster: WebhookPoster, claimed: Claimed) -> Outcome:
    started = time.perf_counter()
    try:
        reply = await poster.post(claimed.url, claimed.headers(), claimed.body)
    except PortFailure as failure:
        # OutcomeUnknown is tried again, unlike a mail: the id lets the receiver drop the second copy.
        return Outcome(_ms(started), error=failure.reason, hopeless=isinstance(failure, PermanentFailure))
    except Exception as error:
        log.exception(
            "the poster failed in a way it should not", extra={"delivery_id": str(claimed.delivery_id)}
        )
        return Outcome(_ms(started), error=repr(error)[:500])
    return Outcome(_ms(started), reply.status, reply.excerpt or None, retry_after=reply.retry_after)


def _ms(started: float) -> int:
    return round((time.perf_counter() - started) * 1000)


async def tidy(db: Database) -> int:
    """Forget what is older than the log is kept; returns how many deliveries."""
    forgotten = 0
    while dropped := await db.write(delivery.forget):
        forgotten += dropped
    return forgotten


# ── What people ask for ──────────────────────────────────────────────────────────────────────────


async def create(db: Database, ports: Ports, keys: Keys, actor: Actor, *, data: WebhookIn) -> dict[str, Any]:
    """Make an endpoint whose address may be posted to; the answer holds the secret, once."""
    require_role(actor, "manager")
    await _look_at(db, ports, actor, data.url)
    secret = signing.new_secret()
    sealed = keys.encrypt(secret, purpose=delivery.PURPOSE)
    made = await db.write(records.written, actor, service.create, data=data, sealed_secret=sealed)
    return {**made, "secret": secret}


async def update(
    db: Database, ports: Ports, actor: Actor, *, webhook_id: UUID, data: WebhookPatch, if_match: int | None
) -> dict[str, Any]:
    """Change an endpoint; a new address is looked at first."""
    if data.url is not None:
        require_role(actor, "manager")
        await db.read(records.one, actor, "webhook", webhook_id)
        await _look_at(db, ports, actor, data.url, webhook_id)
    return await db.write(
        records.written, actor, service.update, webhook_id=webhook_id, data=data, if_match=if_match
    )


async def rotate_secret(
    db: Database, keys: Keys, actor: Actor, *, webhook_id: UUID, overlap: timedelta
) -> dict[str, Any]:
    """A new secret; the answer holds it, once."""
    secret = signing.new_secret()
    sealed = keys.encrypt(secret, purpose=delivery.PURPOSE)
    changed = await db.write(
        records.written, actor, service.rotate_secret, webhook_id=webhook_id, sealed_secret=sealed, overlap=overlap
    )  # fmt: skip
    return {**changed, "secret": secret}


async def test(db: Database, ports: Ports, keys: Keys, actor: Actor, *, webhook_id: UUID) -> dict[str, Any]:
    """Post a test message now, once; answers with the delivery and what the receiver said."""
    poster = _poster(ports)
    claimed = await db.write(delivery.ping, actor, webhook_id=webhook_id, keys=keys)
    await _attempt(db, poster, claimed)
    return await db.read(records.one, actor, "webhook_delivery", claimed.delivery_id)


async def replay(db: Database, actor: Actor, *, webhook_id: UUID, span: Span) -> int:
    """Queue every event of a stretch of time again, slice by slice; returns how many."""
    queued, after = 0, 0
    between: tuple[datetime, datetime | None] = (span.since, span.until)
    while True:
        count, position = await db.write(
            service.replay_slice, actor, webhook_id=webhook_id, span=between, after=after, limit=SLICE
        )
        queued += count
        if position is None:
            return queued
        after = position


async def _look_at(
    db: Database, ports: Ports, actor: Actor, url: str, webhook_id: UUID | None = None
) -> None:
    """Raise Invalid for an address that may not be posted to, and keep the trace of it."""
    try:
        await _poster(ports).check(url)
    except PermanentFailure as failure:
        await db.write(service.refuse_address, actor, url=url, reason=failure.reason, webhook_id=webhook_id)
    except TemporaryFailure as failure:
        raise Invalid.field("url", failure.reason) from failure


def _poster(ports: Ports) -> WebhookPoster:
    if ports.webhook_poster is None:
        raise Unavailable("This installation posts no webhooks.")
    return ports.webhook_poster
