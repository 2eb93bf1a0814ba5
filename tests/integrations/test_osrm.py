"""The OSRM adapter, against a stand-in written from the documentation of its HTTP API."""

from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
import respx

from crm_api.ports import Coordinates, PermanentFailure, TemporaryFailure
from integrations import http
from integrations.osrm import OsrmTimes

URL = "http://osrm.example:5000"
PLACES = [Coordinates(40.0, -83 + n / 100) for n in range(130)]
SEA = Coordinates(0.0, 0.0)


class OsrmApi:
    """Checks each request as the service does; `sea` snaps to no street, `island` has streets and no way there."""

    def __init__(self, *, island: Coordinates | None = None, most: int = 100) -> None:
        self.island, self.most, self.sizes = island, most, list[int]()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        places = [
            Coordinates(float(b), float(a))
            for a, b in (pair.split(",") for pair in request.url.path.rsplit("/", 1)[1].split(";"))
        ]
        self.sizes.append(len(places))
        if len(places) > self.most:
            return httpx.Response(400, json={"code": "TooBig", "message": "Too many table coordinates"})
        if SEA in places:
            message = f"Could not find a matching segment for coordinate {places.index(SEA)}"
            return httpx.Response(400, json={"code": "NoSegment", "message": message})
        query = parse_qs(request.url.query.decode())
        sources, destinations = (
            [places[int(n)] for n in query[side][0].split(";")] for side in ("sources", "destinations")
        )
        assert query["annotations"] == ["duration,distance"]
        table = [[self._metres(a, b) for b in destinations] for a in sources]
        durations = [[None if cell is None else cell / 16 for cell in row] for row in table]
        return httpx.Response(200, json={"code": "Ok", "durations": durations, "distances": table})

    def _metres(self, a: Coordinates, b: Coordinates) -> float | None:
        if a != b and self.island in (a, b):
            return None
        return float(abs(a.longitude - b.longitude) + abs(a.latitude - b.latitude)) * 100_000


async def ask(api: Any, origins: list[Coordinates], destinations: list[Coordinates], **options: Any) -> Any:
    with respx.mock:
        respx.get(url__startswith=URL).mock(side_effect=api)
        async with http.new_client() as client:
            return await OsrmTimes(URL, client, **options).matrix(origins, destinations)


@pytest.fixture(autouse=True)
def _without_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    async def at_once(seconds: float) -> None:
        return None

    monkeypatch.setattr(http.asyncio, "sleep", at_once)


async def test_a_large_matrix_is_cut_to_what_the_server_takes() -> None:
    api = OsrmApi()
    matrix = await ask(api, PLACES, PLACES)
    assert max(api.sizes) == 100
    assert [round(cell / 1000) for cell in matrix.metres[0]] == list(range(130))
    assert matrix.seconds[3][5] == 125
    assert (matrix.source, matrix.is_estimate) == ("OSRM", False)


async def test_an_island_has_no_road_to_it() -> None:
    matrix = await ask(OsrmApi(island=PLACES[1]), PLACES[:3], PLACES[:3])
    assert matrix.seconds[0] == [0, None, 125]
    assert matrix.metres[1] == [None, 0, None]


async def test_a_place_without_a_street_is_left_out_and_the_others_stay() -> None:
    matrix = await ask(OsrmApi(), [SEA, PLACES[0]], [PLACES[1], SEA, PLACES[2]])
    assert matrix.seconds == [[None, None, None], [63, None, 125]]


async def test_a_table_too_big_for_the_server_says_what_to_do() -> None:
    with pytest.raises(PermanentFailure, match="max-table-size"):
        await ask(OsrmApi(most=10), PLACES, PLACES)


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (httpx.Response(503), TemporaryFailure),
        (httpx.Response(404), PermanentFailure),
        (httpx.Response(200, text="<html>"), TemporaryFailure),
        (httpx.Response(200, json=[]), TemporaryFailure),
        (httpx.Response(200, json={"code": "Ok"}), TemporaryFailure),
        (
            httpx.Response(200, json={"code": "Ok", "durations": [[1, 2]], "distances": [[1, 2]]}),
            TemporaryFailure,
        ),
        (httpx.Response(400, json={"code": "NoSegment", "message": "?"}), PermanentFailure),
        (httpx.Response(400, json={"code": "InvalidQuery", "message": "?"}), PermanentFailure),
    ],
    ids=["busy", "not there", "no JSON", "a list", "no table", "too wide", "no position", "refused"],
)
async def test_each_fault_is_the_right_failure(answer: httpx.Response, failure: type) -> None:
    with pytest.raises(failure):
        await ask(lambda request: answer, PLACES[:1], PLACES[:1])


async def test_a_server_fault_that_passes_is_not_noticed() -> None:
    answers, api = iter([httpx.Response(502)]), OsrmApi()
    matrix = await ask(lambda request: next(answers, None) or api(request), PLACES[:1], PLACES[:1])
    assert matrix.seconds == [[0]]
