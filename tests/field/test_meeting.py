"""Where people should meet."""

import asyncio
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_api.field.meeting import best_point
from crm_api.ports import Coordinates, TravelMatrix
from integrations.offline.great_circle import GreatCircleTravelTimes
from tests.support.api import serving
from tests.support.ports import offline_ports
from tests.visits.people import make_dealer, rep_with_dealers

MEETING = "/api/v1/crm/visits/meeting-point"
ANN, BOB = (
    {"name": "Ann", "latitude": 40.0, "longitude": -83.0},
    {"name": "Bob", "latitude": 41.0, "longitude": -83.0},
)
places = st.builds(Coordinates, st.floats(38, 42), st.floats(-86, -80))


def found_for(people, goal):
    return asyncio.run(best_point(GreatCircleTravelTimes(), people, goal=goal))[0]


@pytest.mark.parametrize("goal", ["longest", "total"])
@settings(max_examples=25)
@given(people=st.lists(places, min_size=2, max_size=6))
def test_no_place_of_a_fine_grid_is_much_better(goal, people):
    best = found_for(people, goal)
    latitudes, longitudes = [p.latitude for p in people], [p.longitude for p in people]
    grid = [
        Coordinates(
            min(latitudes) + (max(latitudes) - min(latitudes)) * a / 12,
            min(longitudes) + (max(longitudes) - min(longitudes)) * b / 12,
        )
        for a in range(13)
        for b in range(13)
    ]
    matrix = asyncio.run(GreatCircleTravelTimes().matrix(people, grid))
    costs = [[row[n] or 0 for row in matrix.seconds] for n in range(len(grid))]
    least = min(max(cost) if goal == "longest" else sum(cost) for cost in costs)
    assert best.burden(goal)[0] <= least * 1.02 + 30


def test_two_meet_half_way():
    best = found_for([Coordinates(40.0, -83.0), Coordinates(41.0, -83.0)], "longest")
    assert (best.place.latitude, best.place.longitude) == (
        pytest.approx(40.5, abs=0.01),
        pytest.approx(-83, abs=0.02),
    )


def test_the_crowd_stays_where_it_is_for_the_least_total():
    crowd = [Coordinates(40.0, -83.0)] * 4
    best = found_for([*crowd, Coordinates(41.0, -83.0)], "total")
    assert best.place.metres_to(crowd[0]) < 500


@pytest.mark.parametrize(
    "people", [[Coordinates(0, 179.9), Coordinates(0, -179.9)], [Coordinates(89, 0), Coordinates(89, 180)]]
)
def test_the_date_line_and_the_poles_are_not_in_the_way(people):
    best = found_for(people, "longest")
    assert max(best.place.metres_to(person) for person in people) < 150_000


def test_the_same_people_meet_at_the_same_place():
    people = [Coordinates(40 + n / 7, -83 + n / 3) for n in range(5)]
    assert found_for(people, "longest") == found_for(people, "longest")


async def test_the_place_comes_with_everybodys_drive_and_accounts_nearby(api):
    rep, _ = await rep_with_dealers(api.db, 0)
    dealer = await api.db.write(lambda s: make_dealer(s, 54, owner_id=rep.id, name="Half Way Motors"))
    answer = await (await api.signed_in(rep)).post(MEETING, json={"people": [ANN, BOB], "venues": 3})
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert [arrival["name"] for arrival in found["point"]["arrivals"]] == ["Ann", "Bob"]
    assert found["point"]["longest_seconds"] == max(a["seconds"] for a in found["point"]["arrivals"])
    (venue,) = found["venues"]
    assert (venue["account_id"], venue["account_name"]) == (str(dealer.id), "Half Way Motors")
    assert venue["longest_seconds"] >= found["point"]["longest_seconds"]


async def test_a_colleague_comes_from_home(api):
    rep, _ = await rep_with_dealers(api.db, 0)
    client = await api.signed_in(rep)
    found = (await client.post(MEETING, json={"people": [{"user_id": str(rep.id)}, BOB]})).json()
    assert found["point"]["arrivals"][0]["name"] == rep.name
    homeless, _ = await rep_with_dealers(
        api.db, 0, home_latitude=None, home_longitude=None, email="x@example.com"
    )
    answer = await client.post(MEETING, json={"people": [{"user_id": str(homeless.id)}, BOB]})
    assert answer.json()["errors"][0]["field"] == "people.0"


@pytest.mark.parametrize("people", [[ANN], [ANN, {"name": "Bob"}], [ANN, {"latitude": 40}], [ANN] * 21])
async def test_people_who_are_nowhere_are_refused(api, people):
    assert (await (await api.client()).post(MEETING, json={"people": people})).status_code == 422


async def test_where_no_road_leads_all_of_them_it_says_so(db, tmp_path):
    class Sea(GreatCircleTravelTimes):
        async def matrix(self, origins, destinations, *, departure=None):
            nothing = [[None] * len(destinations) for _ in origins]
            return TravelMatrix(nothing, nothing, "sea", False)

    async with serving(db, tmp_path, replace(offline_ports(tmp_path), travel_times=Sea())) as api:
        answer = await (await api.client()).post(MEETING, json={"people": [ANN, BOB]})
    assert answer.status_code == 409
