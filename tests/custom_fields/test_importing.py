"""Custom fields in imports: targets of a mapping, checked row by row before anything is written."""

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.access import SYSTEM
from crm_api.accounts.models import Account
from crm_api.audit.models import AuditEntry
from crm_api.core.database import Database
from crm_api.core.errors import Invalid
from crm_api.custom_fields import service
from crm_api.custom_fields.models import field_values
from crm_api.custom_fields.schemas import CustomFieldIn
from tests.imports.conftest import Import, bring, count

__all__ = ["bring"]
MAPPING = """
kind = "accounts"
system = "test"
[fields]
external_id = "id"
name = "name"
custom.bays = "bays"
custom.since = { column = "since", format = "%d/%m/%Y" }
custom.colors = "colors"
"custom.code" = "code"
custom.partner = "partner"
"""
HEADER = "id,name,bays,since,colors,code,partner\n"


async def defined(db: Database, *fields: dict[str, Any]) -> None:
    def make(session: Session) -> None:
        for each in fields:
            body = {"kind": "account", "label": each["key"].title(), **each}
            service.create(session, SYSTEM, data=CustomFieldIn(**body))

    await db.write(make)


async def usual(db: Database, **bays: Any) -> None:
    await defined(
        db,
        {"key": "bays", "type": "integer", "minimum": 0, "maximum": 50, **bays},
        {"key": "since", "type": "date"},
        {"key": "colors", "type": "multi_choice", "choices": ["Red", "Blue"]},
        {"key": "code", "type": "text", "unique": True},
        {"key": "partner", "type": "reference", "target": "account"},
        {"key": "stars", "type": "integer", "default": 3},
    )


def customs(session: Session) -> dict[str, Any]:
    return dict(session.execute(sa.select(Account.external_id, Account.custom)).all())


async def test_a_column_fills_a_custom_field(db: Database, bring: Import) -> None:
    await usual(db)
    # The partner of the first row is a row further down.
    rows = "a,Acme,7,21/11/2026,Red;Blue,X-1,Baker\nb,Baker,,,,,a\n"

    await bring((MAPPING, HEADER + rows))

    found = await db.read(customs)
    ids = await db.read(lambda s: dict(s.execute(sa.select(Account.external_id, Account.id)).all()))
    assert found["a"] == {
        "bays": 7, "since": "2026-11-21", "colors": ["Red", "Blue"], "code": "X-1", "partner": str(ids["b"]),
        "stars": 3,
    }  # fmt: skip
    assert found["b"] == {"partner": str(ids["a"]), "stars": 3}
    assert await db.read(lambda s: s.scalar(sa.select(sa.func.count()).select_from(field_values))) == 9


async def test_the_same_file_again_changes_nothing_and_another_merges(db: Database, bring: Import) -> None:
    await usual(db)
    first = HEADER + "a,Acme,7,21/11/2026,Red,X-1,\n"
    await bring((MAPPING, first))
    entries = await db.read(count, AuditEntry)

    (again,) = await bring((MAPPING, first))
    assert (again.updated, again.unchanged) == (0, 1)
    assert await db.read(count, AuditEntry) == entries

    fewer = 'kind = "accounts"\nsystem = "test"\n[fields]\nexternal_id = "id"\nname = "name"\ncustom.bays = "bays"\n'
    (changed,) = await bring((fewer, "id,name,bays\na,Acme,9\n"))
    assert changed.updated == 1
    held = (await db.read(customs))["a"]
    assert (held["bays"], held["code"], held["stars"]) == (9, "X-1", 3)


@pytest.mark.parametrize(
    ("row", "column", "message"),
    [
        ("a,Acme,many,,,,", "bays", "not a number"),
        ("a,Acme,51,,,,", "bays", "at most 50"),
        ("a,Acme,,2026-11-21,,,", "since", "%d/%m/%Y"),
        ("a,Acme,,,Red;Green,,", "colors", "one of Red, Blue"),
        ("a,Acme,,,," + "x" * 501 + ",", "code", "at most 500"),
        ("a,Acme,,,,,Nobody", "partner", "there is no account"),
        ("b,Baker,,,,ÄB,\na,Acme,,,,ab,", "custom.code", "row 2 has the same"),
    ],
)
async def test_a_wrong_value_is_told_with_its_row_and_column(
    db: Database, bring: Import, row: str, column: str, message: str
) -> None:
    await usual(db)

    (report,) = await bring((MAPPING, HEADER + row + "\n"))

    number, fault = report.faults[0]
    assert (number, fault.column) == (1 + len(row.splitlines()), column)
    assert message in fault.message
    assert await db.read(count, Account) == 0


async def test_a_unique_value_that_another_record_has_is_refused(db: Database, bring: Import) -> None:
    await usual(db)
    await bring((MAPPING, HEADER + "a,Acme,,,,X-1,\n"))

    (report,) = await bring((MAPPING, HEADER + "b,Baker,,,,x-1,\n"))

    assert "another account has this Code already" in report.faults[0][1].message


async def test_a_required_field_has_to_be_mapped_and_filled(db: Database, bring: Import) -> None:
    await usual(db, required=True)
    lacking = 'kind = "accounts"\nsystem = "test"\n[fields]\nexternal_id = "id"\nname = "name"\n'

    with pytest.raises(Invalid, match=r"custom\.bays: must be filled"):
        await bring((lacking, "id,name\na,Acme\n"))
    (report,) = await bring((MAPPING, HEADER + "a,Acme,,,,,\n"))
    assert (report.faults[0][1].column, report.error_rows) == ("bays", 1)


async def test_a_field_that_does_not_exist_is_refused_by_its_name(db: Database, bring: Import) -> None:
    with pytest.raises(Invalid, match=r"custom\.bays: accounts have no such field"):
        await bring((MAPPING, HEADER))
