"""Reference 004: Google Maps integration, location-based visit tracking, and what follows from both."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from crm_api.core.database import Database
from crm_api.ports import Coordinates, Drive, TemporaryFailure
from tests.support.api import Api, serving
from tests.support.ports import offline_ports
from tests.visits.people import COLUMBUS, MONDAY, make_dealer, rep_with_dealers

CRM = "/api/v1/crm"
HOME = {"latitude": COLUMBUS.latitude, "longitude": COLUMBUS.longitude}


async def test_004_geocoding_turns_an_address_into_coordinates(api: Api) -> None:
    client = await api.client()

    answer = await client.post(f"{CRM}/maps/geocode", json={"address": "Columbus, Ohio", "country": "US"})

    (place,) = answer.json()["items"]
    assert (round(place["latitude"]), round(place["longitude"])) == (40, -83)


async def test_004_distance_calculation_gives_travel_time_and_distance_between_locations(api: Api) -> None:
    client = await api.client()
    body = {"origins": [HOME], "destinations": [{"latitude": 39.1, "longitude": -84.5}]}

    found = (await client.post(f"{CRM}/maps/distance", json=body)).json()

    assert 150_000 < found["metres"][0][0] < 250_000
    assert 5_000 < found["seconds"][0][0] < 12_000


async def test_004_an_activity_has_gps_coordinates(api: Api) -> None:
    client = await api.client()
    body = {"activity_type": "visit", "subject": "Visited", **HOME}

    made = (await client.post(f"{CRM}/activities", json=body)).json()

    assert {name: made[name] for name in HOME} == HOME


async def test_004_visit_tracking_of_distributors_and_dealers_logs_outcome_and_next_steps(api: Api) -> None:
    rep, _ = await rep_with_dealers(api.db, 0)
    dealer = await api.db.write(lambda s: make_dealer(s, owner_id=rep.id, account_type="distributor"))
    client = await api.signed_in(rep)

    made = (await client.post(f"{CRM}/visits/check-ins", json={"account_id": str(dealer.id), **HOME})).json()
    said = {"outcome": "Wants more", "next_steps": "Send a quote"}
    await client.post(f"{CRM}/visits/check-ins/{made['id']}/check-out", json=said)

    visit = (await client.get(f"{CRM}/activities/{made['activity_id']}")).json()
    assert (made["verdict"], visit["status"]) == ("verified", "completed")
    assert {name: visit[name] for name in said} == said


async def test_004_route_optimization_plans_several_stops_in_an_order(api: Api) -> None:
    rep, _ = await rep_with_dealers(api.db, 8)
    client = await api.signed_in(rep)

    plan = (await client.post(f"{CRM}/visits/plans", json={"day": MONDAY, "account_type": "dealer"})).json()

    assert len(plan["stops"]) > 3
    assert [stop["position"] for stop in plan["stops"]] == list(range(1, len(plan["stops"]) + 1))


async def test_004_location_analytics_tell_the_coverage_of_a_territory(api: Api) -> None:
    rep, _ = await rep_with_dealers(api.db, 3)
    client = await api.signed_in(rep)

    total = (await client.get(f"{CRM}/visits/coverage")).json()["total"]

    assert (total["accounts"], total["never"]) == (3, 3)


async def test_004_meeting_location_finder(api: Api) -> None:
    client = await api.client()
    people = [
        {"name": "A", "latitude": 40.0, "longitude": -83.0},
        {"name": "B", "latitude": 41.0, "longitude": -83.0},
    ]

    found = (await client.post(f"{CRM}/visits/meeting-point", json={"people": people})).json()

    assert found["point"]["latitude"] == pytest.approx(40.5, abs=0.01)


async def test_004_calendar_integration_of_planned_visits(api: Api) -> None:
    rep, _ = await rep_with_dealers(api.db, 2)
    client = await api.signed_in(rep)
    plan = (await client.post(f"{CRM}/visits/plans", json={"day": MONDAY, "account_type": "dealer"})).json()
    plan = (await client.post(f"{CRM}/visits/plans/{plan['id']}/accept")).json()

    url = (await client.post(f"{CRM}/calendar/feed")).json()["url"]
    calendar = (await api.anonymous().get("/" + url.split("/", 3)[3])).text

    assert calendar.count("BEGIN:VEVENT") == plan["visits"] > 0


async def test_004_an_integration_that_fails_falls_back(db: Database, tmp_path: Path) -> None:
    class Roads:
        def price(self, places: int) -> int:
            return 5_000

        async def drive(self, places: list[Coordinates], *, departure: Any = None) -> Drive:
            raise TemporaryFailure("Google does not answer.")

    async with serving(db, tmp_path, replace(offline_ports(tmp_path), road_times=Roads())) as api:
        rep, _ = await rep_with_dealers(db, 5)
        client = await api.signed_in(rep)
        plan = (
            await client.post(f"{CRM}/visits/plans", json={"day": MONDAY, "account_type": "dealer"})
        ).json()

    assert plan["is_estimate"]
    assert any("Google does not answer." in note for note in plan["notes"])
