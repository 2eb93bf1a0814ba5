"""Exports: every row that matches and may be seen, in a file that can be read back, with a trace."""

import csv
import io
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import httpx
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from crm_api.access import SYSTEM
from crm_api.audit.models import AuditEntry
from crm_api.conditions.filters import Query
from crm_api.core.cells import guarded, unguarded
from crm_api.core.database import Database
from crm_api.core.errors import BadRequest, Unavailable
from crm_api.core.fields import CATALOGUES
from crm_api.core.listing import EXACT_TO
from crm_api.events.models import EventRow
from crm_api.exports import flows
from crm_api.exports.formats import Column, Csv
from crm_api.exports.orders import Order
from tests.app.resources import problem
from tests.conditions.test_pages import many
from tests.factories import make_account, make_lead, make_opportunity, make_product, make_user
from tests.support.api import Api

ACCOUNTS, LEADS = "/api/v1/crm/accounts/export", "/api/v1/crm/leads/export"


@pytest.fixture
def small_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flows, "SLICE", 3)


def table(answer: httpx.Response) -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.text)))


def objects(answer: httpx.Response) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


def some_leads(session: Session) -> None:
    for n in range(10):
        make_lead(session, title=f"Lead {n}", score=n // 3, archived_at=None if n else datetime.now(UTC))


# ── Which rows ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.usefixtures("small_slices")
@pytest.mark.parametrize(
    "sort", ["", "-created_at", "score", "-score", "probability", "-score,title", "tags"]
)
async def test_the_file_holds_what_the_list_holds_in_its_order(api: Api, sort: str) -> None:
    await api.db.write(some_leads)
    client = await api.client()
    asked = {"sort": sort} if sort else {}

    listed = await client.get("/api/v1/crm/leads", params={**asked, "page_size": 200})
    exported = await client.get(LEADS, params={**asked, "format": "jsonl"})

    assert exported.status_code == listed.status_code
    if exported.status_code == 200:
        found = objects(exported)
        assert len(found) == 9
        assert found == listed.json()["items"]


@pytest.mark.usefixtures("small_slices")
async def test_filters_words_views_and_trees_choose_the_rows(api: Api) -> None:
    await api.db.write(some_leads)
    client = await api.client()
    tree = {"field": "score", "op": "gte", "value": 2}
    view = (await client.post("/api/v1/crm/views", json={"name": "A", "kind": "lead", "where": tree})).json()[
        "id"
    ]

    def titles(answer: httpx.Response) -> list[str]:
        return sorted(row["title"] for row in table(answer))

    six_on = [f"Lead {n}" for n in range(6, 10)]
    assert titles(await client.get(LEADS, params={"score__gte": 2})) == six_on
    assert titles(await client.get(LEADS, params={"view": view})) == six_on
    assert titles(await client.post(LEADS, json={"where": tree})) == six_on
    assert titles(await client.post(LEADS, json={"view": view, "search": "7"})) == ["Lead 7"]
    assert titles(await client.get(LEADS, params={"search": "7"})) == ["Lead 7"]
    assert titles(await client.get(LEADS, params={"archived": "only"})) == ["Lead 0"]


@pytest.mark.usefixtures("small_slices")
async def test_a_rep_takes_out_what_a_rep_sees(api: Api) -> None:
    def make(session: Session) -> Any:
        rep = make_user(session)
        for n in range(8):
            make_account(session, name=f"Account {n}", owner_id=rep.id if n % 2 else None)
        return rep

    client = await api.signed_in(await api.db.write(make))

    rows = table(await client.get(ACCOUNTS))
    assert [row["name"] for row in rows] == ["Account 1", "Account 3", "Account 5", "Account 7"]


@pytest.mark.usefixtures("small_slices")
async def test_rows_that_come_and_go_meanwhile_disturb_no_other(db: Database) -> None:
    def make(session: Session) -> list[UUID]:
        return [make_account(session, name=f"Account {n:02}").id for n in range(20)]

    ids = await db.write(make)
    export = await flows.begin(db, SYSTEM, Order("account", Query(), "jsonl"))
    seen: list[UUID] = []
    n = 0
    async for part in flows.stream(db, export):
        seen += [UUID(json.loads(line)["id"]) for line in part.splitlines()]

        def disturb(session: Session, n: int = n) -> None:
            make_account(session, name=f"Account {n:02}½")
            session.execute(
                sa.delete(CATALOGUES["account"].model).where(CATALOGUES["account"].model.id == ids[19 - n])
            )

        if n < 5:
            await db.write(disturb)
        n += 1

    kept = ids[:15]
    assert [one for one in seen if one in kept] == kept


async def test_an_export_of_many_sorts_by_what_has_an_index(db: Database) -> None:
    await db.write(many, EXACT_TO + 5)

    export = await flows.begin(db, SYSTEM, Order("tag", Query(fields=("name",))))
    parts = [part async for part in flows.stream(db, export)]
    assert sum(part.count(b"\r\n") for part in parts) == EXACT_TO + 5 + 1
    assert max(len(part) for part in parts) < 500 * 60
    for sort in (("color",), ("name", "color"), ("name", "-name")):
        with pytest.raises(BadRequest, match="10,000"):
            await flows.begin(db, SYSTEM, Order("tag", Query(sort=sort)))


# ── How they are written ─────────────────────────────────────────────────────────────────────────


async def test_the_columns_are_the_fields_and_always_the_same(api: Api) -> None:
    client = await api.client()
    empty = (await client.get(LEADS)).text
    await api.db.write(some_leads)
    answer = await client.get(LEADS)

    assert answer.text.startswith(empty)
    assert empty == ",".join(CATALOGUES["lead"].columns()) + "\r\n"
    assert answer.headers["content-type"] == "text/csv; charset=utf-8; header=present"
    today = datetime.now(UTC).date().isoformat()
    assert answer.headers["content-disposition"] == f'attachment; filename="leads-{today}.csv"'
    chosen = await client.get(LEADS, params={"fields": "score,title"})
    assert chosen.text.splitlines()[0] == "id,score,title"
    ordered = await client.get(LEADS, params={"fields": "score,id"})
    assert ordered.text.splitlines()[0] == "score,id"
    deals = await client.get("/api/v1/crm/opportunities/export")
    assert "lines" not in deals.text.splitlines()[0].split(",")


async def test_values_are_written_so_that_programs_read_them(api: Api) -> None:
    def make(session: Session) -> None:
        lead = make_lead(
            session, title='Say "hi",\nthere', estimated_value=1_250_025, is_qualified=True, currency="USD",
            created_at=datetime(2026, 5, 4, 9, 30, tzinfo=UTC),
        )  # fmt: skip
        make_account(session, name="Coast", latitude=-33.5, longitude=0.1, annual_revenue=10**14 * 100)
        make_opportunity(session, expected_close_date=date(2026, 12, 24))
        assert lead

    await api.db.write(make)
    client = await api.client()

    (lead,) = table(await client.get(LEADS))
    assert lead["title"] == 'Say "hi",\nthere'
    assert (lead["estimated_value"], lead["is_qualified"]) == ("12500.25", "true")
    assert (lead["created_at"], lead["owner_id"]) == ("2026-05-04T09:30:00Z", "")
    (account,) = table(await client.get(ACCOUNTS))
    assert (account["latitude"], account["longitude"]) == ("-33.5", "0.1")
    assert Decimal(account["annual_revenue"]) == 10**14
    assert "e" not in account["annual_revenue"]
    (deal,) = table(await client.get("/api/v1/crm/opportunities/export"))
    assert deal["expected_close_date"] == "2026-12-24"


async def test_tags_and_structures_have_a_cell_each(api: Api) -> None:
    client = await api.client()
    body = {"name": "Acme", "tags": ["Fleet", "=Sum"], "opening_hours": {"1": [["08:00", "12:00"]]}}
    assert (await client.post("/api/v1/crm/accounts", json=body)).status_code == 201
    (row,) = table(await client.get(ACCOUNTS))

    assert row["tags"] == "'=Sum; Fleet"
    assert json.loads(row["opening_hours"]) == {"1": [["08:00", "12:00"]]}


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
async def test_no_text_is_run_by_a_spreadsheet(api: Api, start: str) -> None:
    evil = f'{start}HYPERLINK("https://evil.example","{start}1")'

    def make(session: Session) -> None:
        make_account(session, name=evil, description=f"'{evil}", latitude=-1.5, longitude=-2)

    await api.db.write(make)
    client = await api.client()

    (row,) = table(await client.get(ACCOUNTS))
    assert row["name"] == f"'{evil}"
    assert row["description"] == f"''{evil}"
    assert (row["latitude"], row["longitude"]) == ("-1.5", "-2.0")
    (plain,) = objects(await client.get(ACCOUNTS, params={"format": "jsonl"}))
    assert plain["name"] == evil


@given(st.text())
def test_the_guard_comes_off_without_a_doubt(text: str) -> None:
    assert unguarded(guarded(text)) == text
    assert guarded(text)[:1] not in {"=", "+", "-", "@", "\t", "\r", "\n"}


@given(st.lists(st.lists(st.text(st.characters(exclude_categories=("Cs",))), min_size=2, max_size=2)))
def test_every_text_is_read_back_from_a_csv_file(rows: list[list[str]]) -> None:
    writer = Csv([Column("a", ("a",)), Column("b", ("b",))], bom=False)
    written = writer.head() + writer.lines([{"a": a, "b": b} for a, b in rows])

    read = list(csv.reader(io.StringIO(written.decode(), newline="")))

    assert [[unguarded(cell) for cell in row] for row in read[1:]] == rows


async def test_related_records_have_columns_of_their_own(api: Api) -> None:
    def make(session: Session) -> None:
        account = make_account(session, name="=Acme", number="ACC-1")
        make_opportunity(session, account_id=account.id)
        make_opportunity(session)

    await api.db.write(make)
    client = await api.client()

    asked = {"fields": "name", "expand": "account,owner", "sort": "-account_id"}
    rows = table(await client.get("/api/v1/crm/opportunities/export", params=asked))
    assert list(rows[0]) == ["id", "name", "account.label", "account.number", "owner.label"]
    assert [row["account.label"] for row in rows] == ["'=Acme", ""]


async def test_a_byte_order_mark_is_there_for_excel_when_asked_for(api: Api) -> None:
    client = await api.client()

    assert (await client.get(ACCOUNTS, params={"bom": "true"})).content.startswith(b"\xef\xbb\xbfid,")
    assert (await client.post(ACCOUNTS, json={"bom": True})).content.startswith(b"\xef\xbb\xbfid,")
    assert (await client.get(ACCOUNTS)).content.startswith(b"id,")
    assert (await client.get(ACCOUNTS, params={"bom": "true", "format": "jsonl"})).content == b""


# ── What is refused ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("format=xls", 422),
        ("bom=perhaps", 422),
        ("format=csv&format=jsonl", 400),
        ("page=2", 400),
        ("cursor=x", 400),
        ("limit=5", 400),
        ("dragons=3", 400),
        ("fields=dragons", 400),
        ("expand=dragons", 400),
        ("sort=dragons", 400),
        ("score__gte=lots", 422),
        ("view=dragons", 422),
    ],
)
async def test_what_cannot_be_exported_is_refused_before_the_first_byte(
    api: Api, query: str, status: int
) -> None:
    client = await api.client()
    await api.db.write(some_leads)

    problem(await client.get(f"{LEADS}?{query}"), status)
    assert await api.db.read(traces) == []


