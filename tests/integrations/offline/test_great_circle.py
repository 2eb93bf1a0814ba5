"""Distances on the sphere against known ones, and a speed profile that makes sense."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_api.ports import Coordinates
from integrations.offline.great_circle import (
    ROAD_FACTOR,
    GreatCircleTravelTimes,
    driving_seconds,
    road_metres,
)

COLUMBUS = Coordinates(39.9612, -82.9988)
CINCINNATI = Coordinates(39.1031, -84.5120)
places = st.builds(Coordinates, st.floats(-90, 90), st.floats(-180, 180))


def test_a_degree_along_the_equator_is_111_km():
    assert Coordinates(0, 0).metres_to(Coordinates(0, 1)) == pytest.approx(111_195, abs=1)


def test_columbus_to_cincinnati_is_161_km_as_the_crow_flies():
    assert COLUMBUS.metres_to(CINCINNATI) == pytest.approx(161_000, rel=0.01)


def test_the_way_across_the_date_line_is_short():
    assert Coordinates(0, 179.5).metres_to(Coordinates(0, -179.5)) == pytest.approx(111_195, abs=1)


def test_the_other_side_of_the_earth_is_half_its_girth_away():
    assert Coordinates(0, 0).metres_to(Coordinates(0, 180)) == pytest.approx(20_015_115, abs=1)


@given(places, places)
def test_both_ways_are_as_long(a, b):
    assert a.metres_to(b) == pytest.approx(b.metres_to(a))


@given(st.floats(0, 1e7), st.floats(0, 1e6))
def test_a_longer_road_never_takes_less_time(metres, more):
    assert driving_seconds(metres + more) >= driving_seconds(metres)


def test_four_kilometres_through_streets_take_eight_minutes():
    assert driving_seconds(4_000) == pytest.approx(480)


async def test_columbus_to_cincinnati_takes_about_two_and_a_half_hours():
    matrix = await GreatCircleTravelTimes().matrix([COLUMBUS], [CINCINNATI])
    seconds, metres = matrix.seconds[0][0], matrix.metres[0][0]
    assert metres == round(road_metres(COLUMBUS, CINCINNATI))
    assert metres == pytest.approx(161_000 * ROAD_FACTOR, rel=0.01)
    assert seconds is not None
    assert 2.25 * 3600 < seconds < 2.75 * 3600  # it takes 1 h 45 by interstate: on the careful side
