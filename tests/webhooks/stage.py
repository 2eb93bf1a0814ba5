"""What the tests of webhooks stand on: the application with a poster that reaches loopback."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api import events
from crm_api.core.database import Database
from crm_api.core.ids import new_id
from crm_api.events import Event
from crm_api.events import flows as relay
from crm_api.ports import Ports
from crm_api.webhooks import flows
from crm_api.webhooks.models import Webhook, WebhookDelivery
from integrations.webhook_http import GuardedPoster
from tests.support.api import KEYS, Api, serving
from tests.support.ports import offline_ports
from tests.support.receiver import Receiver, receiving

HOOKS = "/api/v1/webhooks"


@dataclass
class Stage:
    """The application, a receiver, and an administrator signed in."""

    api: Api
    ports: Ports
    receiver: Receiver
    client: httpx.AsyncClient

    @property
    def db(self) -> Database:
        """The database behind both."""
        return self.api.db

    async def hook(self, client: httpx.AsyncClient | None = None, **body: Any) -> dict[str, Any]:
        """Make a webhook to the receiver; the answer, with its secret."""
        sent = {"name": "Orders", "url": self.receiver.url, **body}
        answer = await (client or self.client).post(HOOKS, json=sent)
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def happened(self, *types: str, **values: Any) -> None:
        """Record events, and let the relay fan them out."""
        await self.db.write(tell, *types, **values)
        await relay.relay(self.db)

    async def deliver(self) -> int:
        """One round of the delivering job."""
        return await flows.deliver(self.db, self.ports, KEYS)

    async def rows(self) -> list[WebhookDelivery]:
        """Every delivery, the oldest first."""
        return await self.db.read(
            lambda s: list(s.scalars(sa.select(WebhookDelivery).order_by(WebhookDelivery.id)))
        )

    async def webhook(self, webhook_id: str) -> Webhook:
        """The row of a webhook."""
        return await self.db.read(lambda s: s.get_one(Webhook, UUID(webhook_id)))

    async def shown(self, made: dict[str, Any]) -> dict[str, Any]:
        """The webhook as the API shows it now."""
        return (await self.client.get(f"{HOOKS}/{made['id']}")).json()


def tell(session: Session, *types: str, **values: Any) -> None:
    """Record one event of each type, about records that are nowhere."""
    for type_ in types:
        events.record(session, Event(type_, type_.partition(".")[0], **{"subject_id": new_id(), **values}))


@asynccontextmanager
async def staged(db: Database, data_dir: Path) -> AsyncIterator[Stage]:
    """The stage over `db`."""
    poster = GuardedPoster(allow=["127.0.0.0/8"], allow_http=True)
    ports = replace(offline_ports(data_dir), webhook_poster=poster)
    async with receiving() as receiver, serving(db, data_dir, ports) as api:
        yield Stage(api, ports, receiver, await api.client())
