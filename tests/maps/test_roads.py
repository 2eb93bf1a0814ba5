"""The exact roads of a day, within a budget."""

from crm_api.maps.roads import DAY_MICROS, DayRoads
from crm_api.ports import Coordinates, Drive, Leg
from integrations.google_maps.routes import MICROS, ON_THE_WAY

POINTS = [Coordinates(40.0, -83 + n / 100) for n in range(30)]


class Roads:
    def __init__(self, micros=5_000):
        self.micros, self.asked = micros, []

    def price(self, places):
        return self.micros

    async def drive(self, places, *, departure=None):
        self.asked.append(list(places))
        return Drive(tuple(Leg(60, 1000) for _ in places[1:]), "Roads")


async def test_a_path_is_asked_for_at_once_and_known_leg_by_leg():
    roads = Roads()
    asked = DayRoads(roads, POINTS)
    assert asked.unknown([0, 3, 1]) == 2
    assert await asked.learn([0, 3, 1])
    assert asked.known == {(0, 3): (60, 1000), (3, 1): (60, 1000)}
    assert roads.asked == [[POINTS[0], POINTS[3], POINTS[1]]]
    assert (asked.unknown([0, 3, 1]), asked.unknown([0, 1]), asked.source) == (0, 1, "Roads")


async def test_beyond_the_budget_nothing_is_asked():
    roads = Roads(micros=15_000)
    asked = DayRoads(roads, POINTS)
    assert await asked.learn([0, 1])
    assert not await asked.learn([1, 2])
    assert len(roads.asked) == 1


def test_a_week_of_google_stays_within_ten_cents():
    assert 5 * DAY_MICROS <= 100_000
    assert MICROS[False] * 2 <= DAY_MICROS, "a day of more than twelve places is asked for once at least"
    assert ON_THE_WAY == 10
