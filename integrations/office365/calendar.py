"""Meetings through Microsoft Graph."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from crm_api.ports import BusyTime, CalendarEvent, CreatedEvent, PermanentFailure
from integrations.office365.graph import Graph

TAKEN = ("busy", "tentative", "oof")
PAGE, MOST_PAGES = 100, 20


class GraphCalendar:
    """Writes into each user's own calendar, and asks it for the times that are taken."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    async def busy(self, mailbox: str, *, since: datetime, until: datetime) -> list[BusyTime]:
        """Busy, tentative and out-of-office times between two instants, by their beginning.

        The view of the calendar is read instead of its free/busy schedule, which does not tell our own visits from
        other people's meetings. Of each event nothing but times is asked for.
        """
        path, found = "/calendarView", []
        options: dict[str, Any] = {
            "params": {
                "startDateTime": since.astimezone(UTC).isoformat(),
                "endDateTime": until.astimezone(UTC).isoformat(),
                "$select": "start,end,showAs,isCancelled,transactionId",
                "$top": str(PAGE),
            }
        }
        for _ in range(MOST_PAGES):
            response = await self._graph.call(
                "GET", mailbox, path, idempotent=True, prefer='outlook.timezone="UTC"', **options
            )
            page = response.json()
            found += [_busy(item) for item in page["value"] if _takes_time(item)]
            if "@odata.nextLink" not in page:
                return sorted(found, key=lambda one: (one.starts_at, one.ends_at))
            path, options = page["@odata.nextLink"], {}
        raise PermanentFailure(f"The calendar of {mailbox} holds more than {PAGE * MOST_PAGES:,} events.")

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


def _takes_time(item: dict[str, Any]) -> bool:
    return item.get("showAs") in TAKEN and not item.get("isCancelled")


def _busy(item: dict[str, Any]) -> BusyTime:
    starts, ends = (
        datetime.fromisoformat(item[side]["dateTime"][:19]).replace(tzinfo=UTC) for side in ("start", "end")
    )
    return BusyTime(starts, ends, item.get("transactionId"))


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
