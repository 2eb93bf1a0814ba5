"""Several days planned together over HTTP: what comes out, who gets which day, what is refused."""

import random
from collections import Counter
from datetime import UTC, date, datetime

import pytest

from crm_api.accounts import bulk as accounts
from crm_api.core import clock
from tests.factories import make_team
from tests.visits.people import COLUMBUS, MONDAY, make_dealer, make_rep, rep_with_dealers

WEEKS, PLANS = "/api/v1/crm/visits/weeks", "/api/v1/crm/visits/plans"


async def planned(client, **body):
    response = await client.post(WEEKS, json={"first_day": MONDAY, "account_type": "dealer", **body})
    assert response.status_code == 201, response.text
    return response.json()


async def days_of(client, week):
    return [(await client.get(f"{PLANS}/{day['plan_id']}")).json() for day in week["days"]]


async def test_a_week_visits_every_dealer_at_most_once_and_leaves_the_weekend_free(api):
    rep, dealers = await rep_with_dealers(api.db, 60)
    client = await api.signed_in(rep)
    week = await planned(client)
    days = await days_of(client, week)
    assert [day["day"] for day in week["days"]] == [f"2026-11-{n}" for n in range(23, 28)]
    seen = Counter(stop["account_id"] for day in days for stop in day["stops"])
    assert set(seen.values()) == {1}
    assert sum(seen.values()) == week["visits"] > 30
    out = {item["account_id"] for item in week["left_out"]}
    assert out | seen.keys() == {str(dealer.id) for dealer in dealers}
    assert all(day["over_at"] <= day["shift_ends_at"] and day["lunch_starts_at"] for day in days)


async def test_a_dealer_that_wants_to_be_seen_weekly_is_seen_a_week_apart_in_a_fortnight(api):
    rep, _ = await rep_with_dealers(api.db, 0)

    def make(session):
        return str(make_dealer(session, 5, owner_id=rep.id, visit_every_days=7).id)

    dealer = await api.db.write(make)
    client = await api.signed_in(rep)
    week = await planned(client, days=14)
    days = [day["day"] for day in await days_of(client, week) if day["stops"]]
    assert len(days) == 2
    assert (date.fromisoformat(days[1]) - date.fromisoformat(days[0])).days >= 7
    assert dealer not in {item["account_id"] for item in week["left_out"]}


async def test_the_days_a_dealer_welcomes_visits_on_are_kept(api):
    rep, _ = await rep_with_dealers(api.db, 0)

    def make(session):
        for n in range(3):
            make_dealer(session, 3 + n, owner_id=rep.id, visit_days=[2, 4])

    await api.db.write(make)
    client = await api.signed_in(rep)
    visited = [day["day"] for day in await days_of(client, await planned(client)) if day["stops"]]
    assert set(visited) <= {"2026-11-24", "2026-11-26"}
    assert visited


async def test_accepting_a_week_makes_every_day_of_it_the_day(api):
    rep, _ = await rep_with_dealers(api.db, 20)
    client = await api.signed_in(rep)
    week = await planned(client)
    accepted = (await client.post(f"{WEEKS}/{week['id']}/accept")).json()
    assert {day["status"] for day in accepted["days"]} == {"accepted"}
    assert (await client.post(f"{WEEKS}/{week['id']}/accept")).status_code == 409
    listed = (await client.get("/api/v1/crm/activities", params={"activity_type": "visit"})).json()
    assert listed["total"] == week["visits"]


async def test_what_is_accepted_for_one_day_is_not_planned_for_another(api):
    rep, _ = await rep_with_dealers(api.db, 4)
    client = await api.signed_in(rep)
    day = (await client.post(PLANS, json={"day": MONDAY})).json()
    await client.post(f"{PLANS}/{day['id']}/accept")
    other = (await client.post(PLANS, json={"day": "2026-11-24"})).json()
    assert other["visits"] == 0
    assert {item["why"] for item in other["left_out"]} == {"planned_elsewhere"}


async def test_days_off_and_holidays_are_not_planned(api):
    rep, _ = await rep_with_dealers(api.db, 6)
    holiday = {"name": "World", "holidays": [{"day": "2026-11-26", "name": "Thanksgiving"}]}
    await (await api.client()).post("/api/v1/organisation/holiday-calendars", json=holiday)
    week = await planned(await api.signed_in(rep), days_off=["2026-11-24"])
    assert [day["day"][-2:] for day in week["days"]] == ["23", "25", "27"]
    assert "2026-11-26 is a day off: Thanksgiving." in week["notes"]


