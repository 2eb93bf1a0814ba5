"""Lists page by page: a cursor passes every row once, and a declared sort has an index behind it."""

import base64
import json
import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api import audit
from crm_api.access import SYSTEM
from crm_api.accounts.models import AccountStats
from crm_api.conditions import records, sparse
from crm_api.conditions.filters import Query, sorts_of
from crm_api.core.database import Database
from crm_api.core.errors import BadRequest
from crm_api.core.fields import CATALOGUES, Catalogue, FieldType
from crm_api.core.ids import new_id
from crm_api.core.listing import EXACT_TO, Window, encode_cursor, ordered
from crm_api.tags.models import Tag
from tests import factories

KINDS = ("account", "contact", "lead", "opportunity", "activity", "product")


def filled(session: Session, kind: str, dice: random.Random) -> None:
    """Forty rows with many equal and many empty values."""

    def maybe(*values: Any) -> Any:
        return dice.choice([None, *values])

    at = [datetime(2026, 5, 4, tzinfo=UTC) + timedelta(microseconds=n) for n in range(3)]
    for _ in range(40):
        common = {"created_at": dice.choice(at)}
        match kind:
            case "account":
                factories.make_account(
                    session, name=dice.choice(["Éa", "eb", "Z"]), employees=maybe(1, 2),
                    annual_revenue=maybe(5, 10**17), industry=maybe("a", "B", "é"), **common
                )  # fmt: skip
            case "contact":
                factories.make_contact(session, last_name=maybe("a", "B"), city=maybe("x", "Y"), **common)
            case "lead":
                factories.make_lead(
                    session, title=dice.choice(["a", "Á", "b"]), score=dice.choice([1, 2]), value_base=maybe(5, 6),
                    converted_at=maybe(*at), **common
                )  # fmt: skip
            case "opportunity":
                factories.make_opportunity(
                    session, name=dice.choice(["a", "b"]), estimated_value=maybe(100, 333),
                    probability=dice.choice([10, 33]), expected_close_date=maybe(date(2026, 1, 1), date(2026, 1, 2)),
                    started_at=maybe(*at), actual_close_date=maybe(at[0] + timedelta(days=58.123456789)), **common
                )  # fmt: skip
            case "activity":
                factories.make_activity(
                    session, occurred_at=maybe(*at), due_at=maybe(*at), duration_minutes=maybe(1, 2), **common
                )
            case "product":
                factories.make_product(
                    session, name=dice.choice(["a", "b"]), family=maybe("x", "Y"), **common
                )


def walk(session: Session, kind: str, sort: str) -> list[Any]:
    """The ids of all rows, seven at a time."""
    seen: list[Any] = []
    cursor = None
    while True:
        window = Window(page_size=7, cursor=cursor)
        page = records.page(session, SYSTEM, kind, Query(sort=(sort,), window=window, fields=("id",)))
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            return seen


@pytest.mark.parametrize("kind", KINDS)
async def test_a_cursor_passes_every_row_once_whatever_the_sort(db: Database, kind: str) -> None:
    await db.write(filled, kind, random.Random(3))
    catalogue = CATALOGUES[kind]

    def check(session: Session) -> None:
        for field in catalogue.fields:
            if field.type is FieldType.TAGS:
                continue
            for sort in (field.name, f"-{field.name}"):
                whole = Query(sort=(sort,), window=Window(page_size=200), fields=("id",))
                at_once = [item["id"] for item in records.page(session, SYSTEM, kind, whole)["items"]]
                assert walk(session, kind, sort) == at_once, sort
                assert len(set(at_once)) == 40, sort

    await db.read(check)


async def test_empty_comes_first_and_last_when_turned_round(db: Database) -> None:
    await db.write(filled, "opportunity", random.Random(3))

    def values(session: Session, sort: str) -> list[Any]:
        page = records.page(session, SYSTEM, "opportunity", Query(sort=(sort,), window=Window(page_size=200)))
        return [item["expected_close_date"] is None for item in page["items"]]

    up, down = await db.read(values, "expected_close_date"), await db.read(values, "-expected_close_date")
    assert up == sorted(up, reverse=True)
    assert down == sorted(down)


@pytest.mark.parametrize(
    "body",
    [
        ["-created_at", "2026-01-01T00:00:00", "x"],
        ["-created_at", 5, "01920000-0000-7000-8000-000000000000"],
        ["-score", 1e999, "01920000-0000-7000-8000-000000000000"],
        ["-score", 10**30, "01920000-0000-7000-8000-000000000000"],
        ["-score", "5", "01920000-0000-7000-8000-000000000000"],
        ["-title", "a\x00", "01920000-0000-7000-8000-000000000000"],
        ["-title", ["a"], "01920000-0000-7000-8000-000000000000"],
        ["-owner_id", "me", "01920000-0000-7000-8000-000000000000"],
        ["-estimated_value", {}, "01920000-0000-7000-8000-000000000000"],
        {"a": 1},
        7,
    ],
)
async def test_a_cursor_that_was_tampered_with_is_refused(db: Database, body: Any) -> None:
    cursor = base64.urlsafe_b64encode(json.dumps(body).encode()).decode()
    sort = body[0] if isinstance(body, list) else "-score"

    def ask(session: Session) -> Any:
        return records.page(session, SYSTEM, "lead", Query(sort=(sort,), window=Window(cursor=cursor)))

    with pytest.raises(BadRequest):
        await db.read(ask)


