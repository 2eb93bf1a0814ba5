"""Meetings through Microsoft Graph."""

from datetime import datetime
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from crm_api.ports import CalendarEvent, CreatedEvent
from integrations.office365.graph import Graph


class GraphCalendar:
    """Writes into each user's own calendar."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    async def create_event(self, mailbox: str, event: CalendarEvent) -> CreatedEvent:
        """Create a meeting; invitations leave at once.

        Raises OutcomeUnknown where no answer came. Calling again with the same `transaction_id` is safe:
        Graph answers with the event it made the first time.
        """
        body = {"transactionId": event.transaction_id, **_body(event)}
        response = await self._graph.call("POST", mailbox, "/events", idempotent=False, json=body)
        made = response.json()
        return CreatedEvent(made["id"], made.get("iCalUId", ""), made.get("webLink"))

    async def update_event(self, mailbox: str, provider_id: str, event: CalendarEvent) -> None:
        """Make an event what it is now; invitations follow. Raises PermanentFailure where it was deleted."""
        path = f"/events/{quote(provider_id, safe='')}"
        await self._graph.call("PATCH", mailbox, path, idempotent=True, json=_body(event))

    async def delete_event(self, mailbox: str, provider_id: str) -> None:
        """Take an event out; attendees are told. One that is gone is no failure."""
        path = f"/events/{quote(provider_id, safe='')}"
        await self._graph.call("DELETE", mailbox, path, idempotent=True, accept=(404,))


def _body(event: CalendarEvent) -> dict[str, Any]:
    return {
        "subject": event.subject,
        "body": {"contentType": "text", "content": event.body},
        "start": _moment(event.starts_at, event.time_zone),
        "end": _moment(event.ends_at, event.time_zone),
        "location": {"displayName": event.location},
        "attendees": [
            {
                "type": "required",
                "emailAddress": {"address": person.address, "name": person.name or person.address},
            }
            for person in event.attendees
        ],
    }


def _moment(at: datetime, zone: str) -> dict[str, str]:
    """Graph takes a local time without an offset beside the zone it is in (IANA names are understood)."""
    return {"dateTime": at.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%dT%H:%M:%S"), "timeZone": zone}
