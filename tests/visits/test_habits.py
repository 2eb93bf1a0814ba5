"""What visits teach of a dealer, and how the organisation says how it visits."""

from datetime import UTC, datetime, timedelta

from crm_api.visits.habits import is_shut, without_shut_hours
from crm_api.visits.preferences import preferences
from tests.factories import make_territory
from tests.visits.people import MONDAY, make_dealer, rep_with_dealers

PLANS, SETTINGS = "/api/v1/crm/visits/plans", "/api/v1/crm/visits/settings"
HOURS = {"1": [["08:00", "12:00"], ["13:30", "18:00"]]}


async def visit(client, account_id, at, **values):
    body = {
        "activity_type": "visit", "subject": "Visit", "account_id": account_id, "status": "completed",
        "occurred_at": at.isoformat(), **values,
    }  # fmt: skip
    response = await client.post("/api/v1/crm/activities", json=body)
    assert response.status_code == 201, response.text


async def one_dealer(api, **values):
    rep, _ = await rep_with_dealers(api.db, 0)
    dealer = await api.db.write(lambda s: str(make_dealer(s, 5, owner_id=rep.id, **values).id))
    return await api.signed_in(rep), dealer


async def test_visits_that_last_longer_than_assumed_are_planned_longer_from_the_third_on(api):
    client, dealer = await one_dealer(api, visit_every_days=1)
    planned = []
    for day in (16, 17, 18):
        at = datetime(2026, 11, day, 15, tzinfo=UTC)
        await visit(client, dealer, at, duration_minutes=52)
        (stop,) = (await client.post(PLANS, json={"day": MONDAY})).json()["stops"]
        begins, ends = (datetime.fromisoformat(stop[name]) for name in ("starts_at", "ends_at"))
        planned.append(ends - begins)
    assert planned == [timedelta(minutes=30), timedelta(minutes=30), timedelta(minutes=50)]


async def test_an_hour_at_which_nobody_was_there_twice_is_planned_around(api):
    client, dealer = await one_dealer(api, visit_every_days=1)
    for week in (
        9,
        16,
    ):  # Mondays, half past eight in New York: the hour in which the first visit of a day begins
        at = datetime(2026, 11, week, 13, 40, tzinfo=UTC)
        await visit(client, dealer, at, outcome="Closed, nobody there")
    (stop,) = (await client.post(PLANS, json={"day": MONDAY})).json()["stops"]
    assert datetime.fromisoformat(stop["starts_at"]) >= datetime(2026, 11, 23, 14, tzinfo=UTC)


def test_words_for_a_closed_door_are_understood():
    assert is_shut("CLOSED on Mondays")
    assert is_shut("No one there")
    assert not is_shut("Deal discussed")
    assert not is_shut(None)


def test_a_shut_hour_is_cut_out_of_the_hours_unless_somebody_was_there_once():
    shut = {"1": {"9": 2, "13": 2, "16": 1}}
    assert without_shut_hours(HOURS, found_open={}, found_shut=shut) == {
        "1": [["08:00", "09:00"], ["10:00", "12:00"], ["14:00", "18:00"]]
    }
    assert without_shut_hours(HOURS, found_open={"1": {"9": 1, "13": 4}}, found_shut=shut) == HOURS


async def test_settings_are_changed_by_the_administrator_and_read_by_everybody(api):
    rep, _ = await rep_with_dealers(api.db, 1)
    client, boss = await api.signed_in(rep), await api.client()
    assert (await client.get(SETTINGS)).json()["visit_minutes"] == 30
    assert (await client.patch(SETTINGS, json={"visit_minutes": 40})).status_code == 403
    changed = await boss.patch(SETTINGS, json={"visit_minutes": 40, "weights": {"overdue": 50, "tier": 0}})
    assert changed.status_code == 200, changed.text
    told = (await client.get(SETTINGS)).json()
    assert (told["visit_minutes"], told["weights"]["overdue"], told["lunch_minutes"]) == (40, 50, 45)
    await boss.patch(SETTINGS, json={"visit_minutes": None})
    assert (await client.get(SETTINGS)).json()["visit_minutes"] == 30


async def test_settings_that_make_no_sense_are_refused_and_nothing_is_kept(api):
    boss = await api.client()
    await boss.get("/api/v1/organisation")
    for body in (
        {"weights": {"overdue": 80, "pipeline": 80}},
        {"shift_start": "noon"},
        {"defaults": [{"territory_id": "0190e2a4-0000-7000-8000-000000000000", "visit_minutes": 20}]},
        {"opening_hours": {"dealer": {"8": [["08:00", "12:00"]]}}},
    ):
        assert (await boss.patch(SETTINGS, json=body)).status_code == 422, body
    assert (await boss.get(SETTINGS)).json()["shift_start"] == "08:30"


async def test_defaults_hold_by_type_and_territory_the_narrowest_first(api):
    rep, _ = await rep_with_dealers(api.db, 0)

    def make(session):
        north = make_territory(session)
        return (
            str(north.id),
            str(make_dealer(session, 3, owner_id=rep.id, territory_id=north.id).id),
            str(make_dealer(session, 4, owner_id=rep.id).id),
            str(make_dealer(session, 5, owner_id=rep.id, visit_minutes=25).id),
        )

    north, inside, outside, own = await api.db.write(make)
    defaults = [
        {"account_type": "dealer", "visit_minutes": 40},
        {"territory_id": north, "visit_minutes": 60},
    ]
    assert (await (await api.client()).patch(SETTINGS, json={"defaults": defaults})).status_code == 200
    stops = (await (await api.signed_in(rep)).post(PLANS, json={"day": MONDAY})).json()["stops"]
    minutes = {
        stop["account_id"]: (
            datetime.fromisoformat(stop["ends_at"]) - datetime.fromisoformat(stop["starts_at"])
        ).seconds // 60
        for stop in stops
    }  # fmt: skip
    assert minutes == {inside: 60, outside: 40, own: 25}


def test_a_default_for_a_type_in_a_territory_beats_both():
    found = preferences(
        {
            "visits": {
                "defaults": [
                    {"account_type": "dealer", "visit_every_days": 45},
                    {"account_type": "dealer", "visit_days": [2]},
                ]
            }
        }
    )
    assert found.default("dealer", None, "visit_every_days") == 45
    assert found.default("dealer", None, "visit_days") == [2]
    assert found.default("customer", None, "visit_days") is None
