"""Orders out of files of the order system."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.accounts.models import Account, AccountStats
from crm_api.activities.models import TimelineEntry
from crm_api.core import clock
from crm_api.core.database import Database
from crm_api.orders.flows import refresh_figures
from crm_api.orders.models import Order, OrderLine
from tests.imports.conftest import ACCOUNTS, ACCOUNTS_HEADER, PRODUCTS, Import

ORDERS = """
kind = "orders"
system = "test"
[fields]
external_id = "id"
number = "id"
account = "customer"
order_date = "day"
status = "state"
product = "product"
quantity = "pieces"
total = "total"
"""
HEADER = "id,customer,day,state,product,pieces,total\n"
COMPANY = (
    (ACCOUNTS, ACCOUNTS_HEADER + "a,Acme,customer,,,\nb,Baker,dealer,,,\n"),
    (PRODUCTS, "name,price\nRack,195\n"),
)


def orders(session: Session) -> list[tuple[Any, ...]]:
    statement = (
        sa.select(Order.number, Account.name, Order.order_date, Order.status, Order.total, OrderLine.quantity)
        .join(Account, Account.id == Order.account_id)
        .outerjoin(OrderLine, OrderLine.order_id == Order.id)
    )
    return [tuple(row) for row in session.execute(statement.order_by(Order.number))]


async def test_each_row_becomes_an_order_with_its_line(db: Database, bring: Import) -> None:
    await bring(
        *COMPANY, (ORDERS, HEADER + "1,Acme,2026-11-02,confirmed,Rack,2,\n2,b,2026-11-03,canceled,,,12.50\n")
    )

    assert await db.read(orders) == [
        ("1", "Acme", date(2026, 11, 2), "confirmed", 39_000, 2.0),
        ("2", "Baker", date(2026, 11, 3), "cancelled", 1_250, None),
    ]


async def test_the_same_file_again_changes_nothing_and_another_only_what_differs(
    db: Database, bring: Import
) -> None:
    await bring(*COMPANY, (ORDERS, HEADER + "1,Acme,2026-11-02,confirmed,Rack,2,390\n"))
    await bring(*COMPANY, (ORDERS, HEADER + "1,Acme,2026-11-02,confirmed,Rack,2,390\n"))
    version = await db.read(lambda session: session.scalar(sa.select(Order.version)))
    await bring(*COMPANY, (ORDERS, HEADER + "1,Acme,2026-11-02,shipped,Rack,3,585\n"))

    assert version == 1
    assert await db.read(orders) == [("1", "Acme", date(2026, 11, 2), "shipped", 58_500, 3.0)]


async def test_what_came_in_is_on_the_timeline_and_in_the_figures(db: Database, bring: Import) -> None:
    with clock.frozen(datetime(2026, 11, 21, 12, tzinfo=UTC)):
        await bring(
            *COMPANY,
            (ORDERS, HEADER + "1,Acme,2026-11-02,confirmed,Rack,2,\n2,Acme,2026-11-12,invoiced,,,10\n"),
        )
        await refresh_figures(db)

    def told(session: Session) -> tuple[list[str], Any]:
        lines = (
            sa.select(TimelineEntry.summary).where(TimelineEntry.kind == "order").order_by(TimelineEntry.at)
        )
        stats = session.scalars(sa.select(AccountStats).where(AccountStats.order_count.is_not(None))).one()
        return list(session.scalars(lines)), (
            stats.annual_spend,
            stats.order_rhythm_days,
            stats.recency_score,
        )

    assert await db.read(told) == (
        ["Order 1 · confirmed · USD 390.00", "Order 2 · invoiced · USD 10.00"],
        (40_000, 10.0, 1),
    )


async def test_a_customer_nobody_knows_is_a_fault_of_its_row(
    tmp_path: Path, db: Database, bring: Import
) -> None:
    reports = await bring(
        *COMPANY, (ORDERS, HEADER + "1,Nobody,2026-11-02,confirmed,,,1\n2,Acme,,confirmed,,,1\n")
    )

    faults = [fault.message for _, fault in reports[-1].faults]
    assert any("there is no account" in each for each in faults)
    assert any("order_date is needed" in each for each in faults)
    assert await db.read(orders) == []
