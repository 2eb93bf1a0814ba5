"""What was exported and imported again is what it was."""

import json
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.access import SYSTEM
from crm_api.accounts.models import Account
from crm_api.conditions.filters import Query
from crm_api.core.database import Database
from crm_api.core.fields import CATALOGUES
from crm_api.exports import flows
from crm_api.exports.orders import Order
from crm_api.exports.service import columns_of
from crm_api.imports.kinds import KINDS
from tests.imports.conftest import Import, bring

__all__ = ["bring"]

# What the importer fills and an export shows under the same name.
FIELDS = [name for name in KINDS["accounts"].targets if name not in ("parent", "owner", "territory")]
MAPPING = 'kind = "accounts"\nsystem = "old"\n[fields]\n' + "".join(f'{name} = "{name}"\n' for name in FIELDS)

EVIL = [
    ("1", "=1+1", "+1 614 555 0100", "1234.5"),
    ("2", "'=1+1", "(614) 555-0100", "0.01"),
    ("3", "''@home", "", "99999999999999"),
    ("4", "-", "", "1e3"),
    ("5", 'Say "hi", and\nmore', "", "5"),
    ("6", "'ordinary", "", "5"),
    ("7", "é ß 漢字", "", "5"),
]


async def exported(db: Database, order: Order) -> bytes:
    return b"".join([part async for part in flows.stream(db, await flows.begin(db, SYSTEM, order))])


@pytest.mark.parametrize("bom", [True, False])
async def test_importing_an_export_changes_nothing(db: Database, bring: Import, bom: bool) -> None:
    def make(session: Session) -> None:
        for number, name, phone, revenue in EVIL:
            session.add(
                Account(
                    name=name,
                    number=f"ACC-{number}",
                    external_system="old",
                    external_id=number,
                    phone=phone or None,
                    annual_revenue=round(float(revenue) * 100),
                    latitude=-33.865143,
                    longitude=151.2099,
                    description=f"{name}\tand more",
                    employees=0,
                    account_type="dealer",
                    year_established=1999,
                )
            )

    def rows(session: Session) -> list[Any]:
        return [
            (row.name, row.phone, row.annual_revenue, row.latitude, row.version)
            for row in session.scalars(sa.select(Account).order_by(Account.external_id))
        ]

    await db.write(make)
    before = await db.read(rows)

    content = await exported(db, Order("account", Query(fields=tuple(FIELDS)), bom=bom))
    (report,) = await bring((MAPPING, content))

    assert [str(fault) for fault in report.faults] == []
    assert (report.created, report.updated, report.unchanged) == (0, 0, len(EVIL))
    assert await db.read(rows) == before


async def test_json_lines_hold_what_the_api_answers(db: Database) -> None:
    await db.write(lambda session: session.add(Account(name="Acme", number="ACC-1")))

    (line,) = (await exported(db, Order("account", Query(), "jsonl"))).splitlines()
    assert json.loads(line)["name"] == "Acme"


def test_custom_fields_have_a_column_each() -> None:
    first = [{"custom_fields": {"region": "North", "rank": None}}]
    query = Query(fields=("name", "custom_fields"))
    found = [column.header for column in columns_of(CATALOGUES["account"], query, first)]

    assert found == ["id", "name", "custom_fields.region", "custom_fields.rank"]
    assert [column.header for column in columns_of(CATALOGUES["account"], query, [])] == [
        "id",
        "name",
        "custom_fields",
    ]
