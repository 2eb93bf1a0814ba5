"""Dashboard and reports as pages: the figures of the API, each leading to its list, for whoever looks."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from crm_api.analytics.reports import REPORTS
from crm_api.core import clock
from crm_api.pages.dashboard import change
from tests import factories
from tests.analytics.test_dashboard import world
from tests.support.api import Api
from tests.support.pages import visiting

NOW = datetime(2026, 5, 20, 15, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _frozen() -> Any:
    with clock.frozen(NOW):
        yield


@pytest.mark.parametrize("role", ["administrator", "manager", "rep", "viewer"])
async def test_everybody_has_a_dashboard_of_what_they_see(api: Api, role: str) -> None:
    people = await api.db.write(world)
    visit = await visiting(api, people[role])

    page = await visit.get("/crm/dashboard?period=last_90_days")

    assert page.status_code == 200
    for label in (
        "Open pipeline",
        "Won revenue",
        "Win rate",
        "Leads converted",
        "Overdue tasks",
        "Visited in time",
    ):
        assert label in page.text
    assert 'href="/crm/opportunities?stage__in=prospecting,qualification' in page.text
    assert "/api/v1" not in page.text
    assert ("Whose" in page.text) == (role != "rep")


async def test_a_figure_of_the_page_is_the_figure_of_the_api(api: Api) -> None:
    people = await api.db.write(world)
    visit, client = await visiting(api, people["manager"]), await api.signed_in(people["manager"])
    told = {one["name"]: one for one in (await client.get("/api/v1/crm/dashboard")).json()["figures"]}

    page = (await visit.get("/crm/dashboard")).text

    shown = re.search(r'Overdue tasks</span>\s*<strong class="kpi-value alarming">(\d+)<', page)
    assert shown
    assert int(shown[1]) == told["overdue_tasks"]["value"] > 0


async def test_the_period_and_the_person_stay_in_every_link_of_the_bar(api: Api) -> None:
    people = await api.db.write(world)
    visit = await visiting(api, people["administrator"])
    whose = f"owner_id={people['rep'].id}"

    page = (await visit.get(f"/crm/reports/funnel?start_date=2026-05-01&end_date=2026-05-10&{whose}")).text

    assert f"/crm/reports/sources?start_date=2026-05-01&amp;end_date=2026-05-10&amp;{whose}" in page
    assert f"/crm/reports/funnel?period=this_year&amp;{whose}" in page
    assert re.search(r'<option value="[^"]+"\s+selected>', page)


@pytest.mark.parametrize(
    "asked", ["period=someday", "start_date=yesterday", "start_date=2026-05-02&end_date=2026-05-01"]
)
async def test_a_period_that_is_none_gets_a_page_that_says_so(api: Api, asked: str) -> None:
    visit = await visiting(api, await api.db.write(factories.make_user))

    page = await visit.get(f"/crm/dashboard?{asked}")

    assert page.status_code == 422
    assert "<html" in page.text


async def test_an_empty_form_field_asks_nothing(api: Api) -> None:
    visit = await visiting(api, await api.db.write(factories.make_user))

    page = await visit.get("/crm/dashboard?start_date=&end_date=&owner_id=")

    assert page.status_code == 200
    assert "nothing to go by yet" in page.text


@pytest.mark.parametrize("name", list(REPORTS))
async def test_every_report_has_a_page_and_files(api: Api, name: str) -> None:
    people = await api.db.write(world)
    visit = await visiting(api, people["manager"])

    page = await visit.get(f"/crm/reports/{name}?period=last_90_days")
    text = await visit.get(f"/crm/reports/{name}/file?period=last_90_days&format=csv")
    book = await visit.get(f"/crm/reports/{name}/file?period=last_90_days&format=xlsx")

    assert (page.status_code, text.status_code, book.status_code) == (200, 200, 200)
    assert REPORTS[name].title in page.text
    assert text.headers["content-type"].startswith("text/csv")
    assert book.content.startswith(b"PK")


async def test_a_name_full_of_markup_is_a_name_on_every_page(api: Api) -> None:
    def write(session: Session) -> Any:
        factories.make_opportunity(
            session,
            "closed_lost",
            actual_close_date=NOW - timedelta(days=1),
            loss_reason="<script>alert(1)</script>",
        )
        user = factories.make_user(session, "administrator", name="<b>Bold</b>")
        factories.make_activity(session, owner_id=user.id, occurred_at=NOW)
        return user

    visit = await visiting(api, await api.db.write(write))

    for path in ("/crm/dashboard", "/crm/reports/win_loss", "/crm/reports/activity"):
        page = (await visit.get(path)).text
        assert "<script>alert" not in page
        assert "<b>Bold" not in page
        assert "&lt;" in page


def test_a_change_is_good_or_bad_by_what_it_is_of() -> None:
    assert change("won_revenue", "money", 150, 100) is not None
    rise, longer = change("won_revenue", "money", 150, 100), change("cycle_time", "days", 12, 10)
    assert rise
    assert longer
    assert (rise.by, rise.unit, rise.is_good) == (50, "%", True)
    assert (longer.by, longer.unit, longer.is_good) == (2, "d", False)
    assert change("win_rate", "percent", None, 10) is None
    assert change("activities", "records", 5, 0) is None