async def test_a_team_shares_the_dealers_and_each_rep_sees_the_own_days(api):
    def make(session):
        team = make_team(session)
        boss = make_rep(session, "manager", team_id=team.id)
        reps = [make_rep(session, team_id=team.id) for _ in range(2)]
        for n in range(24):
            make_dealer(session, n % 6 - 3, n % 4 - 2, owner_id=reps[n % 2].id)
        return boss, reps, team

    boss, reps, team = await api.db.write(make)
    manager = await api.signed_in(boss)
    week = await planned(manager, team_id=str(team.id))
    assert (week["reps"], len(week["days"])) == (2, 10)
    assert {day["status"] for day in week["days"]} == {"proposed"}
    days = await days_of(manager, week)
    seen = Counter(stop["account_id"] for day in days for stop in day["stops"])
    assert set(seen.values()) == {1}
    assert len(seen) == 24
    own = await api.signed_in(reps[0])
    assert (await own.get(PLANS)).json()["total"] == 5
    colleague = next(day for day in days if day["owner_id"] == str(reps[1].id))
    assert (await own.get(f"{PLANS}/{colleague['id']}")).status_code == 404


async def test_the_same_week_is_planned_byte_for_byte(api):
    rep, _ = await rep_with_dealers(api.db, 40)
    client = await api.signed_in(rep)
    told = []
    for _ in range(2):
        days = await days_of(client, await planned(client))
        own = ("id", "week_id", "created_at", "updated_at")
        told.append([{k: v for k, v in day.items() if k not in own} for day in days])
    assert told[0] == told[1]


async def test_a_week_that_has_begun_goes_on_from_today(api):
    rep, _ = await rep_with_dealers(api.db, 6)
    with clock.frozen(datetime(2026, 11, 25, 15, tzinfo=UTC)):
        week = await planned(await api.signed_in(rep))
    assert [day["day"][-2:] for day in week["days"]] == ["25", "26", "27"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"days": 15}, "days"),
        ({"days": 2, "first_day": "2026-11-21"}, "days"),
        ({"first_day": "2026-11-09", "days": 5}, "first_day"),
        ({"shift_start": "17:00", "shift_end": "08:00"}, "shift_end"),
        ({"candidates": 5000}, "candidates"),
        ({"owner_ids": ["0190e2a4-0000-7000-8000-000000000000"]}, "owner_ids.0"),
        ({"must_see": ["0190e2a4-0000-7000-8000-000000000000"]}, "must_see.0"),
    ],
)
async def test_a_week_that_makes_no_sense_names_its_field(api, body, field):
    rep, _ = await rep_with_dealers(api.db, 1)
    response = await (await api.signed_in(rep)).post(WEEKS, json={"first_day": MONDAY, **body})
    assert response.status_code == 422
    assert response.json()["errors"][0]["field"].removeprefix("body.") == field


async def test_a_week_without_any_dealer_says_so(api):
    rep, _ = await rep_with_dealers(api.db, 0)
    week = await planned(await api.signed_in(rep))
    assert week["visits"] == 0
    assert "No account with coordinates lies within 80 km." in week["notes"]


async def test_a_rep_plans_no_team(api):
    rep, _ = await rep_with_dealers(api.db, 1)
    team = await api.db.write(make_team)
    client = await api.signed_in(rep)
    response = await client.post(WEEKS, json={"first_day": MONDAY, "team_id": str(team.id)})
    assert response.status_code == 403


async def test_a_dealer_whose_coordinates_are_swapped_is_left_out_as_too_far_and_twins_are_both_visited(api):
    rep, _ = await rep_with_dealers(api.db, 0)

    def make(session):
        twins = [make_dealer(session, 5, 5, owner_id=rep.id, name="Twin Ford") for _ in range(2)]
        swapped = make_dealer(session, owner_id=rep.id)
        swapped.latitude, swapped.longitude = -83.0, 39.96
        return {str(twin.id) for twin in twins}, str(swapped.id)

    twins, swapped = await api.db.write(make)
    client = await api.signed_in(rep)
    week = await planned(client, must_see=[swapped])
    assert {stop["account_id"] for day in await days_of(client, week) for stop in day["stops"]} == twins
    assert [(item["account_id"], item["why"]) for item in week["left_out"]] == [(swapped, "too_far")]


async def test_among_five_thousand_dealers_the_best_are_chosen_from_and_the_rest_is_counted(api):
    rep, _ = await rep_with_dealers(api.db, 0)
    draw = random.Random(7)

    def make(session):
        rows = [
            {
                "external_system": "test", "external_id": str(n), "name": f"Dealer {n}", "account_type": "dealer",
                "owner_id": rep.id, "latitude": COLUMBUS.latitude + draw.uniform(-0.5, 0.5),
                "longitude": COLUMBUS.longitude + draw.uniform(-0.5, 0.5),
            }
            for n in range(5_000)
        ]  # fmt: skip
        accounts.insert(session, rows)

    await api.db.write(make)
    day = (await (await api.signed_in(rep)).post(PLANS, json={"day": MONDAY})).json()
    assert day["visits"] > 8
    assert day["notes"] == [
        "4880 more accounts are in reach; those chosen from are worth more for their distance."
    ]
    assert len(day["left_out"]) == 120 - day["visits"]
