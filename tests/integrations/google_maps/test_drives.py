"""One drive through Google's `computeRoutes`: what it asks, what it costs, and what each fault becomes."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest
import respx
from pydantic import SecretStr

from crm_api.ports import Coordinates, Leg, PermanentFailure, TemporaryFailure
from integrations import http
from integrations.google_maps.routes import BASE_URL, ROUTE_PATH, GoogleRouteTimes, Traffic
from tests.integrations.google_maps.routes_api import KEY, DrivesApi
from tests.support.meter import Meter

URL = BASE_URL + ROUTE_PATH


def street(count):
    """Places a kilometre apart, as the stand-in measures."""
    return [Coordinates(40.0, -83 + n / 100) for n in range(count)]


@pytest.fixture(autouse=True)
def _without_waiting(monkeypatch):
    async def at_once(seconds):
        return None

    monkeypatch.setattr(http.asyncio, "sleep", at_once)


async def drive(api, places, *, meter=None, traffic=Traffic.UNAWARE, **options):
    with respx.mock:
        respx.post(URL).mock(side_effect=api)
        async with http.new_client() as client:
            adapter = GoogleRouteTimes(SecretStr(KEY), client, meter or Meter(), traffic=traffic)
            return (await adapter.drive(places, **options)).legs


async def test_the_legs_come_in_their_order():
    assert await drive(DrivesApi(), [*street(3), Coordinates(40.0, -82.95)]) == (
        Leg(63, 1000), Leg(63, 1000), Leg(188, 3000),
    )  # fmt: skip


async def test_the_places_on_the_way_are_intermediates_in_their_order():
    api = DrivesApi()
    await drive(api, street(4))
    (body,) = api.requests
    longitudes = [place["location"]["latLng"]["longitude"] for place in body["intermediates"]]
    assert longitudes == [-82.99, -82.98]
    assert (body["travelMode"], body["routingPreference"]) == ("DRIVE", "TRAFFIC_UNAWARE")


async def test_a_leg_of_nothing_has_no_distance_in_the_answer():
    assert await drive(DrivesApi(), [street(1)[0]] * 2) == (Leg(0, 0),)


@pytest.mark.parametrize(("places", "requests"), [(0, 0), (1, 0), (2, 1), (12, 1), (13, 2), (23, 2), (24, 3)])
async def test_a_long_day_is_asked_for_in_drives_of_the_lower_price(places, requests):
    api, meter = DrivesApi(), Meter()
    legs = await drive(api, street(places), meter=meter)
    assert legs == (Leg(63, 1000),) * max(0, places - 1)
    assert len(api.requests) == requests
    assert all(len(body["intermediates"]) <= 10 for body in api.requests)
    adapter = GoogleRouteTimes(SecretStr(KEY), httpx.AsyncClient(), meter)
    assert meter.micros == adapter.price(places) == 5_000 * requests


async def test_traffic_costs_twice_as_much():
    meter = Meter()
    await drive(DrivesApi(), street(5), meter=meter, traffic=Traffic.OPTIMAL)
    assert meter.micros == 10_000


async def test_an_island_has_no_road_and_the_rest_of_the_day_has():
    places, api = street(9), DrivesApi((40.0, -82.96))
    legs = await drive(api, places)
    assert legs == (*[Leg(63, 1000)] * 3, Leg(None, None), Leg(None, None), *[Leg(63, 1000)] * 3)
    assert len(api.requests) < 2 * len(legs)


async def test_a_departure_is_sent_with_traffic_alone():
    api, later = DrivesApi(), datetime.now(UTC) + timedelta(days=1)
    await drive(api, street(2), traffic=Traffic.AWARE, departure=later)
    await drive(api, street(2), departure=later)
    assert ["departureTime" in body for body in api.requests] == [True, False]


async def test_at_the_limit_nothing_is_asked():
    api = DrivesApi()
    with pytest.raises(PermanentFailure, match="limit"):
        await drive(api, street(3), meter=Meter(limit=4_999))
    assert api.requests == []


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (httpx.Response(429, json={"error": {"message": "Quota exceeded"}}), TemporaryFailure),
        (httpx.Response(503), TemporaryFailure),
        (httpx.Response(403, json={"error": {"message": "REQUEST_DENIED"}}), PermanentFailure),
        (httpx.Response(200, text="<html>"), TemporaryFailure),
        (httpx.Response(200, json=[]), TemporaryFailure),
        (httpx.Response(200, json={"routes": [{"legs": []}]}), TemporaryFailure),
        (httpx.Response(200, json={"routes": [{"legs": [{"duration": "soon"}]}]}), TemporaryFailure),
    ],
    ids=["quota", "busy", "denied", "no JSON", "a list", "no legs", "no duration"],
)
async def test_each_fault_is_the_right_failure(answer, failure):
    with pytest.raises(failure):
        await drive(lambda request: answer, street(2))


async def test_a_time_out_is_tried_again_and_then_temporary():
    asked = []

    def slow(request):
        asked.append(request)
        raise httpx.ReadTimeout("slow", request=request)

    with pytest.raises(TemporaryFailure, match="in time"):
        await drive(slow, street(2))
    assert len(asked) == 1 + http.RETRIES
