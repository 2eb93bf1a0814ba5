"""The Routes adapter: what it asks, how it reads the answer, and what each fault becomes."""

import math
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import respx
from pydantic import SecretStr

from crm_api.ports import Coordinates, PermanentFailure, TemporaryFailure
from integrations import http
from integrations.google_maps.routes import BASE_URL, PATH, GoogleRouteTimes, Traffic
from tests.integrations.google_maps.routes_api import KEY, RoutesApi, error
from tests.support.meter import Meter

A, B, C = Coordinates(40.0, -83.0), Coordinates(40.0, -82.9), Coordinates(40.1, -83.0)
URL = BASE_URL + PATH


@pytest.fixture(autouse=True)
def _without_waiting(monkeypatch):
    async def at_once(seconds):
        return None

    monkeypatch.setattr(http.asyncio, "sleep", at_once)


async def ask(api, origins, destinations, *, key=KEY, traffic=Traffic.UNAWARE, **options):
    with respx.mock:
        respx.post(URL).mock(side_effect=api)
        async with http.new_client() as client:
            adapter = GoogleRouteTimes(SecretStr(key), client, Meter(), traffic=traffic)
            return await adapter.matrix(origins, destinations, **options)


async def test_elements_are_placed_by_their_indices_in_whatever_order_they_come():
    matrix = await ask(RoutesApi(), [A, B], [A, B, C])
    assert matrix.metres == [[0, 10_000, 10_000], [10_000, 0, 14_142]]


async def test_durations_are_whole_seconds_rounded_up():
    matrix = await ask(RoutesApi(lambda e: e | {"duration": "3.5s"}), [A], [B])
    assert matrix.seconds == [[4]]


async def test_it_is_no_estimate_and_names_its_source():
    matrix = await ask(RoutesApi(), [A], [B])
    assert (matrix.source, matrix.is_estimate) == ("Google Routes", False)


async def test_no_road_is_none():
    def island(element):
        if element["destinationIndex"] != 1:
            return element
        return {k: element[k] for k in ("originIndex", "destinationIndex", "status")} | {
            "condition": "ROUTE_NOT_FOUND"
        }

    matrix = await ask(RoutesApi(island), [A], [B, C, A])
    assert matrix.seconds[0][1] is None
    assert matrix.metres[0][1] is None
    assert matrix.seconds[0][0] == 625


@pytest.mark.parametrize(("traffic", "most"), [(Traffic.UNAWARE, 625), (Traffic.OPTIMAL, 100)])
async def test_a_large_matrix_is_asked_for_in_blocks_the_service_takes(traffic, most):
    api = RoutesApi()
    places = [Coordinates(40 + n / 1000, -83.0) for n in range(50)]
    matrix = await ask(api, places, places, traffic=traffic)
    sizes = [len(body["origins"]) * len(body["destinations"]) for body in api.requests]
    assert max(sizes) <= most
    assert sum(sizes) == 2500
    assert matrix.metres == [[100 * abs(i - j) for j in range(50)] for i in range(50)]
    assert matrix.seconds == [[math.ceil(100 * abs(i - j) / 16) for j in range(50)] for i in range(50)]


async def test_more_destinations_than_one_request_takes_are_split_too():
    places = [Coordinates(40 + n / 10_000, -83.0) for n in range(700)]
    matrix = await ask(RoutesApi(), [A], places)
    assert matrix.metres == [[10 * n for n in range(700)]]


async def test_nothing_asked_is_nothing_fetched():
    api = RoutesApi()
    assert (await ask(api, [A], [])).seconds == [[]]
    assert api.requests == []


@pytest.mark.parametrize(
    ("traffic", "ahead", "sent"),
    [(Traffic.UNAWARE, 1, False), (Traffic.AWARE, 1, True), (Traffic.AWARE, -1, False)],
    ids=["without traffic", "ahead", "past"],
)
async def test_a_departure_is_sent_with_traffic_and_only_when_it_lies_ahead(traffic, ahead, sent):
    api = RoutesApi()
    await ask(api, [A], [B], traffic=traffic, departure=datetime.now(UTC) + timedelta(days=ahead))
    assert ("departureTime" in api.requests[0]) is sent


async def test_a_wrong_key_is_permanent_and_says_so_without_the_key():
    with pytest.raises(PermanentFailure, match="missing a valid API key") as caught:
        await ask(RoutesApi(), [A], [B], key="AIzaSecret")
    assert "AIzaSecret" not in caught.value.reason


async def test_a_server_fault_that_passes_is_not_noticed():
    answers = iter([error(503, "busy"), error(500, "oops")])
    api = RoutesApi()
    assert (await ask(lambda r: next(answers, None) or api(r), [A], [B])).seconds == [[625]]


@pytest.mark.parametrize(
    "answer", [error(500, "oops"), error(429, "quota"), httpx.Response(200, text="<html>")]
)
async def test_a_fault_that_stays_is_temporary(answer):
    with pytest.raises(TemporaryFailure):
        await ask(lambda r: answer, [A], [B])


async def test_a_time_out_is_temporary_because_computing_has_no_effect():
    def slow(request):
        raise httpx.ReadTimeout("slow", request=request)

    with pytest.raises(TemporaryFailure, match="in time"):
        await ask(slow, [A], [B])


@pytest.mark.parametrize(
    ("change", "failure"),
    [
        (lambda e: None, TemporaryFailure),
        (lambda e: e | {"originIndex": 7}, TemporaryFailure),
        (lambda e: e | {"duration": "soon"}, TemporaryFailure),
        (lambda e: e | {"status": {"code": 8, "message": "quota"}}, TemporaryFailure),
        (lambda e: e | {"status": {"code": 3, "message": "bad waypoint"}}, PermanentFailure),
    ],
    ids=["left out", "not asked for", "no duration", "element over quota", "element invalid"],
)
async def test_half_a_matrix_is_none(change, failure):
    with pytest.raises(failure):
        await ask(RoutesApi(change), [A], [B])


async def test_an_element_that_comes_twice_is_refused():
    def twice(request):
        elements = RoutesApi()(request).json()
        return httpx.Response(200, json=[elements[0], elements[0]])

    with pytest.raises(TemporaryFailure, match="twice"):
        await ask(twice, [A], [B, C])


async def test_doctor_says_whether_the_service_answers():
    with respx.mock:
        respx.post(URL).mock(side_effect=RoutesApi())
        async with http.new_client() as client:
            good = await GoogleRouteTimes(SecretStr(KEY), client, Meter()).diagnose()
            bad = await GoogleRouteTimes(SecretStr("AIzaNo"), client, Meter()).diagnose()
    assert [good[0].ok, bad[0].ok] == [True, False]
