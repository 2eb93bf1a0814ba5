"""The kilometres of a month: planned against driven, and what they are paid."""

import csv
import io
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from crm_api.core import clock
from crm_api.field.distances import as_csv
from crm_api.ports import Coordinates, TemporaryFailure
from integrations.offline.great_circle import GreatCircleTravelTimes, road_metres
from tests.factories import make_organisation, make_team, make_user
from tests.support.api import serving
from tests.support.ports import offline_ports
from tests.visits.people import COLUMBUS, MONDAY, make_dealer, make_rep, rep_with_dealers

VISITS = "/api/v1/crm/visits"
NOON = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _noon():
    with clock.frozen(NOON):
        yield


async def checked_in(client, dealer, at, **body):
    answer = await client.post(f"{VISITS}/check-ins", json={"account_id": str(dealer.id), "at": at, **body})
    assert answer.status_code == 201, answer.text


async def claim(client, **params):
    answer = await client.get(f"{VISITS}/mileage", params={"month": "2026-11", **params})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def two_stops(api):
    """A rep who saw two dealers today: north of home, then east of it."""
    rep, _ = await rep_with_dealers(api.db, 0)
    north, east = await api.db.write(
        lambda s: (make_dealer(s, 10, owner_id=rep.id), make_dealer(s, 0, 10, owner_id=rep.id))
    )
    client = await api.signed_in(rep)
    await checked_in(client, east, "2026-11-23T16:00:00Z")
    await checked_in(client, north, "2026-11-23T15:00:00Z")
    return rep, client, north, east


async def test_driven_is_the_way_from_home_over_the_check_ins_in_their_order_and_back(api):
    _, client, north, east = await two_stops(api)
    (day,) = (found := await claim(client))["days"]
    a, b = (Coordinates(place.latitude, place.longitude) for place in (north, east))
    way = road_metres(COLUMBUS, a) + road_metres(a, b) + road_metres(b, COLUMBUS)
    assert day["driven"] == pytest.approx(way / 1000, abs=0.01)
    assert (day["day"], day["visits"], day["planned"], day["amount"]) == (MONDAY, 2, None, None)
    assert found["total"]["driven"] == day["driven"]
    assert (found["unit"], found["owner_name"]) == ("km", found["owner_name"])


async def test_the_phones_position_counts_before_the_accounts_pin(api):
    rep, _ = await rep_with_dealers(api.db, 0)
    dealer = await api.db.write(lambda s: make_dealer(s, 50, owner_id=rep.id))
    client = await api.signed_in(rep)
    await checked_in(client, dealer, None, latitude=COLUMBUS.latitude, longitude=COLUMBUS.longitude)
    assert (await claim(client))["days"][0]["driven"] == 0


async def test_an_accepted_plan_stands_beside_what_was_driven(api):
    rep, dealers = await rep_with_dealers(api.db, 5)
    client = await api.signed_in(rep)
    plan = (await client.post(f"{VISITS}/plans", json={"day": MONDAY, "account_type": "dealer"})).json()
    plan = (await client.post(f"{VISITS}/plans/{plan['id']}/accept")).json()
    await checked_in(client, dealers[0], None)
    (day,) = (await claim(client))["days"]
    assert day["planned"] == pytest.approx(plan["driving_metres"] / 1000)
    assert day["driven"] > 0


async def test_kilometres_are_paid_at_the_houses_rate_and_in_its_unit(api):
    _, client, *_ = await two_stops(api)
    metric = (await claim(client))["total"]["driven"]
    administrator = await api.client()
    await administrator.put(f"{VISITS}/road-rules", json={"mileage_rate": 0.5})
    await api.db.write(lambda s: make_organisation(s, distance_unit="mi"))
    found = await claim(client)
    assert found["unit"] == "mi"
    assert found["total"]["driven"] == pytest.approx(metric / 1.609344)
    assert found["total"]["amount"] == pytest.approx(found["total"]["driven"] * 0.5, abs=0.01)


