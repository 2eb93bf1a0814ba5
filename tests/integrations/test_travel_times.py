"""What every `TravelTimes` adapter owes the core, whichever it is."""

from contextlib import asynccontextmanager

import pytest
import respx
from pydantic import SecretStr

from crm_api.ports import Coordinates, TravelTimes
from integrations import http
from integrations.google_maps.legacy import GoogleDistanceMatrix
from integrations.google_maps.routes import BASE_URL, PATH, GoogleRouteTimes
from integrations.offline.great_circle import GreatCircleTravelTimes
from integrations.osrm import OsrmTimes
from tests.integrations.google_maps.loopback import serving
from tests.integrations.google_maps.routes_api import KEY, RoutesApi
from tests.integrations.google_maps.test_legacy import answered
from tests.integrations.test_osrm import URL as OSRM
from tests.integrations.test_osrm import OsrmApi
from tests.support.meter import Meter

PLACES = [
    Coordinates(39.96, -83.0),
    Coordinates(40.05, -82.9),
    Coordinates(39.8, -83.2),
    Coordinates(40.2, -83.0),
]


@asynccontextmanager
async def great_circle():
    yield GreatCircleTravelTimes()


@asynccontextmanager
async def google_routes():
    with respx.mock:
        respx.post(BASE_URL + PATH).mock(side_effect=RoutesApi())
        async with http.new_client() as client:
            yield GoogleRouteTimes(SecretStr(KEY), client, Meter())


@asynccontextmanager
async def legacy_matrix():
    with serving((200, answered)) as stub:
        yield GoogleDistanceMatrix(SecretStr(KEY), Meter(), base_url=stub.url)


@asynccontextmanager
async def osrm():
    with respx.mock:
        respx.get(url__startswith=OSRM).mock(side_effect=OsrmApi())
        async with http.new_client() as client:
            yield OsrmTimes(OSRM, client)


every_adapter = pytest.mark.parametrize(
    "open_adapter", [great_circle, google_routes, legacy_matrix, osrm], ids=lambda f: f.__name__
)


@every_adapter
async def test_rows_are_origins_and_columns_are_destinations(open_adapter):
    async with open_adapter() as adapter:
        matrix = await adapter.matrix(PLACES[:2], PLACES)
    assert [len(row) for row in matrix.seconds] == [4, 4]
    assert [len(row) for row in matrix.metres] == [4, 4]


@every_adapter
async def test_a_place_is_no_distance_from_itself(open_adapter):
    async with open_adapter() as adapter:
        matrix = await adapter.matrix(PLACES, PLACES)
    assert [matrix.seconds[i][i] for i in range(4)] == [0, 0, 0, 0]
    assert [matrix.metres[i][i] for i in range(4)] == [0, 0, 0, 0]


@every_adapter
async def test_figures_are_whole_seconds_and_metres_of_a_plausible_drive(open_adapter):
    async with open_adapter() as adapter:
        matrix = await adapter.matrix(PLACES[:1], PLACES[1:])
    for seconds, metres in zip(matrix.seconds[0], matrix.metres[0], strict=True):
        assert isinstance(seconds, int)
        assert isinstance(metres, int)
        assert 20 <= 3.6 * metres / seconds <= 130  # kilometres an hour


@every_adapter
async def test_a_cell_depends_on_its_two_places_alone(open_adapter):
    async with open_adapter() as adapter:
        whole = await adapter.matrix(PLACES, PLACES)
        single = await adapter.matrix([PLACES[2]], [PLACES[3]])
    assert single.seconds[0][0] == whole.seconds[2][3]


@every_adapter
async def test_no_places_make_an_empty_matrix(open_adapter):
    async with open_adapter() as adapter:
        assert (await adapter.matrix([], PLACES)).seconds == []


@every_adapter
async def test_the_source_is_named(open_adapter):
    async with open_adapter() as adapter:
        checked: TravelTimes = adapter
        assert (await checked.matrix(PLACES[:1], PLACES[:1])).source
