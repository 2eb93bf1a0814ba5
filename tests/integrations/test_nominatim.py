"""The Nominatim adapter, against answers as its manual shows them."""

from typing import Any

import httpx
import pytest
import respx

from crm_api.ports import PermanentFailure, TemporaryFailure
from integrations import http
from integrations.nominatim import Nominatim
from integrations.pacing import Pace

URL = "https://nominatim.example"
HOUSE = {
    "place_id": 100149, "osm_type": "node", "osm_id": 107775, "lat": "39.9600", "lon": "-83.0000", "place_rank": 30,
    "display_name": "1, High Street, Columbus, Ohio, 43215, United States",
}  # fmt: skip


async def look_up(answer: Any, address: str = "1 High Street, Columbus", **options: Any) -> Any:
    with respx.mock:
        route = respx.get(f"{URL}/search").mock(side_effect=answer if callable(answer) else [answer])
        async with http.new_client() as client:
            places = await Nominatim(URL, client, pace=Pace(100, 1.0)).geocode(address, **options)
        return places, [call.request for call in route.calls]


async def test_a_house_comes_with_its_place_and_precision() -> None:
    (place,), _ = await look_up(httpx.Response(200, json=[HOUSE]))
    assert (place.coordinates.latitude, place.coordinates.longitude) == (39.96, -83.0)
    assert (place.precision, place.place_id, place.source) == ("exact", "node/107775", "nominatim")


@pytest.mark.parametrize(("rank", "precision"), [(30, "exact"), (26, "street"), (16, "town"), (8, "region")])
async def test_the_rank_says_how_fine_a_result_is(rank: int, precision: str) -> None:
    (place,), _ = await look_up(httpx.Response(200, json=[HOUSE | {"place_rank": rank}]))
    assert place.precision == precision


async def test_the_request_says_who_asks_and_for_which_country() -> None:
    _, (request,) = await look_up(httpx.Response(200, json=[]), country="US")
    assert "Rounds" in request.headers["User-Agent"]
    assert request.url.params["countrycodes"] == "us"
    assert request.url.params["format"] == "jsonv2"


async def test_nothing_found_is_an_empty_list_and_an_empty_address_asks_nobody() -> None:
    assert (await look_up(httpx.Response(200, json=[])))[0] == []
    assert await Nominatim(URL, httpx.AsyncClient()).geocode(" ") == []


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (httpx.Response(403), PermanentFailure),
        (httpx.Response(200, text="<html>"), TemporaryFailure),
        (httpx.Response(200, json=[{"lat": "north"}]), TemporaryFailure),
    ],
)
async def test_each_fault_is_the_right_failure(answer: httpx.Response, failure: type) -> None:
    with pytest.raises(failure):
        await look_up(answer)
