"""Meetings through Microsoft Graph: what is asked, and what each answer means."""

import json
from datetime import UTC, datetime

import httpx
import pytest
import respx

from crm_api.ports import BusyTime, CalendarEvent, Mailbox, OutcomeUnknown, PermanentFailure
from integrations.office365.calendar import GraphCalendar
from integrations.office365.graph import BASE_URL, Graph

EVENTS = f"{BASE_URL}/users/ann@example.com/events"
EVENT = CalendarEvent(
    transaction_id="t-1",
    subject="Visit Middle Motors",
    starts_at=datetime(2026, 11, 23, 15, 0, tzinfo=UTC),
    ends_at=datetime(2026, 11, 23, 15, 30, tzinfo=UTC),
    time_zone="America/New_York",
    location="1 High St",
)


async def token(claims: str | None) -> str:
    return "token"


async def asked(method: str, url: str, answer: httpx.Response, act: str, *args: object) -> httpx.Request:
    with respx.mock:
        route = respx.request(method, url).mock(return_value=answer)
        graph = Graph(token)
        try:
            await getattr(GraphCalendar(graph), act)("ann@example.com", *args)
        finally:
            await graph.close()
        return route.calls.last.request


async def test_an_event_is_made_under_its_transaction_id_in_the_zone_of_its_day() -> None:
    made = httpx.Response(201, json={"id": "AAMk/1", "iCalUId": "u"})
    body = json.loads((await asked("POST", EVENTS, made, "create_event", EVENT)).content)
    assert body["transactionId"] == "t-1"
    assert body["start"] == {"dateTime": "2026-11-23T10:00:00", "timeZone": "America/New_York"}
    assert body["attendees"] == []


async def test_a_change_says_what_the_event_is_now() -> None:
    request = await asked(
        "PATCH", f"{EVENTS}/AAMk%2F1", httpx.Response(200, json={}), "update_event", "AAMk/1", EVENT
    )
    body = json.loads(request.content)
    assert body["subject"] == "Visit Middle Motors"
    assert "transactionId" not in body


async def test_somebody_who_is_named_is_invited() -> None:
    named = CalendarEvent(
        **{name: getattr(EVENT, name) for name in EVENT.__slots__}
        | {"attendees": (Mailbox("bob@x.example"),)}
    )
    made = httpx.Response(201, json={"id": "1"})
    body = json.loads((await asked("POST", EVENTS, made, "create_event", named)).content)
    assert body["attendees"][0]["emailAddress"] == {"address": "bob@x.example", "name": "bob@x.example"}


async def test_an_event_that_is_gone_is_taken_out_already() -> None:
    await asked("DELETE", f"{EVENTS}/1", httpx.Response(404), "delete_event", "1")
    await asked("DELETE", f"{EVENTS}/1", httpx.Response(204), "delete_event", "1")


async def test_changing_one_that_is_gone_is_permanent_and_a_lost_creation_is_unknown() -> None:
    with pytest.raises(PermanentFailure):
        await asked("PATCH", f"{EVENTS}/1", httpx.Response(404), "update_event", "1", EVENT)
    with pytest.raises(OutcomeUnknown):
        await asked("POST", EVENTS, httpx.Response(500), "create_event", EVENT)


# ── Free and busy ────────────────────────────────────────────────────────────────────────────────

DAY = (datetime(2026, 11, 23, 5, 0, tzinfo=UTC), datetime(2026, 11, 24, 5, 0, tzinfo=UTC))
VIEW = f"{BASE_URL}/users/ann@example.com/calendarView"


def event(hour: int, shows: str = "busy", **more: object) -> dict[str, object]:
    """An event as Graph tells it: times without an offset, in the zone that was asked for, to seven digits."""
    start, end = (
        {"dateTime": f"2026-11-23T{h:02}:00:00.0000000", "timeZone": "UTC"} for h in (hour, hour + 1)
    )
    return {"id": str(hour), "showAs": shows, "isCancelled": False, "start": start, "end": end, **more}


async def busy(*answers: httpx.Response) -> tuple[list[BusyTime], list[httpx.Request]]:
    with respx.mock:
        route = respx.get(url__startswith=VIEW).mock(side_effect=answers)
        graph = Graph(token)
        try:
            found = await GraphCalendar(graph).busy("ann@example.com", since=DAY[0], until=DAY[1])
        finally:
            await graph.close()
        return found, [call.request for call in route.calls]


async def test_taken_times_are_told_by_their_beginning_and_nothing_else_is_asked_for() -> None:
    page = {"value": [event(15, "oof"), event(9, transactionId="t-1"), event(11, "free"),
                      event(12, isCancelled=True), event(13, "workingElsewhere"), event(14, "tentative")]}  # fmt: skip
    found, (request,) = await busy(httpx.Response(200, json=page))
    assert [(one.starts_at.hour, one.ends_at.hour, one.transaction_id) for one in found] == [
        (9, 10, "t-1"), (14, 15, None), (15, 16, None)
    ]  # fmt: skip
    assert request.url.params["$select"] == "start,end,showAs,isCancelled,transactionId"
    assert request.url.params["startDateTime"] == "2026-11-23T05:00:00+00:00"
    assert 'outlook.timezone="UTC"' in request.headers["Prefer"]


async def test_a_full_calendar_is_read_to_its_end() -> None:
    more = {"value": [event(9)], "@odata.nextLink": f"{VIEW}?$skip=1"}
    found, requests = await busy(
        httpx.Response(200, json=more), httpx.Response(200, json={"value": [event(8)]})
    )
    assert [one.starts_at.hour for one in found] == [8, 9]
    assert str(requests[1].url).endswith("skip=1")


async def test_a_mailbox_without_a_calendar_is_a_permanent_failure() -> None:
    with pytest.raises(PermanentFailure):
        await busy(httpx.Response(404, json={"error": {"code": "MailboxNotEnabledForRESTAPI"}}))
