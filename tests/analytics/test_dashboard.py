"""The dashboard: what its figures are, whose records they are of, and that each is what the list behind it says."""

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from crm_api.access import system
from crm_api.accounts.models import AccountStats
from crm_api.analytics.periods import NAMES, Period, period
from crm_api.analytics.schemas import Dashboard
from crm_api.core import clock
from crm_api.leads.models import LEAD_SOURCES
from crm_api.organisation.service import profile
from crm_api.targets.models import Target
from tests import factories
from tests.support.api import Api

NOW = datetime(2026, 5, 20, 15, tzinfo=UTC)
URL = "/api/v1/crm/dashboard"


@pytest.fixture(autouse=True)
def _frozen() -> Any:
    with clock.frozen(NOW):
        yield


def figures(answer: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {figure["name"]: figure for figure in answer["figures"]}


def rows(answer: dict[str, Any], name: str) -> dict[str, Any]:
    (found,) = [one for one in answer["breakdowns"] if one["name"] == name]
    return {row["label"]: row for row in found["rows"]}


def one_of(address: str) -> str:
    """The same list with one record a page."""
    return address + ("&" if "?" in address else "?") + "page_size=1"


def world(session: Session) -> dict[str, Any]:
    """A manager's team of two reps, somebody of another team, and half a year of work of them all."""
    draw = random.Random(7)
    ours, theirs = factories.make_team(session), factories.make_team(session)
    here = factories.make_territory(session)
    people = {
        "manager": factories.make_user(session, "manager", team_id=ours.id, time_zone="America/New_York"),
        "rep": factories.make_user(
            session, "rep", team_id=ours.id, time_zone="Asia/Kolkata", territories=[here]
        ),
        "colleague": factories.make_user(session, "rep", team_id=ours.id),
        "other": factories.make_user(session, "rep", team_id=theirs.id),
        "administrator": factories.make_user(session, "administrator", time_zone="Europe/Berlin"),
        "viewer": factories.make_user(session, "viewer", team_id=theirs.id),
    }
    owners = [people["rep"], people["colleague"], people["other"], None]

    def some_time() -> datetime:
        return NOW - timedelta(minutes=draw.randrange(90 * 24 * 60))

    for _ in range(60):
        owner = draw.choice(owners)
        of = {"owner_id": owner.id if owner else None}
        account = factories.make_account(
            session, territory_id=here.id, **of, visit_every_days=draw.choice((None, 14, 30)),
        )  # fmt: skip
        if draw.random() < 0.5:
            factories.make_activity(session, "visit", account_id=account.id, occurred_at=some_time())
            session.add(AccountStats(account_id=account.id, last_visit_at=some_time()))
        status = draw.choice(("new", "contacted", "qualified", "converted", "lost"))
        lead = factories.make_lead(
            session, status=status, source=draw.choice((None, *LEAD_SOURCES[:3])), score=draw.randrange(101),
            created_at=some_time(), territory_id=here.id, **of,
            next_follow_up_date=draw.choice((None, NOW + timedelta(hours=2), NOW + timedelta(days=3))),
        )  # fmt: skip
        at = some_time()
        stage = draw.choice(("prospecting", "proposal", "closed_won", "closed_lost"))
        closed = stage.startswith("closed")
        factories.make_opportunity(
            session, stage, account_id=account.id, lead_id=draw.choice((None, lead.id)),
            estimated_value=draw.choice((None, 100_00, 250_00)), started_at=draw.choice((None, at - timedelta(days=9))),
            actual_close_date=at if closed else None,
            expected_close_date=None if closed else (NOW + timedelta(days=draw.randrange(-5, 40))).date(), **of,
        )  # fmt: skip
        factories.make_activity(session, draw.choice(("call", "visit")), occurred_at=some_time(), **of)
        factories.make_activity(
            session, "task", status="scheduled", due_at=NOW + timedelta(hours=draw.randrange(-99, 99)), **of
        )
        factories.make_activity(
            session, "email", account_id=account.id, occurred_at=some_time(), requires_follow_up=True,
            follow_up_date=NOW + timedelta(hours=draw.randrange(-30, 50)),
        )  # fmt: skip
    return people


@pytest.mark.deep_on_postgresql
@pytest.mark.parametrize("role", ["administrator", "manager", "rep", "viewer"])
async def test_every_number_is_the_total_of_the_list_behind_it(api: Api, role: str) -> None:
    people = await api.db.write(world)
    client = await api.signed_in(people[role])

    for asked in (
        {},
        {"period": "last_30_days"},
        {"period": "last_12_months", "owner_id": str(people["rep"].id)},
    ):
        answer = (await client.get(URL, params=asked)).json()

        Dashboard.model_validate(answer)
        behind = [*answer["figures"], *(row for one in answer["breakdowns"] for row in one["rows"])]
        assert len(answer["figures"]) == 18
        for number in behind:
            listed = await client.get(one_of(number["list"]))
            assert listed.status_code == 200, (number, listed.text)
            assert listed.json()["total"] == number["count"], number


async def test_the_figures_of_deals_are_open_weighted_won_and_how_long_it_took(api: Api) -> None:
    def write(session: Session) -> None:
        won = datetime(2026, 5, 4, tzinfo=UTC)
        factories.make_opportunity(
            session,
            "closed_won",
            estimated_value=300_00,
            started_at=won - timedelta(days=10),
            actual_close_date=won,
        )
        factories.make_opportunity(
            session, "closed_lost", estimated_value=100_00, actual_close_date=won, loss_reason="Price"
        )
        factories.make_opportunity(
            session, "closed_won", estimated_value=50_00, actual_close_date=won - timedelta(days=30)
        )
        factories.make_opportunity(
            session, "proposal", estimated_value=200_00, probability=50, expected_close_date=date(2026, 5, 31)
        )
        factories.make_opportunity(session, "prospecting", estimated_value=100_00, probability=10)
        who = factories.make_user(session)
        for month, amount in ((5, 400_00), (6, 999_00)):
            session.add(Target(user_id=who.id, measure="won_value", period="month", currency="USD",
                               starts_on=date(2026, month, 1), amount=amount))  # fmt: skip

    await api.db.write(write)
    told = (await (await api.client()).get(URL)).json()

    found = figures(told)
    assert (found["open_pipeline"]["value"], found["open_pipeline"]["count"]) == (300.0, 2)
    assert found["weighted_forecast"]["value"] == 110.0
    assert (found["due_to_close"]["value"], found["due_to_close"]["count"]) == (200.0, 1)
    won = found["won_revenue"]
    assert (won["value"], won["before"], won["target"], won["count"]) == (300.0, 50.0, 400.0, 1)
    assert (found["win_rate"]["value"], found["win_rate"]["before"]) == (50.0, 100.0)
    assert found["cycle_time"]["value"] == 10.0
    months = rows(told, "won_by_month")
    assert list(months)[-2:] == ["Apr 2026", "May 2026"]
    assert (months["May 2026"]["value"], months["May 2026"]["target"], months["Apr 2026"]["value"]) == (
        300,
        400,
        50,
    )
    assert rows(told, "pipeline")["Closed won"]["count"] == 2


async def test_leads_are_of_the_period_in_the_askers_own_days(api: Api) -> None:
    def write(session: Session) -> None:
        midnight = datetime(2026, 5, 1, 4, tzinfo=UTC)  # in New York
        factories.make_lead(
            session, source="website", status="converted", created_at=midnight, converted_at=NOW
        )
        factories.make_lead(session, source="website", created_at=midnight + timedelta(days=3), score=85)
        factories.make_lead(session, source="phone", created_at=midnight - timedelta(seconds=1))

    await api.db.write(write)
    told = (await (await api.client(time_zone="America/New_York")).get(URL)).json()

    found = figures(told)
    assert told["period"] == {"name": "this_month", "start_date": "2026-05-01", "end_date": "2026-05-31"}
    assert (found["new_leads"]["value"], found["new_leads"]["before"]) == (2, 1)
    assert (found["conversion_rate"]["value"], found["hot_leads"]["value"]) == (50.0, 1)
    assert found["active_leads"]["value"] == 2
    assert {label: row["value"] for label, row in rows(told, "leads_by_source").items()} == {"Website": 2}


async def test_nothing_has_no_rates(api: Api) -> None:
    found = figures((await (await api.client()).get(URL)).json())

    assert {name for name, figure in found.items() if figure["value"] is None} == {
        "win_rate", "cycle_time", "conversion_rate", "opportunity_rate", "visit_coverage",
    }  # fmt: skip


@pytest.mark.parametrize(("asked", "field"), [
    ({"period": "someday"}, "period"),
    ({"period": "this_year", "start_date": "2026-01-01"}, "period"),
    ({"period": "custom"}, "start_date"),
    ({"start_date": "2026-05-02", "end_date": "2026-05-01"}, "end_date"),
    ({"start_date": "1990-01-01", "end_date": "2026-05-01"}, "end_date"),
])  # fmt: skip
async def test_a_period_that_is_none_is_refused_by_field(api: Api, asked: dict[str, str], field: str) -> None:
    answer = await (await api.client()).get(URL, params=asked)

    assert answer.status_code == 422
    assert field in answer.json()["errors"][0]["field"]


async def test_named_periods_follow_the_fiscal_year_and_the_week_of_whoever_looks(api: Api) -> None:
    def days(session: Session) -> dict[str, tuple[date, date]]:
        profile(session).fiscal_year_start_month = 2
        session.flush()
        found = {name: period(session, system(session), name) for name in NAMES if name != "custom"}
        return {name: (one.start, one.end) for name, one in found.items()}

    told = await api.db.write(days)

    assert told["this_quarter"] == (date(2026, 5, 1), date(2026, 7, 31))
    assert told["last_year"] == (date(2025, 2, 1), date(2026, 1, 31))
    assert told["this_week"] == (date(2026, 5, 18), date(2026, 5, 24))
    assert told["last_30_days"] == (date(2026, 4, 21), date(2026, 5, 20))
    assert told["last_12_months"] == (date(2025, 6, 1), date(2026, 5, 31))


DAYS = st.dates(date(2020, 1, 1), date(2030, 1, 1))


@given(DAYS, st.integers(0, 800))
def test_the_period_before_ends_the_day_before_and_is_as_long(start: date, length: int) -> None:
    here = Period("custom", start, start + timedelta(days=length))
    before = here.before()

    assert before.after == here.start
    assert len(before.months) == len(here.months)
    if not here.months:
        assert before.end - before.start == here.end - here.start
