"""Google's legacy Distance Matrix, against a server on loopback."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from crm_api.ports import Coordinates, Leg, PermanentFailure, TemporaryFailure
from integrations.google_maps.legacy import GoogleDistanceMatrix
from tests.integrations.google_maps.loopback import serving
from tests.integrations.google_maps.routes_api import metres_between
from tests.support.meter import Meter

CONTRACT = Path(os.environ.get("CRM_TEST_DATA", "../shared")) / "contracts" / "gmaps-openapi-subset.json"
PLACES = [Coordinates(40.0, -83 + n / 100) for n in range(60)]


def _points(text: str) -> list[dict[str, float]]:
    pairs = (pair.split(",") for pair in text.split("|"))
    return [{"latitude": float(a), "longitude": float(b)} for a, b in pairs]


def answered(query: dict[str, list[str]]) -> dict[str, Any]:
    """The answer to a request, which is refused where the service would."""
    origins, destinations = _points(query["origins"][0]), _points(query["destinations"][0])
    too_many = len(origins) > 25 or len(destinations) > 25 or len(origins) * len(destinations) > 100
    if too_many:
        return {"status": "MAX_ELEMENTS_EXCEEDED", "rows": []}
    return {"status": "OK", "rows": [{"elements": [_element(a, b) for b in destinations]} for a in origins]}


def _element(a: dict[str, float], b: dict[str, float]) -> dict[str, Any]:
    metres = metres_between(a, b)
    return {"status": "OK", "distance": {"value": metres}, "duration": {"value": round(metres / 16)}}


def adapter(stub: Any, meter: Meter | None = None) -> GoogleDistanceMatrix:
    return GoogleDistanceMatrix(SecretStr("AIzaTest"), meter or Meter(), base_url=stub.url, time_limit=5.0)


@pytest.mark.parametrize(("rows", "columns"), [(60, 1), (1, 60), (30, 30)])
async def test_a_large_matrix_is_cut_to_what_a_request_takes(rows: int, columns: int) -> None:
    meter = Meter()
    with serving((200, answered)) as stub:
        matrix = await adapter(stub, meter).matrix(PLACES[:rows], PLACES[:columns])
    assert matrix.metres == [[1000 * abs(i - j) for j in range(columns)] for i in range(rows)]
    assert sum(call.units for call in meter.calls) == rows * columns


async def test_a_drive_is_asked_for_leg_by_leg() -> None:
    with serving((200, answered)) as stub:
        drive = await adapter(stub).drive(PLACES[:4])
    assert drive.legs == (Leg(62, 1000),) * 3
    assert len(stub.queries) == 3


@pytest.mark.parametrize("status", ["ZERO_RESULTS", "NOT_FOUND", "MAX_ROUTE_LENGTH_EXCEEDED"])
async def test_an_element_without_a_road_is_none(status: str) -> None:
    rows = [
        {
            "elements": [
                {"status": status},
                _element({"latitude": 0, "longitude": 0}, {"latitude": 0, "longitude": 1}),
            ]
        }
    ]
    with serving((200, {"status": "OK", "rows": rows})) as stub:
        matrix = await adapter(stub).matrix(PLACES[:1], PLACES[:2])
    assert matrix.seconds[0][0] is None
    assert matrix.seconds[0][1] == 6250


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
async def test_each_status_is_the_right_failure_after_one_request(status: str, failure: type) -> None:
    with serving((200, {"status": status, "rows": []})) as stub:
        with pytest.raises(failure, match=status):
            await adapter(stub).matrix(PLACES[:1], PLACES[:1])
        assert len(stub.queries) == 1


@pytest.mark.parametrize("body", [b"<html>", {"status": "OK"}, {"status": "OK", "rows": []}])
async def test_an_answer_nobody_understands_is_temporary(body: Any) -> None:
    with serving((200, body)) as stub, pytest.raises(TemporaryFailure):
        await adapter(stub).matrix(PLACES[:1], PLACES[:1])


@pytest.mark.parametrize(("status", "failure"), [(429, TemporaryFailure), (403, PermanentFailure)])
async def test_an_http_refusal_is_the_right_failure(status: int, failure: type) -> None:
    with serving((status, {})) as stub, pytest.raises(failure, match=str(status)):
        await adapter(stub).matrix(PLACES[:1], PLACES[:1])


async def test_a_server_that_hangs_ends_within_the_time_limit() -> None:
    with serving((200, answered)) as stub:
        stub.hold.clear()
        hurried = GoogleDistanceMatrix(SecretStr("AIzaTest"), Meter(), base_url=stub.url, time_limit=0.2)
        with pytest.raises(TemporaryFailure, match="in time"):
            await hurried.matrix(PLACES[:1], PLACES[:1])
        stub.hold.set()


def examples() -> list[Any]:
    """Every recorded answer in Google's own description of the service."""
    if not CONTRACT.exists():
        return []
    path = json.loads(CONTRACT.read_text())["paths"].get("/maps/api/distancematrix/json", {})
    if not path:
        return []
    recorded = path["get"]["responses"]["200"]["content"]["application/json"].get("examples", {})
    return [pytest.param(example["value"], id=name) for name, example in sorted(recorded.items())]


@pytest.mark.skipif(not CONTRACT.exists(), reason=f"{CONTRACT} is not there; set CRM_TEST_DATA")
@pytest.mark.parametrize("answer", examples())
async def test_every_answer_google_documents_is_understood(answer: dict[str, Any]) -> None:
    rows = answer["rows"]
    origins, destinations = PLACES[: len(rows)], PLACES[: len(rows[0]["elements"])]
    with serving((200, answer)) as stub:
        matrix = await adapter(stub).matrix(origins, destinations)
    for row, seconds in zip(rows, matrix.seconds, strict=True):
        for element, cell in zip(row["elements"], seconds, strict=True):
            assert cell == (element["duration"]["value"] if element["status"] == "OK" else None)
