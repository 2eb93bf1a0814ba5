"""Targets: whose they are, how far they have come, and a year spread over its months."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from crm_api.organisation.fiscal import MONTHS, first_day, months_later
from crm_api.targets.service import shares
from crm_api.users.models import Team, User
from tests.app.resources import problem
from tests.factories import (
    make_activity,
    make_lead,
    make_opportunity,
    make_organisation,
    make_team,
    make_user,
)
from tests.support.api import Api

TARGETS = "/api/v1/crm/targets"


@dataclass
class Company:
    """East with a team below it, and West; a manager and a rep in East, a rep below, a rep in West."""

    east: Team
    below: Team
    west: Team
    manager: User
    rep: User
    junior: User
    other: User


def _company(session: Session) -> Company:
    make_organisation(session, time_zone="America/New_York", fiscal_year_start_month=4)
    east, west = make_team(session, "East"), make_team(session, "West")
    below = make_team(session, "Ohio", parent_id=east.id)
    people = [
        make_user(session, role, team_id=team.id)
        for role, team in (("manager", east), ("rep", east), ("rep", below), ("rep", west))
    ]
    return Company(east, below, west, *people)


@pytest.fixture
async def company(api: Api) -> Company:
    return await api.db.write(_company)


def of(user: User | None = None, team: Team | None = None, **what: Any) -> dict[str, Any]:
    """A body for a target of somebody."""
    whose = {"user_id": str(user.id)} if user else {"team_id": str(team.id)} if team else {}
    return {**whose, "measure": "won_value", "period": "quarter", "starts_on": "2026-10-01",
            "amount": 1000, **what}  # fmt: skip


async def made(client: httpx.AsyncClient, body: dict[str, Any]) -> dict[str, Any]:
    answer = await client.post(TARGETS, json=body)
    assert answer.status_code == 201, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


def at(month: int, day: int, hour: int = 12, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, tzinfo=UTC)


async def test_won_deals_count_by_their_closing_day_in_the_organisations_zone(
    api: Api, company: Company
) -> None:
    def deals(session: Session) -> None:
        for closed, value, owner in (
            (at(10, 1, 3), 1, company.rep), (at(10, 1, 5), 20, company.rep), (at(12, 31), 300, company.rep),
            (at(1, 1, 4, 2027), 4000, company.rep), (at(1, 1, 6, 2027), 5, company.rep), (at(11, 1), 6, company.other),
        ):  # fmt: skip
            make_opportunity(
                session,
                "closed_won",
                owner_id=owner.id,
                actual_close_date=closed,
                estimated_value=value * 100,
            )
        lost = {"owner_id": company.rep.id, "actual_close_date": at(11, 1), "estimated_value": 70_000}
        make_opportunity(session, "closed_lost", **lost)
        make_opportunity(session, "closed_won", archived_at=at(11, 2), **lost)
        make_opportunity(session, "proposal", owner_id=company.rep.id, estimated_value=80_000)

    await api.db.write(deals)
    client = await api.client()
    value = await made(client, of(company.rep))
    count = await made(client, of(company.rep, measure="won_count", amount=6))

    assert (value["attained"], value["percent"], value["currency"]) == (4320, 432, "USD")
    assert (value["ends_on"], value["user_name"]) == ("2026-12-31", company.rep.name)
    assert (count["attained"], count["percent"], count["currency"]) == (3, 50, None)


async def test_leads_activities_and_visits_count_once_they_are_made(api: Api, company: Company) -> None:
    def work(session: Session) -> None:
        own = {"owner_id": company.rep.id}
        make_lead(session, created_at=at(11, 1), **own)
        make_lead(session, created_at=at(2, 1), **own)
        for type_, status in (
            ("visit", "completed"), ("visit", "scheduled"), ("call", "completed"), ("call", "cancelled"),
        ):  # fmt: skip
            make_activity(session, type_, status=status, occurred_at=at(11, 3), **own)

    await api.db.write(work)
    client = await api.client()
    attained = {
        measure: (await made(client, of(company.rep, measure=measure, amount=4)))["attained"]
        for measure in ("new_leads", "activities", "visits")
    }

    assert attained == {"new_leads": 1, "activities": 2, "visits": 1}


async def test_a_team_is_as_far_as_it_and_all_teams_below_it_are(api: Api, company: Company) -> None:
    def deals(session: Session) -> None:
        for owner, value in ((company.rep, 100), (company.junior, 20), (company.other, 3)):
            make_opportunity(
                session,
                "closed_won",
                owner_id=owner.id,
                actual_close_date=at(11, 1),
                estimated_value=value * 100,
            )

    await api.db.write(deals)
    client = await api.client()

    assert (await made(client, of(team=company.east)))["attained"] == 120
    assert (await made(client, of(team=company.below)))["attained"] == 20
    assert (await made(client, of(team=company.west)))["attained"] == 3


async def test_a_target_of_nothing_has_no_percentage(api: Api, company: Company) -> None:
    shown = await made(await api.client(), of(company.rep, amount=0))

    assert (shown["attained"], shown["percent"]) == (0, None)


async def test_everybody_sees_their_own_and_managers_those_of_their_teams(api: Api, company: Company) -> None:
    client = await api.client()
    for person in (company.rep, company.junior, company.other):
        await made(client, of(person))
    for team in (company.east, company.below, company.west):
        await made(client, of(team=team))

    async def seen(user: User) -> set[str]:
        items = (await (await api.signed_in(user)).get(TARGETS)).json()["items"]
        return {item["user_name"] or item["team_name"] for item in items}

    assert await seen(company.rep) == {company.rep.name}
    assert await seen(company.manager) == {company.rep.name, company.junior.name, "East", "Ohio"}
    assert len((await client.get(TARGETS)).json()["items"]) == 6


async def test_managers_set_targets_in_their_teams_and_nobody_below_sets_any(
    api: Api, company: Company
) -> None:
    manager, rep = await api.signed_in(company.manager), await api.signed_in(company.rep)
    own = await made(manager, of(company.rep))
    west = await made(await api.client(), of(company.other))

    for whose in ({"user": company.other}, {"team": company.west}):
        problem(await manager.post(TARGETS, json=of(**whose)), 403)
    problem(await manager.patch(f"{TARGETS}/{west['id']}", json={"amount": 1}), 404)
    for refused in (
        await rep.post(TARGETS, json=of(company.rep, period="month")),
        await rep.patch(f"{TARGETS}/{own['id']}", json={"amount": 1}),
        await rep.delete(f"{TARGETS}/{own['id']}"),
    ):
        problem(refused, 403)
    for role in ("field", "viewer"):
        problem(await (await api.client(role)).post(TARGETS, json=of(company.rep, period="month")), 403)
    spread = {"user_id": str(company.other.id), "measure": "visits", "year": 2026, "amount": 12}
    problem(await manager.post(f"{TARGETS}/spread", json=spread), 403)


async def test_a_target_is_set_once_and_then_changed(api: Api, company: Company) -> None:
    client = await api.client()
    target = await made(client, of(company.rep))
    await made(client, of(company.junior))
    await made(client, of(team=company.east))
    address = f"{TARGETS}/{target['id']}"

    problem(await client.post(TARGETS, json=of(company.rep, amount=5)), 409)
    changed = await client.patch(address, json={"amount": 2000.5}, headers={"If-Match": '"1"'})
    assert (changed.json()["amount"], changed.headers["etag"]) == (2000.5, '"2"')
    assert (await client.patch(address, json={"amount": 2000.5})).json()["version"] == 2
    problem(await client.patch(address, json={"amount": 1}, headers={"If-Match": '"1"'}), 412)
    problem(await client.patch(address, json={"measure": "visits"}), 422)
    assert (await client.delete(address)).status_code == 204
    problem(await client.get(address), 404)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"starts_on": "2026-11-01"}, "starts_on"), ({"period": "year"}, "starts_on"),
        ({"measure": "visits", "amount": 1.5}, "amount"), ({"amount": 1.001}, "amount"),
        ({"amount": -1}, "amount"), ({"user_id": None}, "user_id"),
        ({"user_id": "0198c000-0000-7000-8000-000000000001"}, "user_id"), ({"measure": "luck"}, "measure"),
    ],
)  # fmt: skip
async def test_what_makes_no_target_is_refused_by_name(
    api: Api, company: Company, change: dict[str, Any], field: str
) -> None:
    problem(await (await api.client()).post(TARGETS, json={**of(company.rep), **change}), 422, field=field)


async def test_who_changes_teams_takes_their_targets_along(api: Api, company: Company) -> None:
    client, manager = await api.client(), await api.signed_in(company.manager)
    target = await made(client, of(company.other))
    problem(await manager.get(f"{TARGETS}/{target['id']}"), 404)
    await client.patch(f"/api/v1/users/{company.other.id}", json={"team_id": str(company.east.id)})

    seen = (await manager.get(f"{TARGETS}/{target['id']}")).json()
    assert (seen["team_id"], seen["version"]) == (str(company.east.id), 1)


async def test_a_year_is_spread_over_its_twelve_months_and_over_what_they_have(
    api: Api, company: Company
) -> None:
    client = await api.signed_in(company.manager)
    await made(client, of(company.rep, period="month", starts_on="2026-05-01", amount=7))
    body = {"user_id": str(company.rep.id), "measure": "won_value", "year": 2026, "amount": 1000}
    items = (await client.post(f"{TARGETS}/spread", json=body)).json()["items"]

    assert [item["starts_on"] for item in items] == [
        months_later(date(2026, 4, 1), n).isoformat() for n in range(12)
    ]
    assert sum(Decimal(str(item["amount"])) for item in items) == 1000
    assert {item["amount"] for item in items} == {83.33, 83.34}
    assert items[1]["version"] == 2
    bare = {**body, "weights": [0] * 12}
    problem(await client.post(f"{TARGETS}/spread", json=bare), 422, field="weights")
    summer = {**body, "measure": "visits", "amount": 30, "weights": [0, 0, 1, 2, *[0] * 8]}
    items = (await client.post(f"{TARGETS}/spread", json=summer)).json()["items"]
    assert [item["amount"] for item in items] == [0, 0, 10, 20, *[0] * 8]


weights = st.lists(st.decimals(0, 1000, places=3), min_size=12, max_size=12).filter(any)


@given(st.integers(0, 10**17), weights)
def test_the_parts_add_up_and_none_is_a_unit_off_its_share(amount: int, given_weights: list[Decimal]) -> None:
    parts, total = shares(amount, given_weights), sum(given_weights)

    assert sum(parts) == amount
    assert all(
        abs(part * total - amount * weight) < total * Decimal("1.0001")
        for part, weight in zip(parts, given_weights, strict=True)
    )


@given(st.dates(date(1950, 1, 1), date(2100, 1, 1)), st.sampled_from(sorted(MONTHS)), st.integers(1, 12))
def test_every_day_lies_in_one_period_that_begins_with_the_fiscal_year(
    day: date, period: str, start: int
) -> None:
    first = first_day(period, day, start_month=start)

    assert first <= day < months_later(first, MONTHS[period])
    assert first.day == 1
    assert (first.month - start) % MONTHS[period] == 0
    assert first_day(period, first, start_month=start) == first
