from collections import Counter
from datetime import date, datetime, timedelta
from functools import cache
from statistics import median
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from entrypoints.demo.company import DemoCompany, generate
from integrations.offline.places import places
from integrations.reserved import is_reserved

# A Saturday, a leap day, and the two days the clocks change in most places.
DAYS = [date(2026, 11, 21), date(2028, 2, 29), date(2027, 3, 14), date(2026, 10, 25)]


@cache
def company(at: date = DAYS[0], seed: int = 7) -> DemoCompany:
    return generate(at, seed)


def by_id(rows: list[dict[str, Any]]) -> dict[Any, dict[str, Any]]:
    return {row["id"]: row for row in rows}


def test_the_same_day_and_seed_give_the_identical_company() -> None:
    assert generate(DAYS[0], 7).digest() == company().digest()


def test_another_seed_or_day_gives_another_company() -> None:
    assert len({company().digest(), company(seed=8).digest(), company(DAYS[1]).digest()}) == 3


@pytest.mark.parametrize("at", DAYS)
def test_it_has_the_size_that_was_asked_for(at: date) -> None:
    made = company(at)
    assert (len(made.users), len(made.accounts), len(made.contacts)) == (12, 300, 500)
    assert (len(made.leads), len(made.opportunities), len(made.activities)) == (400, 600, 5000)
    assert len(made.sequences) == 3
    assert [rule["is_on"] for rule in made.rules] == [False, False]


def test_the_four_people_one_signs_in_as_are_there() -> None:
    roles = {user["email"]: user["role"] for user in company().users}
    expected = {"manager": "manager", "rep": "rep", "field": "field", "viewer": "viewer"}
    assert {key: roles[f"{key}@demo.example"] for key in expected} == expected


@pytest.mark.parametrize("at", DAYS)
def test_every_id_number_and_address_is_given_once(at: date) -> None:
    made = company(at)
    everything = [
        row["id"]
        for rows in (
            made.users,
            made.accounts,
            made.contacts,
            made.leads,
            made.opportunities,
            made.activities,
            made.lines,
            made.moves,
            made.products,
            made.tags,
            made.teams,
            made.territories,
        )
        for row in rows
    ]
    assert len(everything) == len(set(everything))
    for rows in (made.accounts, made.leads, made.opportunities):
        assert len({row["number"] for row in rows}) == len(rows)
    for rows in (made.users, made.contacts, made.leads, made.accounts):
        assert len({row["email"] for row in rows}) == len(rows)


def test_ids_are_uuids_of_version_7_of_the_time_they_were_made() -> None:
    for row in company().activities[::50]:
        assert (row["id"].version, row["id"].int >> 80) == (7, int(row["created_at"].timestamp() * 1000))


def test_nobody_can_be_reached() -> None:
    made = company()
    for rows in (made.users, made.contacts, made.leads, made.accounts):
        assert all(is_reserved(row["email"]) for row in rows)
    for row in [*made.contacts, *made.accounts, *made.leads, *made.users]:
        for number in (row.get("phone"), row.get("mobile")):
            assert number is None or "555" in number or "7946 0" in number or "23125" in number


@pytest.mark.parametrize("at", DAYS)
def test_nobody_is_contacted_before_they_were_known(at: date) -> None:
    made = company(at)
    known = by_id(made.contacts) | by_id(made.accounts) | by_id(made.leads) | by_id(made.opportunities)
    for activity in made.activities:
        for link in ("account_id", "contact_id", "lead_id", "opportunity_id"):
            if activity.get(link) and activity.get("occurred_at"):
                assert activity["occurred_at"] >= known[activity[link]]["created_at"]


@pytest.mark.parametrize("at", DAYS)
def test_nothing_is_done_about_a_deal_after_it_was_closed(at: date) -> None:
    made = company(at)
    deals = by_id(made.opportunities)
    for activity in made.activities:
        deal = deals.get(activity.get("opportunity_id"))
        if deal and deal["actual_close_date"]:
            assert (activity.get("occurred_at") or activity["due_at"]) <= deal["actual_close_date"]


@pytest.mark.parametrize("at", DAYS)
def test_what_happened_lies_in_the_past_and_within_working_weeks(at: date) -> None:
    made = company(at)
    now = datetime.fromisoformat(f"{at}T12:00:00+00:00")
    happened = [row["occurred_at"] for row in made.activities if row.get("occurred_at")]
    assert max(happened) <= now
    assert max(row["created_at"] for row in made.activities) <= now
    assert sum(when.weekday() < 5 for when in happened) / len(happened) > 0.97


