"""Meetings through Microsoft Graph."""

from datetime import datetime
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
        body = {
            "transactionId": event.transaction_id,
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
        response = await self._graph.call("POST", mailbox, "/events", idempotent=False, json=body)
        made = response.json()
        return CreatedEvent(made["id"], made.get("iCalUId", ""), made.get("webLink"))


def _moment(at: datetime, zone: str) -> dict[str, str]:
    """Graph takes a local time without an offset beside the zone it is in (IANA names are understood)."""
    return {"dateTime": at.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%dT%H:%M:%S"), "timeZone": zone}
