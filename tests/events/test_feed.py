"""The event feed: one order without gaps, filtered like the records themselves."""

from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api import events
from crm_api.core.database import Database
from crm_api.core.ids import new_id
from crm_api.events import Event, feed, flows, queries, service
from crm_api.events.models import EventRow
from tests.factories import make_account
from tests.support.api import Api

FEED = "/api/v1/events"


def tell(session: Session, *types: str, **values: Any) -> None:
    for type_ in types:
        values.setdefault("subject_id", new_id())
        events.record(session, Event(type_, type_.partition(".")[0], **values))


async def happened(db: Database, *types: str, **values: Any) -> None:
    """Record events and let the relay give them their positions."""
    await db.write(tell, *types, **values)
    await flows.relay(db)


async def read(client: httpx.AsyncClient, **query: Any) -> dict[str, Any]:
    answer = await client.get(FEED, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_events_come_in_the_order_of_their_position(api: Api) -> None:
    client = await api.client()
    await happened(api.db, "lead.created", "lead.updated", "lead.assigned")

    items = (await read(client))["items"]

    assert [item["type"] for item in items] == ["lead.created", "lead.updated", "lead.assigned"]
    assert [item["position"] for item in items] == [1, 2, 3]


async def test_an_envelope_says_what_happened_to_what_by_whom_and_through_which_channel(api: Api) -> None:
    client = await api.client()
    made = await client.post("/api/v1/crm/accounts", json={"name": "Acme"})
    await flows.relay(api.db)

    (item,) = (await read(client, types="account.created"))["items"]

    me = (await client.get("/api/v1/auth/me")).json()
    assert item["subject_id"] == made.json()["id"]
    assert (item["kind"], item["actor_id"], item["origin"]) == ("account", me["id"], "api")
    assert item["request_id"] == made.headers["X-Request-ID"]
    assert set(item) == {
        "id", "position", "type", "kind", "subject_id", "occurred_at", "actor_id", "origin", "request_id", "data"
    }  # fmt: skip


async def test_reading_on_from_next_after_sees_every_event_once(api: Api) -> None:
    client = await api.client()
    await happened(api.db, *["lead.updated"] * 7)
    seen, after, more = [], 0, True

    while more:
        page = await read(client, after=after, limit=3)
        seen += [item["position"] for item in page["items"]]
        after, more = page["next_after"], page["has_more"]

    assert seen == [1, 2, 3, 4, 5, 6, 7]


async def test_what_was_committed_late_is_not_behind_the_reader(api: Api) -> None:
    client = await api.client()
    late = new_id()  # an id, and a time, from before the first event
    await happened(api.db, "lead.created")
    after = (await read(client))["next_after"]

    await api.db.write(lambda s: s.add(EventRow(id=late, type="lead.updated", kind="lead", subject_id=late)))
    await flows.relay(api.db)

    assert [item["id"] for item in (await read(client, after=after))["items"]] == [str(late)]


async def test_an_event_without_a_position_is_not_shown_yet(api: Api) -> None:
    client = await api.client()
    await api.db.write(tell, "lead.created")

    assert (await read(client)) == {"items": [], "next_after": 0, "has_more": False}


async def test_next_after_passes_over_what_the_reader_may_not_see(api: Api) -> None:
    client = await api.client("rep")
    await happened(api.db, *["lead.created"] * 4)

    assert (await read(client)) == {"items": [], "next_after": 4, "has_more": False}


async def test_next_after_never_goes_back(api: Api) -> None:
    client = await api.client()

    assert (await read(client, after=99))["next_after"] == 99


@pytest.mark.parametrize(
    ("types", "expected"),
    [
        ("lead.created", ["lead.created"]),
        ("lead.*", ["lead.created", "lead.updated"]),
        ("lead.updated,account.*", ["lead.updated", "account.created"]),
        ("*", ["lead.created", "lead.updated", "account.created"]),
        ("", ["lead.created", "lead.updated", "account.created"]),
    ],
)
async def test_the_feed_is_narrowed_by_type(api: Api, types: str, expected: list[str]) -> None:
    client = await api.client()
    await happened(api.db, "lead.created", "lead.updated", "account.created")

    assert [item["type"] for item in (await read(client, types=types))["items"]] == expected


async def test_the_feed_is_narrowed_by_kind(api: Api) -> None:
    client = await api.client()
    await happened(api.db, "lead.created", "account.created", "contact.created")

    found = await read(client, kinds="account,contact")
    assert [item["kind"] for item in found["items"]] == ["account", "contact"]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"sice": "5"}, 400),
        ({"after": "-1"}, 422),
        ({"after": "x"}, 422),
        ({"limit": "0"}, 422),
        ({"limit": "201"}, 422),
        ({"types": "Lead Created"}, 422),
        ({"types": "lead.%"}, 422),
    ],
)
async def test_a_query_that_means_nothing_is_refused(api: Api, query: dict[str, str], status: int) -> None:
    client = await api.client()

    answer = await client.get(FEED, params=query)

    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")


@pytest.mark.parametrize(
    "patterns", [["*"], ["lead.*"], ["lead.created"], ["lead_x.*"], ["account.*", "lead.updated"]]
)
async def test_a_pattern_means_the_same_in_python_and_in_sql(
    db: Database, patterns: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    types = [
        "lead.created",
        "lead.updated",
        "leads.created",
        "leadxx.created",
        "lead_x.made",
        "account.created",
    ]
    monkeypatch.setattr("crm_api.events.service.TYPES", frozenset(types))
    await happened(db, *types)

    def chosen(session: Session) -> list[str]:
        wanted = sa.select(EventRow.type).where(queries.of_types(patterns)).order_by(EventRow.position)
        return list(session.scalars(wanted))

    assert await db.read(chosen) == [type_ for type_ in types if queries.matches(type_, patterns)]


# ── Handlers of everything ───────────────────────────────────────────────────────────────────────


async def test_a_handler_of_everything_has_each_event_once_with_its_id(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    had: list[Event] = []

    def handler(session: Session, event: Event) -> None:
        had.append(event)

    monkeypatch.setattr(service, "_after_commit", {"*": [handler]})
    await happened(db, "lead.created", "account.created")
    await flows.relay(db)

    assert [event.type for event in had] == ["lead.created", "account.created"]
    shown = [await db.read(feed.one, event_id=event.id, visible=sa.true()) for event in had if event.id]
    assert [row["position"] for row in shown if row] == [1, 2]


async def test_a_handler_of_everything_in_the_same_transaction_sees_the_rows(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        service, "_same_transaction", {"*": [lambda session, event: make_account(session, name=event.type)]}
    )
    await db.write(tell, "lead.created")

    names = await db.read(lambda s: s.scalars(sa.text("SELECT name FROM accounts")).all())
    assert names == ["lead.created"]
