"""/api/v1/webhooks: endpoints, their deliveries, tests and replays."""

from dataclasses import replace
from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import Response

from crm_api.conditions import records
from crm_api.conditions.dependencies import listed, listing, showing, shown
from crm_api.conditions.filters import Query, Wanted
from crm_api.conditions.tree import All, Comparison
from crm_api.core.listing import Page
from crm_api.core.problems import documented
from crm_api.core.routing import Router
from crm_api.dependencies import CurrentActor, Db, IfMatch, KeysDep, PortsDep, json_answer, record_answer
from crm_api.webhooks import flows, service
from crm_api.webhooks.catalogue import DELIVERIES, WEBHOOKS
from crm_api.webhooks.schemas import (
    DeliveryOut,
    DeliveryWithAttempts,
    Replayed,
    Rotation,
    Span,
    WebhookIn,
    WebhookMade,
    WebhookOut,
    WebhookPatch,
)
from crm_api.writes.dependencies import Once, Write, told
from crm_api.writes.idempotency import Answer

router = Router(prefix="/api/v1/webhooks", tags=["webhooks"])


@router.get(
    "", response_model=Page[WebhookOut], openapi_extra=listed(WEBHOOKS), responses=documented(400, 422)
)
async def list_webhooks(db: Db, actor: CurrentActor, query: Annotated[Query, listing("webhook")]) -> Response:
    """Your webhooks; everybody's for administrators."""
    return json_answer(await db.read(records.page, actor, "webhook", query))


@router.post("", status_code=201, response_model=WebhookMade, responses=documented(403, 422))
async def create_webhook(
    body: WebhookIn, db: Db, ports: PortsDep, keys: KeysDep, actor: CurrentActor
) -> Response:
    """Be told of events; for managers and administrators. The secret is in this answer and in no other."""
    return record_answer(await flows.create(db, ports, keys, actor, data=body), 201)


@router.get(
    "/{webhook_id}",
    response_model=WebhookOut,
    openapi_extra=shown(WEBHOOKS),
    responses=documented(400, 404, 422),
)
async def read_webhook(
    webhook_id: UUID, db: Db, actor: CurrentActor, wanted: Annotated[Wanted, showing("webhook")]
) -> Response:
    """One webhook."""
    return record_answer(await db.read(records.one, actor, "webhook", webhook_id, wanted))


@router.put("/{webhook_id}", response_model=WebhookOut, responses=documented(400, 403, 404, 412, 422))
@router.patch("/{webhook_id}", response_model=WebhookOut, responses=documented(400, 403, 404, 412, 422))
async def update_webhook(
    webhook_id: UUID, body: WebhookPatch, db: Db, ports: PortsDep, actor: CurrentActor, if_match: IfMatch
) -> Response:
    """Change just the fields sent; `is_active: true` switches it on again, without what it missed."""
    return record_answer(
        await flows.update(db, ports, actor, webhook_id=webhook_id, data=body, if_match=if_match)
    )


@router.delete("/{webhook_id}", status_code=204, responses=documented(403, 404, 422))
async def delete_webhook(webhook_id: UUID, write: Write) -> Response:
    """Remove a webhook with its log."""
    return await write.nothing(service.delete, webhook_id=webhook_id)


@router.post("/{webhook_id}/rotate-secret", response_model=WebhookMade, responses=documented(403, 404, 422))
async def rotate_secret(
    webhook_id: UUID, body: Rotation, db: Db, keys: KeysDep, actor: CurrentActor
) -> Response:
    """A new secret, in this answer only. Until the overlap is over, messages carry both signatures."""
    overlap = timedelta(hours=body.overlap_hours)
    return record_answer(await flows.rotate_secret(db, keys, actor, webhook_id=webhook_id, overlap=overlap))


@router.post(
    "/{webhook_id}/test", response_model=DeliveryWithAttempts, responses=documented(400, 403, 404, 409, 422)
)
async def test_webhook(webhook_id: UUID, db: Db, ports: PortsDep, keys: KeysDep, once: Once) -> Response:
    """Post a `webhook.ping` now, once, and see what the receiver answers."""

    async def test() -> Answer:
        return told(await flows.test(db, ports, keys, once.actor, webhook_id=webhook_id), 200)

    return await once.flow(test)


@router.post(
    "/{webhook_id}/replay",
    status_code=202,
    response_model=Replayed,
    responses=documented(400, 403, 404, 409, 422),
)
async def replay_span(webhook_id: UUID, body: Span, db: Db, once: Once) -> Response:
    """Deliver every event of a stretch of time again, missed or not, under the ids they had."""

    async def replay() -> Answer:
        return told({"queued": await flows.replay(db, once.actor, webhook_id=webhook_id, span=body)}, 202)

    return await once.flow(replay)


@router.get(
    "/{webhook_id}/deliveries",
    response_model=Page[DeliveryOut],
    openapi_extra=listed(DELIVERIES),
    responses=documented(400, 404, 422),
)
async def list_deliveries(
    webhook_id: UUID, db: Db, actor: CurrentActor, query: Annotated[Query, listing("webhook_delivery")]
) -> Response:
    """What was delivered in the last 30 days, what failed and what waits, the newest first."""
    await db.read(records.one, actor, "webhook", webhook_id)
    mine = Comparison(field="webhook_id", op="eq", value=str(webhook_id))
    narrowed = replace(query, tree=All(all=[mine, query.tree]))
    return json_answer(await db.read(records.page, actor, "webhook_delivery", narrowed))


@router.get(
    "/{webhook_id}/deliveries/{delivery_id}",
    response_model=DeliveryWithAttempts,
    responses=documented(404, 422),
)
async def read_delivery(webhook_id: UUID, delivery_id: UUID, db: Db, actor: CurrentActor) -> Response:
    """One delivery with every attempt."""
    return json_answer(await db.read(service.delivery, actor, webhook_id=webhook_id, delivery_id=delivery_id))


@router.post(
    "/{webhook_id}/deliveries/{delivery_id}/replay",
    status_code=202,
    response_model=DeliveryWithAttempts,
    responses=documented(403, 404, 409, 422),
)
async def replay_delivery(webhook_id: UUID, delivery_id: UUID, write: Write) -> Response:
    """Deliver one message again, under the id it has."""
    return await write.record(service.replay, webhook_id=webhook_id, delivery_id=delivery_id, status=202)
