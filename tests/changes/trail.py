"""Change sets as tests read them."""

from typing import Any

import httpx
import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.audit.models import ChangeSet
from crm_api.core.database import Database
from tests.app.resources import Resource, checked

CHANGES = "/api/v1/changes"


async def made(client: httpx.AsyncClient, resource: Resource, **values: Any) -> dict[str, Any]:
    """A new record."""
    return checked(resource, await client.post(resource.path, json={**resource.body, **values}), 201)


async def read(client: httpx.AsyncClient, resource: Resource, record: dict[str, Any]) -> dict[str, Any]:
    """The record as it is now."""
    return checked(resource, await client.get(f"{resource.path}/{record['id']}"))


async def changed(
    client: httpx.AsyncClient, resource: Resource, record: dict[str, Any], **values: Any
) -> dict[str, Any]:
    """The record after a PATCH."""
    return checked(resource, await client.patch(f"{resource.path}/{record['id']}", json=values))


async def last(db: Database) -> str:
    """The id of the newest change set."""

    def newest(session: Session) -> str:
        return str(session.scalar(sa.select(ChangeSet.id).order_by(ChangeSet.id.desc()).limit(1)))

    return await db.read(newest)


async def undone(client: httpx.AsyncClient, change_set_id: str) -> dict[str, Any]:
    """Undo a change set; the answer."""
    answer = await client.post(f"{CHANGES}/{change_set_id}/revert")
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def shown(record: dict[str, Any]) -> dict[str, Any]:
    """The record without what every write moves."""
    moving = ("version", "updated_at", "notes", "stage_entered_at")
    return {k: v for k, v in record.items() if k not in moving}