async def test_a_key_needs_a_scope_of_its_own(api: Api) -> None:
    person = await api.client()

    async def holder(*scopes: str) -> httpx.AsyncClient:
        made = await person.post("/api/v1/auth/api-keys", json={"name": "k", "scopes": scopes})
        client = api.anonymous()
        client.headers["Authorization"] = f"Bearer {made.json()['token']}"
        return client

    reader, exporter = await holder("*:read", "*:write"), await holder("leads:export")
    for answer in (await reader.get(LEADS), await reader.post(LEADS, json={})):
        assert problem(answer, 403)["missing_scope"] == "leads:export"
    assert (await exporter.get(LEADS)).status_code == 200
    assert (await exporter.post(LEADS, json={})).status_code == 200
    problem(await exporter.get("/api/v1/crm/leads"), 403)
    problem(await exporter.get(ACCOUNTS), 403)


# ── The trace, and failures ──────────────────────────────────────────────────────────────────────


def traces(session: Session) -> list[tuple[str, dict[str, Any]]]:
    entries = sa.select(AuditEntry).where(AuditEntry.kind == "export").order_by(AuditEntry.id)
    return [(entry.action, entry.after) for entry in session.scalars(entries)]


def told(session: Session) -> list[tuple[str, int, UUID | None]]:
    rows = session.scalars(sa.select(EventRow).where(EventRow.kind == "export").order_by(EventRow.id))
    return [(row.type, row.data["rows"], row.owner_id) for row in rows]