@pytest.mark.parametrize("at", DAYS)
def test_deals_make_a_believable_funnel(at: date) -> None:
    kinds = Counter(deal["stage_kind"] for deal in company(at).opportunities)
    won, lost = kinds.pop("closed_won"), kinds.pop("closed_lost")
    assert 0.33 < won / (won + lost) < 0.52
    assert 0.09 < sum(kinds.values()) / 600 < 0.25
    assert len(kinds) == 5


def test_sales_cycles_and_values_are_skewed_as_they_are_in_life() -> None:
    deals = company().opportunities
    days = [(d["actual_close_date"] - d["started_at"]).days for d in deals if d["actual_close_date"]]
    values = [d["estimated_value"] for d in deals]
    assert 30 < median(days) < 60
    assert sum(days) / len(days) > median(days)
    assert sum(values) / len(values) > 1.1 * median(values)


def test_a_deal_is_worth_its_lines() -> None:
    made, sums = company(), Counter[Any]()
    for line in made.lines:
        discounted = line["quantity"] * line["unit_price"] * (1 - line["discount_percent"] / 100)
        sums[line["opportunity_id"]] += round(discounted)
    assert all(sums[deal["id"]] == deal["estimated_value"] for deal in made.opportunities)


@pytest.mark.parametrize("at", DAYS)
def test_what_was_won_was_ordered_and_dealers_order_again(at: date) -> None:
    made = company(at)
    won = [deal for deal in made.opportunities if deal["stage_kind"] == "closed_won"]
    of_deals = [order["opportunity_id"] for order in made.orders if "opportunity_id" in order]

    assert len(of_deals) == len(set(of_deals)) >= len(won) - 5  # the newest are yet to be ordered
    assert set(of_deals) <= {deal["id"] for deal in won}
    assert len(made.orders) > 2 * len(of_deals)
    assert all(order["created_at"].date() == order["order_date"] <= at for order in made.orders)


@pytest.mark.parametrize("at", DAYS)
def test_the_moves_of_a_record_lead_in_order_to_where_it_stands(at: date) -> None:
    made = company(at)
    moves: dict[Any, list[dict[str, Any]]] = {}
    for move in made.moves:
        moves.setdefault(move["record_id"], []).append(move)
    for record in [*made.opportunities, *made.leads]:
        steps = moves[record["id"]]
        assert [step["from_kind"] for step in steps] == [None, *(step["to_kind"] for step in steps[:-1])]
        assert [step["at"] for step in steps] == sorted(step["at"] for step in steps)
        assert steps[0]["at"] >= record["created_at"]
        assert steps[-1]["to_kind"] == record["stage_kind"]


def test_every_account_stands_in_a_town_of_the_table() -> None:
    towns = {(p.country, p.region, p.name): p for p in places()}
    for account in company().accounts:
        town = towns[account["billing_country"], account["billing_state"], account["billing_city"]]
        assert abs(town.latitude - account["latitude"]) < 0.15
        assert abs(town.longitude - account["longitude"]) < 0.25


def test_the_field_rep_of_central_ohio_has_a_day_full_of_dealers() -> None:
    made = company()
    central = next(row["id"] for row in made.territories if row["name"] == "Central Ohio")
    dealers = [a for a in made.accounts if a["territory_id"] == central and a["visit_every_days"]]
    assert len(dealers) >= 35
    field = next(user for user in made.users if user["email"] == "field@demo.example")
    visits = [a for a in made.activities if a["owner_id"] == field["id"] and a["activity_type"] == "visit"]
    assert len(visits) >= 200


def test_tasks_are_due_around_the_day() -> None:
    made = company()
    now = datetime.fromisoformat(f"{made.at}T12:00:00+00:00")
    due = [
        row["due_at"]
        for row in made.activities
        if row["activity_type"] == "task" and row["status"] == "scheduled"
    ]
    assert all(abs(when - now) < timedelta(days=20) for when in due)
    assert sum(when < now for when in due) >= 10
    assert sum(when > now for when in due) >= 30


def test_some_new_leads_still_wait_for_their_first_contact() -> None:
    made = company()
    contacted = {row["lead_id"] for row in made.activities if row.get("lead_id") and row.get("occurred_at")}
    assert sum(lead["status"] == "new" and lead["id"] not in contacted for lead in made.leads) >= 15


def test_every_account_has_exactly_one_primary_contact() -> None:
    primary = Counter(contact["account_id"] for contact in company().contacts if contact["is_primary"])
    assert set(primary.values()) == {1}
    assert len(primary) == 300


@settings(max_examples=8, deadline=None)
@given(st.dates(date(2024, 1, 1), date(2040, 12, 31)), st.integers(0, 10_000))
def test_any_day_and_seed_give_a_whole_company(at: date, seed: int) -> None:
    made = generate(at, seed)
    assert len(made.activities) == 5000
    assert all(
        deal["started_at"] <= (deal["actual_close_date"] or deal["started_at"]) for deal in made.opportunities
    )
