"""Reports: what their rows say, whose records they are of, and the files they come as."""

import csv
import io
import zipfile
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree

import pytest
from sqlalchemy.orm import Session

from crm_api.accounts.models import AccountStats
from crm_api.analytics.reports import REPORTS
from crm_api.analytics.schemas import ReportOut
from crm_api.core import clock
from tests import factories
from tests.analytics.test_dashboard import one_of, world
from tests.support.api import Api

NOW = datetime(2026, 5, 20, 15, tzinfo=UTC)
URL = "/api/v1/crm/reports"
# The column of a report that counts the records of its list.
COUNTS = {
    "forecast": "count", "win_loss": "deals", "funnel": "leads", "sources": "leads", "activity": "all",
    "workload": "open", "coverage": "accounts", "segments": "customers",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _frozen() -> Any:
    with clock.frozen(NOW):
        yield


async def rows(api: Api, name: str, **asked: str) -> list[dict[str, Any]]:
    answer = await (await api.client()).get(f"{URL}/{name}", params=asked)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["rows"]
    return found


@pytest.mark.parametrize("role", ["administrator", "manager", "viewer"])
async def test_every_row_counts_the_list_behind_it(api: Api, role: str) -> None:
    people = await api.db.write(world)
    client = await api.signed_in(people[role])

    offered = (await client.get(URL)).json()["items"]
    assert [one["name"] for one in offered] == list(REPORTS)
    for one in offered:
        answer = (await client.get(f"{URL}/{one['name']}", params={"period": "last_90_days"})).json()
        ReportOut.model_validate(answer)
        if one["name"] not in COUNTS:
            continue
        for row in answer["rows"]:
            if row["list"] is not None:
                listed = await client.get(one_of(row["list"]))
                assert listed.json()["total"] == row[COUNTS[one["name"]]], (one["name"], row)


async def test_losses_are_told_by_reason_beside_what_was_won(api: Api) -> None:
    def write(session: Session) -> None:
        for stage, value, reason in (
            ("closed_won", 300_00, None), ("closed_lost", 100_00, "Price"), ("closed_lost", 50_00, "Price"),
            ("closed_lost", 70_00, None),
        ):  # fmt: skip
            factories.make_opportunity(
                session,
                stage,
                estimated_value=value,
                actual_close_date=NOW - timedelta(days=2),
                loss_reason=reason,
            )

    await api.db.write(write)

    told = [(row["reason"], row["deals"], row["value"], row["share"]) for row in await rows(api, "win_loss")]

    assert told == [("Won", 1, 300, 25), ("Price", 2, 150, 50), ("No reason given", 1, 70, 25)]


async def test_a_funnel_narrows_from_step_to_step(api: Api) -> None:
    def write(session: Session) -> None:
        for status, qualified in (("new", False), ("new", True), ("converted", False), ("lost", False)):
            factories.make_lead(session, status=status, is_qualified=qualified, created_at=NOW)
        factories.make_lead(session, created_at=NOW - timedelta(days=60))

    await api.db.write(write)

    told = [(row["step"], row["leads"], row["of_all"], row["of_before"]) for row in await rows(api, "funnel")]

    assert told == [
        ("Leads", 4, 100, None), ("Qualified", 2, 50, 50), ("With a deal", 0, 0, 0), ("Converted", 1, 25, None),
    ]  # fmt: skip


async def test_coverage_is_told_by_territory(api: Api) -> None:
    def write(session: Session) -> None:
        north = factories.make_territory(session, "North")
        for territory, days in ((north.id, 3), (north.id, 30), (None, None)):
            account = factories.make_account(session, territory_id=territory, visit_every_days=14)
            if days:
                session.add(AccountStats(account_id=account.id, last_visit_at=NOW - timedelta(days=days)))
        factories.make_account(session, territory_id=north.id)

    await api.db.write(write)

    told = {row["territory"]: row for row in await rows(api, "coverage")}

    assert (told["North"]["accounts"], told["North"]["in_time"], told["North"]["visit_overdue"]) == (2, 50, 1)
    assert told["No territory"]["never_visited"] == 1


async def test_a_forecast_is_of_whole_months_and_a_bridge_adds_up(api: Api) -> None:
    def write(session: Session) -> None:
        factories.make_opportunity(
            session, "proposal", estimated_value=200_00, expected_close_date=NOW.date(), created_at=NOW
        )

    await api.db.write(write)

    months = await rows(api, "forecast", start_date="2026-04-15", end_date="2026-06-15")
    parts = await rows(api, "bridge")

    assert [(row["month"], row["count"]) for row in months] == [
        ("Apr 2026", 0),
        ("May 2026", 1),
        ("Jun 2026", 0),
    ]
    assert (parts[0]["value"], parts[1]["value"], parts[-1]["value"]) == (0, 200, 200)


@pytest.mark.deep_on_postgresql
@pytest.mark.parametrize("name", list(REPORTS))
async def test_every_report_comes_as_csv_and_as_a_workbook(api: Api, name: str) -> None:
    people = await api.db.write(world)
    client = await api.signed_in(people["administrator"])
    told = (await client.get(f"{URL}/{name}")).json()

    text = await client.get(f"{URL}/{name}", params={"format": "csv"})
    book = await client.get(f"{URL}/{name}", params={"format": "xlsx"})

    lines = list(csv.reader(io.StringIO(text.content.decode("utf-8-sig"))))
    assert len(lines) == len(told["rows"]) + 1
    assert [head.partition(" (")[0] for head in lines[0]] == [column["label"] for column in told["columns"]]
    named = f"{name.replace('_', '-')}-2026-05-01-2026-05-31.csv"
    assert text.headers["content-disposition"] == f'attachment; filename="{named}"'
    sheet = ElementTree.fromstring(zipfile.ZipFile(io.BytesIO(book.content)).read("xl/worksheets/sheet1.xml"))
    place = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    assert not list(sheet.iter(f"{place}f"))  # no formula
    assert book.headers["content-type"].endswith("spreadsheetml.sheet")


async def test_a_name_that_looks_like_a_formula_is_a_text_in_either_file(api: Api) -> None:
    def write(session: Session) -> None:
        factories.make_opportunity(
            session, "closed_lost", actual_close_date=NOW, loss_reason='=HYPERLINK("http://x","y")'
        )

    await api.db.write(write)
    client = await api.client()

    text = await client.get(f"{URL}/win_loss", params={"format": "csv"})
    book = await client.get(f"{URL}/win_loss", params={"format": "xlsx"})

    assert "'=HYPERLINK" in text.text
    sheet = zipfile.ZipFile(io.BytesIO(book.content)).read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert "<hyperlink" not in sheet


@pytest.mark.parametrize(("path", "status"), [
    ("nothing", 422), ("funnel?format=pdf", 422), ("funnel?colour=red", 400), ("funnel?owner_id=me", 422),
])  # fmt: skip
async def test_what_no_report_takes_is_refused(api: Api, path: str, status: int) -> None:
    assert (await (await api.client()).get(f"{URL}/{path}")).status_code == status