async def test_an_export_leaves_its_trace(api: Api) -> None:
    await api.db.write(some_leads)
    user = await api.db.write(lambda session: make_user(session, "administrator"))
    client = await api.signed_in(user)

    assert len(table(await client.get(LEADS, params={"score__gte": 2, "fields": "title"}))) == 4

    start, finish = await api.db.read(traces)
    where = {"all": [{"field": "score", "op": "gte", "value": "2"}]}
    assert start == (
        "start",
        {"of": "lead", "format": "csv", "archived": "out", "where": where, "fields": ["title"]},
    )
    assert finish == ("finish", {"of": "lead", "format": "csv", "rows": 4, "complete": True})
    assert await api.db.read(told) == [("export.finished", 4, user.id)]


@pytest.mark.usefixtures("small_slices")
async def test_an_export_that_fails_on_the_way_breaks_off_and_says_so_in_its_trace(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    await api.db.write(some_leads)
    client = await api.client()
    plain, reads = flows.walking.part, 0

    def fails_later(*args: Any) -> Any:
        nonlocal reads
        reads += 1
        if reads > 2:
            raise Unavailable("The database is away.")
        return plain(*args)

    monkeypatch.setattr(flows.walking, "part", fails_later)
    broken = httpx.AsyncClient(
        transport=httpx.ASGITransport(api.application), base_url="http://testserver", headers=client.headers
    )
    async with broken:
        with pytest.raises(RuntimeError, match="response already started"):
            await broken.get(LEADS)

    assert (await api.db.read(traces))[-1] == (
        "finish", {"of": "lead", "format": "csv", "rows": 6, "complete": False},
    )  # fmt: skip
    assert [what for what, _, _ in await api.db.read(told)] == ["export.aborted"]


@pytest.mark.usefixtures("small_slices")
async def test_who_hangs_up_leaves_the_trace_of_what_was_sent(db: Database) -> None:
    await db.write(some_leads)
    export = await flows.begin(db, SYSTEM, Order("lead", Query()))
    stream = flows.stream(db, export)

    await anext(stream)
    await anext(stream)
    await stream.aclose()  # type: ignore[attr-defined]

    assert (await db.read(traces))[-1][1]["rows"] == 3
    assert [what for what, _, _ in await db.read(told)] == ["export.aborted"]


async def test_products_are_exported_by_everybody_who_sees_them(api: Api) -> None:
    await api.db.write(lambda session: make_product(session, name="Rack"))
    viewer = await api.client("viewer")

    assert [row["name"] for row in table(await viewer.get("/api/v1/crm/products/export"))] == ["Rack"]
