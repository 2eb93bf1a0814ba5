"""Whatever is wrong with a file is said with its row and column, and nothing is written."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_api.accounts.models import Account
from crm_api.core.database import Database
from crm_api.core.errors import Invalid
from crm_api.imports import values
from crm_api.imports.mapping import read_mapping
from crm_api.imports.models import ImportRun
from crm_api.opportunities.models import Opportunity
from tests.imports.conftest import ACCOUNTS, ACCOUNTS_HEADER, DEALS, DEALS_HEADER, PRODUCTS, Import, count


@pytest.mark.parametrize(
    ("mapping", "content", "row", "column", "message"),
    [
        (DEALS, DEALS_HEADER + "d,,,Open,31/02/2026,,\n", 2, "started", "no such day"),
        (DEALS, DEALS_HEADER + "d,,,Open,2026-02-31,,\n", 2, "started", "no such day"),
        (DEALS, DEALS_HEADER + "d,,,Open,0026-02-03,,\n", 2, "started", "year"),
        (DEALS, DEALS_HEADER + "d,,,Somewhere,,,\n", 2, "stage", "no such stage"),
        (DEALS, DEALS_HEADER + "d,,,,,,\n", 2, "stage", "empty"),
        (DEALS, DEALS_HEADER + "d,Nobody,,Open,,,\n", 2, "account", "there is no account"),
        (DEALS, DEALS_HEADER + "d,,,Won,,2026-02-03,7\n", 2, "account", "won needs its account"),
        (DEALS, DEALS_HEADER + "d,,,Lost,2026-03-03,2026-02-03,0\n", 2, "closed", "earlier than the start"),
        (PRODUCTS, "name,price\nSaw,10\nMower,-1\n", 3, "price", "negative"),
        (PRODUCTS, "name,price\nSaw,1.005\n", 2, "price", "more exact"),
        (PRODUCTS, "name,price\nSaw,12 €\n", 2, "price", "not a number"),
        (PRODUCTS, "name,price\nSaw,1e99\n", 2, "price", "not a number"),
        (PRODUCTS, "name,price\nSaw,999999999999999999\n", 2, "price", "larger than"),
        (PRODUCTS, f"name,price\n{'x' * 201},1\n", 2, "name", "201 characters"),
        (PRODUCTS, f"name,price\n{'x' * 200_000},1\n", 2, "", "100,000 characters"),
        (PRODUCTS, 'name,price\nSaw,1\n"Mower,2\n', 3, "", "quotation mark is not closed"),
        (PRODUCTS, 'name,price\n"Saw"x,1\n', 2, "", "not CSV"),
        (PRODUCTS, "name,price\nSaw,1,2\n", 2, "", "3 cells where the header has 2"),
        (PRODUCTS, b"name,price\nSaw,1\nM\xfcller,2\n", 3, "name", "not utf-8"),
        (PRODUCTS, b"name,price\nSaw\x00,1\n", 2, "name", "control characters"),
        (ACCOUNTS, ACCOUNTS_HEADER + "a,A,spaceship,,,\n", 2, "type", "none of prospect"),
        (ACCOUNTS, ACCOUNTS_HEADER + "a,A,dealer,,12,\n", 2, "phone", "7 to 15 digits"),
        (ACCOUNTS, ACCOUNTS_HEADER + ",A,dealer,,,\n", 2, "id", "empty"),
        (ACCOUNTS, ACCOUNTS_HEADER + "a,A,dealer,,,Nobody\n", 2, "parent", "there is no account"),
    ],
)  # fmt: skip
async def test_a_fault_is_told_with_its_place_and_nothing_is_written(
    db: Database, bring: Import, mapping: str, content: str | bytes, row: int, column: str, message: str
) -> None:
    (report,) = await bring((mapping, content))
    found_row, fault = report.faults[0]
    assert (found_row, fault.column) == (row, column)
    assert message in fault.message
    assert not report.written
    assert report.errors_file is not None
    assert (
        await db.read(count, Account)
        == await db.read(count, Opportunity)
        == await db.read(count, ImportRun)
        == 0
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("name\nSaw\n", r"file0\.csv, row 1: column 'price': the file has no such column\. It has: name"),
        ("name,price,price\nSaw,1,2\n", "column 'price': the file has this column twice"),
        ("", "the file is empty"),
        (b"n\xe4me,price\n", "row 1: the header is not utf-8"),
        ("name;price\nSaw;1\n", "no such column"),
    ],
)
async def test_a_header_that_does_not_fit_is_told_at_once(
    bring: Import, content: str | bytes, message: str
) -> None:
    with pytest.raises(Invalid, match=message):
        await bring((PRODUCTS, content))


async def test_every_fault_of_a_file_is_found_in_one_pass(bring: Import) -> None:
    content = ACCOUNTS_HEADER + "".join(f"{n},A{n},spaceship,-1,,\n" for n in range(500))
    (report,) = await bring((ACCOUNTS, content))
    assert report.error_rows == 500
    assert report.errors_file is not None
    assert len(report.errors_file.read_text().splitlines()) == 1001
    assert len(report.faults) == 20


async def test_blank_lines_and_a_byte_order_mark_are_no_faults(db: Database, bring: Import) -> None:
    (report,) = await bring((PRODUCTS, b"\xef\xbb\xbfname,price\r\n\r\nSaw,1\r\n,\r\n"))
    assert (report.rows, report.created, report.error_rows) == (1, 1, 0)


async def test_a_formula_is_not_passed_on_in_the_file_of_errors(bring: Import) -> None:
    (report,) = await bring((PRODUCTS, "name,price\nSaw,=cmd()\n"))
    assert report.errors_file is not None
    assert "'=cmd()" in report.errors_file.read_text()


async def test_other_encodings_delimiters_and_date_forms_are_a_line_in_the_mapping(
    db: Database, bring: Import
) -> None:
    head = 'delimiter = ";"\nencoding = "cp1252"\n'
    dated = head + DEALS.replace(
        'started_at = "started"', 'started_at = { column = "started", format = "%d/%m/%Y" }'
    )
    header = DEALS_HEADER.replace(",", ";")
    (report,) = await bring((dated, (header + "Müller;;;Open;31/01/2026;;\n").encode("cp1252")))
    assert report.created == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("kind = ", "not TOML"),
        ('kind = "spaceships"\nsystem = "t"\n[fields]\nname = "n"\n', "kind: Input should be"),
        ('kind = "accounts"\nsystem = "t"\n[fields]\n', "fields: "),
        (
            'kind = "accounts"\nsystem = "t"\n[fields]\nname = { column = "a", value = "b" }\n',
            "exactly one of",
        ),
        ('kind = "accounts"\nsystem = "t"\n[fields]\nname = { colunm = "a" }\n', "colunm"),
    ],
)
def test_a_mapping_that_is_wrong_is_told_with_its_key(text: str, message: str) -> None:
    with pytest.raises(Invalid, match=r"^map\.toml: ") as caught:
        read_mapping(text, name="map.toml")
    assert message in caught.value.detail


@given(st.decimals(0, 10**12, places=2, allow_nan=False))
def test_an_amount_survives_being_written_and_read(amount: Decimal) -> None:
    assert values.minor_units(f"{amount}", decimals=2) == int(amount * 100)
    assert values.minor_units(f"{amount:,}", decimals=2) == int(amount * 100)


@given(st.dates(date(1900, 1, 1), date(9000, 1, 1)))
def test_a_day_survives_being_written_and_read(day: date) -> None:
    assert values.day(day.isoformat()) == day
    assert values.day(f"{day:%d.%m.}{day.year:04d}", "%d.%m.%Y") == day


@given(st.text(max_size=30))
def test_no_text_breaks_a_reader_otherwise_than_with_a_reason(text: str) -> None:
    for read in (
        values.number, values.integer, values.day, values.instant, values.boolean, values.email, values.phone,
        lambda t: values.minor_units(t, decimals=2), lambda t: values.choice(t, ("a", "b"), {}),
    ):  # fmt: skip
        reason = None
        try:
            read(text)
        except ValueError as error:
            reason = str(error)
        assert reason != ""
