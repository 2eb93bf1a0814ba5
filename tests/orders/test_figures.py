"""What its orders say of an account, against a recount in plain Python."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from crm_api.access import Actor
from crm_api.accounts.models import Account, AccountStats
from crm_api.core import clock
from crm_api.core.database import Database
from crm_api.orders import figures, service
from crm_api.orders.flows import refresh_figures
from crm_api.orders.schemas import OrderIn, OrderPatch
from tests.factories import make_account, make_actor, make_order, make_segment
from tests.support.api import Api

TODAY = date(2026, 11, 21)
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
FIGURES = tuple(figures.NONE)
days = st.dates(TODAY - timedelta(days=900), TODAY + timedelta(days=30))
statuses = st.sampled_from(["draft", "confirmed", "shipped", "invoiced", "cancelled", "returned"])
# One step: which of five orders; of which of three accounts it is then, its status, day and total; or that it goes.
steps = st.lists(
    st.tuples(
        st.integers(0, 4), st.integers(0, 2), statuses, days, st.one_of(st.none(), st.integers(0, 10_000)),
        st.sampled_from(["write", "write", "write", "archive", "restore"]),
    ),
    min_size=1,
    max_size=12,
)  # fmt: skip


def recount(rows: list[dict[str, Any]], today: date = TODAY) -> dict[str, Any]:
    """The definition of each figure once more, one line each, in another way than the service's."""
    bought = [
        (row["day"], row["total"] or 0)
        for row in rows
        if row["status"] in ("confirmed", "shipped", "delivered", "invoiced")
        if not row["archived"] and row["day"] <= today
    ]
    if not bought:
        return dict.fromkeys(FIGURES)
    days = sorted(set(day for day, _ in bought))
    lately = [total for day, total in bought if (today - day).days < 365]
    gaps = sorted((days[n + 1] - days[n]).days for n in range(len(days) - 1))
    middle = len(gaps) // 2
    rhythm = (
        None if not gaps else float(gaps[middle]) if len(gaps) % 2 else (gaps[middle - 1] + gaps[middle]) / 2
    )
    again = None if rhythm is None else days[-1] + timedelta(days=-(-int(rhythm * 2) // 2))
    return {
        "order_count": len(bought),
        "annual_orders": len(lately),
        "annual_spend": sum(lately),
        "last_order_date": days[-1],
        "last_order_value": sum(total for day, total in bought if day == days[-1]),
        "order_rhythm_days": rhythm,
        "next_order_date": again,
        "order_overdue_days": None if again is None else max((today - again).days, 0),
    }


@dataclass
class Shop:
    """Three accounts and their orders: as the service keeps them, and as plain rows."""

    actor: Actor
    accounts: list[UUID]
    ids: dict[int, UUID] = field(default_factory=dict)
    rows: dict[int, dict[str, Any]] = field(default_factory=dict)

    def step(
        self, session: Session, n: int, account: int, status: str, day: date, total: Any, what: str
    ) -> None:
        """Do one thing to an order through the service, and to its plain row."""
        row = self.rows.get(n)
        if what == "write":
            if row is not None and row["archived"]:
                return
            values = {"status": status, "order_date": day, "total": total and total / 100}
            data = {"account_id": self.accounts[account], **values}
            if row is None:
                self.ids[n] = service.create(session, self.actor, data=OrderIn(**data)).id
            else:
                service.update(
                    session, self.actor, order_id=self.ids[n], data=OrderPatch(**data), if_match=None
                )
            self.rows[n] = {
                "account": account,
                "status": status,
                "day": day,
                "total": total,
                "archived": False,
            }
        elif row is not None and what == "archive" and not row["archived"]:
            service.archive(session, self.actor, order_id=self.ids[n], if_match=None)
            row["archived"] = True
        elif row is not None and what == "restore":
            service.restore(session, self.actor, order_id=self.ids[n])
            row["archived"] = False

    def expected(self, today: date = TODAY) -> list[dict[str, Any]]:
        """The figures of each account, recounted."""
        return [
            recount([row for row in self.rows.values() if row["account"] == n], today)
            for n in range(len(self.accounts))
        ]


def opened(session: Session) -> Shop:
    return Shop(make_actor(session), [make_account(session).id for _ in range(3)])


def kept(session: Session, shop: Shop) -> list[dict[str, Any]]:
    """The figures of each account as they are kept."""
    rows = {row.account_id: row for row in session.scalars(sa.select(AccountStats))}
    return [{name: getattr(rows.get(i), name, None) for name in FIGURES} for i in shop.accounts]


# Not shrunk: each example writes a dozen orders, and the message shows the figure that differs.
@settings(suppress_health_check=list(HealthCheck), max_examples=30, phases=[Phase.generate])
@given(steps)
async def test_figures_are_those_of_a_recount_after_any_steps(db: Database, taken: list[Any]) -> None:
    with clock.frozen(NOON):
        shop = await db.write(opened)
        for step in taken:
            await db.write(shop.step, *step)
            assert await db.read(kept, shop) == shop.expected()
        before = await db.read(versions, shop)
    with clock.frozen(NOON + timedelta(days=40)):
        await refresh_figures(db)

        assert await db.read(kept, shop) == shop.expected(TODAY + timedelta(days=40))
        assert await db.read(versions, shop) == before


def versions(session: Session, shop: Shop) -> list[int]:
    return list(
        session.scalars(sa.select(Account.version).where(Account.id.in_(shop.accounts)).order_by(Account.id))
    )


@settings(suppress_health_check=list(HealthCheck), max_examples=8, phases=[Phase.generate])
@given(st.lists(st.tuples(days, st.integers(0, 50)), min_size=1, max_size=25))
async def test_scores_are_fifths_and_equals_score_alike(db: Database, bought: list[tuple[date, int]]) -> None:
    def make(session: Session) -> None:
        session.execute(sa.delete(AccountStats))
        for day, total in bought:
            order = make_order(session, order_date=day, total=total)
            figures.mark(session, [order.account_id])

    with clock.frozen(NOON):
        await db.write(make)
        await refresh_figures(db)
        assert await refresh_figures(db) == 0

    def check(session: Session) -> None:
        rows = list(session.scalars(sa.select(AccountStats).where(AccountStats.order_count.is_not(None))))
        for score, figure in figures.SCORES.items():
            for row in rows:
                worse = sum(getattr(other, figure) < getattr(row, figure) for other in rows)
                assert getattr(row, score) == 1 + worse * 5 // len(rows)

    await db.read(check)


async def test_an_account_that_lost_its_orders_has_no_scores(db: Database) -> None:
    with clock.frozen(NOON):
        shop = await db.write(opened)
        await db.write(shop.step, 0, 0, "confirmed", TODAY, 500, "write")
        await refresh_figures(db)
        await db.write(shop.step, 0, 0, "cancelled", TODAY, 500, "write")
        await refresh_figures(db)

    def scores(session: Session) -> list[Any]:
        row = session.scalars(
            sa.select(AccountStats).where(AccountStats.account_id == shop.accounts[0])
        ).one()
        return [row.recency_score, row.frequency_score, row.monetary_score, row.figured_on]

    assert await db.read(scores) == [None, None, None, None]


async def test_a_day_later_the_year_has_moved_on(db: Database) -> None:
    shop = await db.write(opened)
    with clock.frozen(NOON):
        await db.write(shop.step, 0, 0, "confirmed", TODAY - timedelta(days=364), 500, "write")
        assert (await db.read(kept, shop))[0]["annual_spend"] == 500
        assert await refresh_figures(db) == 1
        assert await refresh_figures(db) == 0
    with clock.frozen(NOON + timedelta(days=1)):
        assert await refresh_figures(db) == 1
        assert (await db.read(kept, shop))[0]["annual_spend"] == 0


async def test_two_orders_at_once_are_both_counted(db: Database) -> None:
    with clock.frozen(NOON):
        shop = await db.write(opened)
        steps = [db.write(shop.step, n, 0, "confirmed", TODAY, 100, "write") for n in range(5)]
        await asyncio.gather(*steps)
        assert (await db.read(kept, shop))[0]["annual_spend"] == 500


async def test_amounts_count_in_the_organisations_currency_at_the_rate_of_the_day(api: Api) -> None:
    client = await api.client()
    rates = [
        {"currency": "EUR", "valid_from": "2026-01-01", "rate": 2},
        {"currency": "EUR", "valid_from": "2026-10-01", "rate": 3},
    ]
    assert (await client.post("/api/v1/organisation/rates/import", json={"rates": rates})).status_code == 200
    account_id = await api.db.write(lambda session: str(make_account(session).id))
    with clock.frozen(NOON):
        for day in ("2026-09-30", "2026-10-01"):
            body = {"account_id": account_id, "currency": "EUR", "total": 10, "order_date": day}
            assert (await client.post("/api/v1/crm/orders", json=body)).status_code == 201
        account = (await client.get(f"/api/v1/crm/accounts/{account_id}")).json()

    assert (account["annual_spend"], account["last_order_value"], account["base_currency"]) == (
        50.0,
        30.0,
        "USD",
    )


async def test_accounts_are_found_and_sorted_by_what_they_order(api: Api) -> None:
    client = await api.client()

    def make(session: Session) -> None:
        for name, gaps, total in (
            ("Big", (95, 60, 30), 60_000_000),
            ("Small", (20, 10), 500),
            ("Never", (), 0),
        ):
            account = make_account(session, name=name)
            for gap in gaps:
                make_order(
                    session, account_id=account.id, order_date=TODAY - timedelta(days=gap), total=total
                )
            figures.refresh(session, [account.id])

    with clock.frozen(NOON):
        await api.db.write(make)

        async def names(**asked: Any) -> list[str]:
            answer = await client.get("/api/v1/crm/accounts", params=asked)
            assert answer.status_code == 200, answer.text
            return [item["name"] for item in answer.json()["items"]]

        assert await names(sort="-annual_spend") == ["Big", "Small", "Never"]
        assert await names(sort="last_order_date") == ["Never", "Big", "Small"]
        assert await names(annual_spend__gt=500_000) == ["Big"]
        assert await names(order_overdue_days__gt=0, sort="name") == []
        assert await names(next_order_date__isnull="true") == ["Never"]
        assert await names(order_rhythm_days__lte=10) == ["Small"]
    with clock.frozen(NOON + timedelta(days=2)):
        await refresh_figures(api.db)
        client = await api.client()
        where = {"field": "order_overdue_days", "op": "gt", "value": 0}
        found = await client.post("/api/v1/crm/accounts/search", json={"where": where})
        assert [item["name"] for item in found.json()["items"]] == ["Small"]


@pytest.mark.parametrize(
    ("question", "named"),
    [
        ("customers with annual spend over 500k", ["Big"]),
        ("which dealers have an overdue order", ["Late"]),
        ("accounts whose order is overdue", ["Late"]),
        ("accounts in segment HVC", ["Big"]),
    ],
)
async def test_questions_know_what_accounts_order(api: Api, question: str, named: list[str]) -> None:
    client = await api.client()

    def make(session: Session) -> None:
        big, late = (
            make_account(session, name="Big"),
            make_account(session, name="Late", account_type="dealer"),
        )
        make_order(session, account_id=big.id, order_date=TODAY, total=60_000_000)
        for gap in (50, 40):
            make_order(session, account_id=late.id, order_date=TODAY - timedelta(days=gap))
        make_account(session, name="Other", account_type="dealer")
        figures.refresh(session, [big.id, late.id])
        make_segment(session, code="HVC", name="High value", accounts=[big])

    with clock.frozen(NOON):
        await api.db.write(make)
        answer = (await client.post("/api/v1/crm/ask", json={"question": question})).json()

    def label(session: Session) -> list[str]:
        ids = [UUID(i) for i in answer["ids"]]
        return list(session.scalars(sa.select(Account.name).where(Account.id.in_(ids))))

    assert answer["status"] == "answered", answer
    assert await api.db.read(label) == named