async def test_a_cursor_of_another_sort_is_refused(db: Database) -> None:
    (sort,) = sorts_of(CATALOGUES["lead"], ("score",))
    cursor = encode_cursor(sort, 5, new_id())

    def ask(session: Session, *names: str) -> Any:
        return records.page(session, SYSTEM, "lead", Query(sort=names, window=Window(cursor=cursor)))

    with pytest.raises(BadRequest, match="sort=score"):
        await db.read(ask, "-score")
    with pytest.raises(BadRequest, match="one sort field"):
        await db.read(ask, "score", "title")
    assert (await db.read(ask, "score"))["items"] == []


def many(session: Session, n: int) -> None:
    """Tags in bulk: the cheapest kind there is."""
    now = datetime(2026, 1, 1, tzinfo=UTC)
    session.execute(
        sa.insert(Tag.__table__),  # type: ignore[arg-type]
        [
            {"id": new_id(), "name": f"Tag {i}", "name_key": f"tag {i:06d}", "color": "grey", "origin": "api",
             "version": 1, "created_at": now, "updated_at": now}
            for i in range(n)
        ],
    )  # fmt: skip


async def test_a_total_is_exact_to_ten_thousand_and_says_so(db: Database) -> None:
    await db.write(many, EXACT_TO + 5)

    def ask(session: Session, *sort: str, count: Any = "capped") -> dict[str, Any]:
        return records.page(session, SYSTEM, "tag", Query(sort=sort, window=Window(page_size=1, count=count)))

    capped, exact, none = [await db.read(ask, count=mode) for mode in ("capped", "exact", "none")]
    assert (capped["total"], capped["total_exact"], capped["pages"]) == (EXACT_TO, False, None)
    assert (exact["total"], exact["total_exact"], exact["pages"]) == (EXACT_TO + 5, True, EXACT_TO + 5)
    assert (none["total"], none["total_exact"]) == (None, False)
    for mode in ("capped", "exact", "none"):
        with pytest.raises(BadRequest, match="name"):
            await db.read(ask, "color", count=mode)


def rows_of(session: Session, kind: str, n: int) -> None:
    """Many rows of a kind, fast."""
    start = datetime(2024, 1, 1, tzinfo=UTC)
    lead, deal = factories.stage_of(session, "new", "lead"), factories.stage_of(session, "prospecting")
    shapes: dict[str, Any] = {
        "account": lambda i: {"name": f"Dealer {i * 7919 % n}", "number": f"A{i}"},
        "contact": lambda i: {"first_name": f"P{i * 7919 % n}"},
        "lead": lambda i: {"title": f"Lead {i * 7919 % n}", "number": f"L{i}", "score": i % 100,
                           "pipeline_id": lead.pipeline_id, "stage_id": lead.id},
        "opportunity": lambda i: {"name": f"Deal {i * 7919 % n}", "number": f"O{i}", "value_base": i % 997,
                                  "pipeline_id": deal.pipeline_id, "stage_id": deal.id, "stage_kind": deal.kind,
                                  "expected_close_date": date(2026, 1, 1) + timedelta(days=i % 400)},
        "activity": lambda i: {"activity_type": "call", "subject": "x", "occurred_at": start + timedelta(hours=i),
                               "due_at": start + timedelta(hours=i)},
        "product": lambda i: {"name": f"Product {i * 7919 % n}", "code": f"C{i * 7919 % n}"},
    }  # fmt: skip
    made = shapes[kind]
    rows = ({**made(i), "created_at": start + timedelta(minutes=i)} for i in range(n))
    ids = audit.bulk_insert(session, CATALOGUES[kind].model, rows)
    if kind == "account":
        days = [date(2026, 1, 1) + timedelta(days=i * 7919 % 1000) for i in range(n)]
        figures = [
            {"id": new_id(), "account_id": one, "annual_spend": i * 7919 % n, "last_order_date": day,
             "next_order_date": day}
            for i, (one, day) in enumerate(zip(ids, days, strict=True))
        ]  # fmt: skip
        session.execute(sa.insert(AccountStats), figures)
    session.execute(sa.text("ANALYZE"))


def plan(session: Session, catalogue: Catalogue, sort: str) -> str:
    """How the database would read the first page."""
    model = catalogue.model
    assert catalogue.shown is not None
    # Without what is shown of each row: a record's tags are put in order too.
    rows = catalogue.shown().with_only_columns(model.id, maintain_column_froms=True)
    statement = rows.where(model.archived_at.is_(None)).limit(51)
    (by,) = sorts_of(catalogue, (sort,))
    if by.elsewhere is None:
        statement = ordered(statement, [by], model.id)
    else:  # the part with values; the other one is read along the ids
        statement = sparse._filled(rows, [model.archived_at.is_(None)], by, by.elsewhere, model.id).limit(51)
    bind = session.get_bind()
    sql = statement.compile(dialect=bind.dialect, compile_kwargs={"literal_binds": True})
    how = "EXPLAIN QUERY PLAN " if bind.dialect.name == "sqlite" else "EXPLAIN "
    return "\n".join(str(tuple(row)) for row in session.execute(sa.text(how + str(sql).replace(":", "\\:"))))


@pytest.mark.parametrize("kind", KINDS)
async def test_every_declared_sort_reads_along_an_index(db: Database, kind: str) -> None:
    await db.write(rows_of, kind, 5000)
    catalogue = CATALOGUES[kind]
    declared = [field.name for field in catalogue.fields if field.sortable]
    assert 0 < len(declared) <= 8

    def sorting(session: Session) -> list[str]:
        plans = {sort: plan(session, catalogue, sort) for name in declared for sort in (name, f"-{name}")}
        return [
            sort
            for sort, text in plans.items()
            # PostgreSQL may sort the equal ones of an index (Incremental Sort); a whole Sort reads everything.
            if "TEMP B-TREE FOR ORDER BY" in text or "Sort  (" in text.replace("Incremental Sort  (", "")
        ]

    assert await db.read(sorting) == []
