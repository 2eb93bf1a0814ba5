"""The Google geocoder, against a server on loopback: the package it uses speaks `requests`."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from crm_api.ports import PermanentFailure, TemporaryFailure
from integrations.google_maps import geocoding
from integrations.google_maps.geocoding import GoogleGeocoder
from tests.integrations.google_maps.loopback import Stub, serving
from tests.support.meter import Meter

KEY = "AIzaTopSecret"
CONTRACT = Path(os.environ.get("CRM_TEST_DATA", "../shared")) / "contracts" / "gmaps-openapi-subset.json"

ROOFTOP = {
    "status": "OK",
    "results": [
        {
            "formatted_address": "1 High St, Columbus, OH 43215, USA",
            "geometry": {"location": {"lat": 39.96, "lng": -83.0}, "location_type": "ROOFTOP"},
            "place_id": "ChIJ1",
            "partial_match": True,
        }
    ],
}


def geocoder(stub: Stub, *, key: str = KEY, time_limit: float = 5.0) -> GoogleGeocoder:
    return GoogleGeocoder(SecretStr(key), Meter(), base_url=stub.url, time_limit=time_limit)


async def test_a_place_comes_with_its_precision_and_its_doubt():
    with serving((200, ROOFTOP)) as stub:
        (place,) = await geocoder(stub).geocode("1 High Street, Columbus")
    assert (place.coordinates.latitude, place.coordinates.longitude) == (39.96, -83.0)
    assert (place.precision, place.is_partial, place.place_id, place.source) == (
        "exact",
        True,
        "ChIJ1",
        "google",
    )


async def test_the_country_is_asked_for_as_a_component():
    with serving((200, ROOFTOP)) as stub:
        await geocoder(stub).geocode("1 High Street", country="US")
    assert stub.queries == [{"address": ["1 High Street"], "components": ["country:US"], "key": [KEY]}]


async def test_an_empty_address_asks_nobody():
    with serving((200, ROOFTOP)) as stub:
        assert await geocoder(stub).geocode("  ") == []
    assert stub.queries == []


async def test_no_match_is_an_empty_list():
    with serving((200, {"status": "ZERO_RESULTS", "results": []})) as stub:
        assert await geocoder(stub).geocode("nowhere at all") == []


@pytest.mark.parametrize(
    ("status", "failure"),
    [
        ("OVER_QUERY_LIMIT", TemporaryFailure),
        ("UNKNOWN_ERROR", TemporaryFailure),
        ("REQUEST_DENIED", PermanentFailure),
        ("OVER_DAILY_LIMIT", PermanentFailure),
        ("INVALID_REQUEST", PermanentFailure),
    ],
)
async def test_each_status_is_the_right_failure_after_one_request(status, failure):
    with serving((200, {"status": status, "results": [], "error_message": "x"})) as stub:
        with pytest.raises(failure, match=status):
            await geocoder(stub).geocode("somewhere")
        assert len(stub.queries) == 1


@pytest.mark.parametrize(("status", "failure"), [(429, TemporaryFailure), (403, PermanentFailure)])
async def test_an_http_refusal_is_the_right_failure(status, failure):
    with serving((status, {})) as stub, pytest.raises(failure, match=str(status)):
        await geocoder(stub).geocode("somewhere")


async def test_a_server_fault_that_passes_is_not_noticed():
    with serving((503, {}), (200, ROOFTOP)) as stub:
        assert len(await geocoder(stub).geocode("somewhere")) == 1


async def test_a_server_fault_that_stays_ends_within_the_time_limit():
    with serving((503, {})) as stub, pytest.raises(TemporaryFailure):
        await geocoder(stub, time_limit=0.4).geocode("somewhere")


async def test_a_server_that_hangs_ends_within_the_time_limit():
    with serving((200, ROOFTOP)) as stub:
        stub.hold.clear()
        with pytest.raises(TemporaryFailure, match="in time"):
            await geocoder(stub, time_limit=0.2).geocode("somewhere")
        stub.hold.set()


@pytest.mark.parametrize("body", [b"<html>", {"no": "status"}, []])
async def test_an_answer_nobody_understands_is_temporary(body):
    with serving((200, body)) as stub, pytest.raises(TemporaryFailure):
        await geocoder(stub).geocode("somewhere")


async def test_a_server_that_is_not_there_is_temporary_and_the_key_stays_secret():
    with serving((200, ROOFTOP)) as stub:
        pass
    with pytest.raises(TemporaryFailure) as caught:
        await geocoder(stub).geocode("somewhere")
    assert KEY not in str(caught.value)
    assert caught.value.__cause__ is None


async def test_a_key_that_is_none_of_googles_is_permanent():
    with serving((200, ROOFTOP)) as stub, pytest.raises(PermanentFailure, match="AIza"):
        await geocoder(stub, key="hunter2").geocode("somewhere")
    assert stub.queries == []


async def test_doctor_says_whether_the_service_answers():
    with serving((200, ROOFTOP)) as stub:
        assert (await geocoder(stub).diagnose())[0].ok
    with serving((200, {"status": "REQUEST_DENIED", "results": []})) as stub:
        (line,) = await geocoder(stub).diagnose()
    assert not line.ok
    assert "Enable the Geocoding API" in line.message


def examples() -> list[Any]:
    """Every recorded answer in Google's own description of the service."""
    if not CONTRACT.exists():
        return []
    path = json.loads(CONTRACT.read_text())["paths"]["/maps/api/geocode/json"]["get"]
    recorded = path["responses"]["200"]["content"]["application/json"]["examples"]
    return [pytest.param(example["value"], id=name) for name, example in sorted(recorded.items())]


@pytest.mark.skipif(not CONTRACT.exists(), reason=f"{CONTRACT} is not there; set CRM_TEST_DATA")
@pytest.mark.parametrize("answer", examples())
async def test_every_answer_google_documents_is_understood(answer):
    with serving((200, answer)) as stub:
        if answer["status"] == "INVALID_REQUEST":
            with pytest.raises(PermanentFailure):
                await geocoder(stub).geocode("somewhere")
            return
        places = await geocoder(stub).geocode("somewhere")
    assert len(places) == len(answer["results"])
    for place, result in zip(places, answer["results"], strict=True):
        assert place.label == result["formatted_address"]
        assert geocoding.PRECISION[result["geometry"]["location_type"]] == place.precision
