"""Travel times from the first service that answers."""

from crm_api.ports import Coordinates, TemporaryFailure
from integrations.fallback import FirstThatAnswers
from integrations.offline.great_circle import GreatCircleTravelTimes

HERE, THERE = Coordinates(40.0, -83.0), Coordinates(40.1, -83.0)


class Away:
    async def matrix(self, origins, destinations, *, departure=None):
        raise TemporaryFailure("osrm.example cannot be reached.")


async def test_the_better_one_is_asked_first():
    found = await FirstThatAnswers(GreatCircleTravelTimes(), Away()).matrix([HERE], [THERE])
    assert (found.source, found.note) == ("great circle", "")


async def test_while_it_fails_the_other_answers_and_says_so():
    found = await FirstThatAnswers(Away(), GreatCircleTravelTimes()).matrix([HERE], [THERE])
    assert found.note == "Travel times are estimated: osrm.example cannot be reached."
    assert found.is_estimate
    assert found.seconds[0][0] > 0
