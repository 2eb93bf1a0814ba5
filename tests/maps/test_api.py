"""Addresses, distances and what they cost, over HTTP."""

from dataclasses import replace

import pytest

from crm_api.maps.meter import DatabaseSpendMeter
from crm_api.ports import Drive, Leg, PaidCall, PermanentFailure, TemporaryFailure
from integrations.offline.gazetteer import Gazetteer
from tests.support.api import serving
from tests.support.ports import offline_ports

MAPS = "/api/v1/crm/maps"
HOME, DEALER = {"latitude": 39.96, "longitude": -83.0}, {"latitude": 40.1, "longitude": -83.1}


class Failing(Gazetteer):
    def __init__(self, failure):
        self.failure = failure

    async def geocode(self, address, *, country=None):
        raise self.failure


class Roads:
    def price(self, places):
        return 5_000

    async def drive(self, places, *, departure=None):
        return Drive(tuple(Leg(60, 1000) for _ in places[1:]), "Roads")


async def test_an_address_is_looked_up_and_says_how_sure_it_is(api):
    client = await api.client("rep")
    answer = await client.post(
        f"{MAPS}/geocode", json={"address": "1 High Street, Columbus, OH", "country": "us"}
    )
    assert answer.status_code == 200, answer.text
    (place,) = answer.json()["items"]
    assert (place["precision"], place["source"], place["is_partial"]) == ("town", "gazetteer", True)
    assert (round(place["latitude"]), answer.json()["usd"]) == (40, 0)


@pytest.mark.parametrize(
    ("failure", "status"), [(TemporaryFailure("busy", retry_after=7), 503), (PermanentFailure("denied"), 409)]
)
async def test_a_map_service_that_fails_says_so(db, tmp_path, failure, status):
    ports = replace(offline_ports(tmp_path), geocoder=Failing(failure))
    async with serving(db, tmp_path, ports=ports) as api:
        answer = await (await api.client("rep")).post(f"{MAPS}/geocode", json={"address": "Columbus"})
    assert (answer.status_code, answer.json()["detail"]) == (status, failure.reason)
    assert answer.headers.get("Retry-After") == ("7" if status == 503 else None)


async def test_distances_are_estimates_and_say_so(api):
    answer = await (await api.client("viewer")).post(
        f"{MAPS}/distance", json={"origins": [HOME], "destinations": [HOME, DEALER]}
    )
    found = answer.json()
    assert found["metres"][0][0] == 0
    assert 20_000 < found["metres"][0][1] < 26_000
    assert (found["is_estimate"], found["source"], found["usd"]) == (True, "great circle", 0)


async def test_an_exact_drive_has_its_legs_and_its_price(db, tmp_path):
    body = {"origins": [HOME], "destinations": [DEALER, HOME], "exact": True}
    async with serving(db, tmp_path, ports=replace(offline_ports(tmp_path), road_times=Roads())) as api:
        client, viewer = await api.client("rep"), await api.client("viewer")
        found = (await client.post(f"{MAPS}/distance", json=body)).json()
        assert (found["seconds"], found["usd"], found["is_estimate"]) == ([[60, 60]], 0.005, False)
        assert (
            await client.post(f"{MAPS}/distance", json=body | {"origins": [HOME, DEALER]})
        ).status_code == 422
        assert (await viewer.post(f"{MAPS}/distance", json=body)).status_code == 403


async def test_without_paid_roads_an_exact_drive_says_what_turns_them_on(api):
    body = {"origins": [HOME], "destinations": [DEALER], "exact": True}
    answer = await (await api.client("rep")).post(f"{MAPS}/distance", json=body)
    assert answer.status_code == 409
    assert "GOOGLE_MAPS_API_KEY" in answer.json()["detail"]


async def test_spending_is_shown_with_its_limit_to_those_who_answer_for_it(db, tmp_path):
    ports = replace(offline_ports(tmp_path), road_times=Roads())
    async with serving(db, tmp_path, ports=ports, maps_monthly_usd=1) as api:
        meter = DatabaseSpendMeter(db, limit=1)
        for _ in range(2):
            async with meter.paying(PaidCall("Google Routes", 1, 5_000)):
                pass
        found = (await (await api.client("manager")).get(f"{MAPS}/spend")).json()
        assert (found["usd"], found["limit_usd"], found["left_usd"]) == (0.01, 1, 0.99)
        assert found["services"] == [{"service": "Google Routes", "calls": 2, "units": 2, "usd": 0.01}]
        assert found["prices"] == {"look_up": 0, "drive": 0.005, "week_of_visits": 0.1}
        assert (await (await api.client("rep")).get(f"{MAPS}/spend")).status_code == 403