async def test_the_table_has_a_line_a_day_and_their_sum(api):
    _, client, *_ = await two_stops(api)
    answer = await client.get(f"{VISITS}/mileage", params={"month": "2026-11", "format": "csv"})
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert "mileage-2026-11.csv" in answer.headers["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["day"] for row in rows] == [MONDAY, "total"]
    assert rows[0]["driven_km"] == rows[1]["driven_km"] != ""


async def test_days_are_the_reps_own(api):
    rep, (dealer,) = await rep_with_dealers(api.db, 1)
    client = await api.signed_in(rep)
    await checked_in(client, dealer, "2026-11-21T03:00:00Z")  # ten in the evening before, in Columbus
    assert [day["day"] for day in (await claim(client))["days"]] == ["2026-11-20"]
    assert (await claim(client, month="2026-10"))["days"] == []


async def test_without_a_home_it_says_what_it_does_not_know(api):
    rep, _ = await rep_with_dealers(api.db, 0, home_latitude=None, home_longitude=None)
    dealer = await api.db.write(lambda s: make_dealer(s, owner_id=rep.id))
    client = await api.signed_in(rep)
    await checked_in(client, dealer, None)
    (day,) = (await claim(client))["days"]
    assert "home" in day["note"]


async def test_a_claim_is_seen_by_its_person_their_manager_and_nobody_else(api):
    def make(session):
        team = make_team(session)
        manager = make_user(session, "manager", team_id=team.id)
        team.manager_id = manager.id
        return make_user(session, "rep", team_id=team.id), manager, make_user(session, "rep", team_id=team.id)

    rep, manager, colleague = await api.db.write(make)
    for user, status in ((rep, 200), (manager, 200), (colleague, 403)):
        client = await api.signed_in(user)
        params = {"month": "2026-11", "owner_id": str(rep.id)}
        assert (await client.get(f"{VISITS}/mileage", params=params)).status_code == status


@pytest.mark.parametrize("month", ["2026-13", "november", "2026-1", "0000-01"])
async def test_what_is_no_month_is_refused(api, month):
    answer = await (await api.client()).get(f"{VISITS}/mileage", params={"month": month})
    assert answer.status_code == 422


async def test_without_travel_times_a_claim_waits(db, tmp_path):
    class Away(GreatCircleTravelTimes):
        async def matrix(self, origins, destinations, *, departure=None):
            raise TemporaryFailure("away")

    async with serving(db, tmp_path, replace(offline_ports(tmp_path), travel_times=Away())) as api:
        _, client, *_ = await two_stops(api)
        answer = await client.get(f"{VISITS}/mileage", params={"month": "2026-11"})
    assert answer.status_code == 503


# ── Of everybody ─────────────────────────────────────────────────────────────────────────────────


async def house(api):
    """A manager with two reps: one drove farther than planned, one drove without a plan; and a rep of another team."""

    def make(session):
        make_organisation(session, time_zone="America/New_York")
        team = make_team(session)
        boss = make_rep(session, "manager", team_id=team.id, name="Ada")
        far, near = (make_rep(session, team_id=team.id, name=name) for name in ("Far", "Near"))
        other = make_rep(session, name="Other")
        return (
            boss,
            far,
            near,
            other,
            {rep.id: make_dealer(session, 10, owner_id=rep.id) for rep in (far, near, other)},
        )

    boss, far, near, other, dealers = await api.db.write(make)
    for rep in (far, near, other):
        client = await api.signed_in(rep)
        if rep is far:
            plan = (await client.post(f"{VISITS}/plans", json={"day": MONDAY})).json()
            await client.post(f"{VISITS}/plans/{plan['id']}/accept")
            detour = {"latitude": COLUMBUS.latitude + 0.2, "longitude": COLUMBUS.longitude}
            await checked_in(client, dealers[rep.id], None, **detour)
        else:
            await checked_in(client, dealers[rep.id], None)
    return boss, far


async def distances(client, **params):
    answer = await client.get(f"{VISITS}/mileage/team", params={"month": "2026-11", **params})
    assert answer.status_code == 200, answer.text
    return answer


async def test_a_manager_sees_who_drove_how_far_beyond_their_plan(api):
    boss, _ = await house(api)
    found = (await distances(await api.signed_in(boss))).json()
    far, near = found["people"]
    assert (far["owner_name"], far["days"], far["visits"]) == ("Far", 1, 1)
    assert far["beyond_plan"] == pytest.approx(far["driven"] - far["planned"])
    assert far["beyond_plan"] > 20
    assert (near["owner_name"], near["planned"], near["beyond_plan"]) == ("Near", 0, None)
    assert near["driven"] > 0
    assert found["total"]["beyond_plan"] == far["beyond_plan"]
    assert found["total"]["driven"] == pytest.approx(far["driven"] + near["driven"])
    table = list(csv.reader(io.StringIO((await distances(await api.signed_in(boss), format="csv")).text)))
    assert [row[0] for row in table] == ["person", "Far", "Near", "total"]


async def test_everybody_sees_the_distances_they_answer_for(api):
    _, far = await house(api)
    own = (await distances(await api.signed_in(far))).json()
    every = (await distances(await api.client())).json()
    assert [row["owner_name"] for row in own["people"]] == ["Far"]
    assert {row["owner_name"] for row in every["people"]} == {"Far", "Near", "Other"}
    assert (await distances(await api.client(), month="2026-10")).json()["people"] == []


def test_a_name_that_a_spreadsheet_would_run_is_quoted():
    zero = {"days": 1, "visits": 1, "planned": 0.0, "driven": 1.0, "beyond_plan": None, "amount": None}
    row = {"owner_name": "=1+1", "remarks": 0, **zero}
    report = {"unit": "km", "currency": "EUR", "people": [row], "total": zero}
    assert as_csv(report).decode().splitlines()[1].startswith("'=1+1,")
