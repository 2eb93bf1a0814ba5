"""Where people should meet: the place that makes the longest, or the sum, of their drives as short as can be.

A first guess on the plane is bettered on the roads. For the sum it is the geometric median, found as E. Weiszfeld did
(Tohoku Mathematical Journal 43, 1937); for the longest the point is moved towards the farthest person by ever smaller
steps (Bădoiu and Clarkson, "Smaller core-sets for balls", SODA 2003). Around the best of it and of the people's own
places, eight neighbours are then tried on the roads, nearer and nearer, and the best stays.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from crm_api.ports import METRES_A_DEGREE, Coordinates, TravelMatrix, TravelTimes

ROUNDS = 7
STEPS = 60
NEIGHBOURS = [(a, b) for a, b in product((-1, 0, 1), repeat=2) if (a, b) != (0, 0)]


@dataclass(frozen=True, slots=True)
class Venue:
    """A place, and how long and how far each person drives there; None where no road leads."""

    place: Coordinates
    seconds: tuple[int | None, ...]
    metres: tuple[int | None, ...]

    def burden(self, goal: str) -> tuple[float, float]:
        """What is to be small: the goal first, the other one between equals. Infinite where somebody cannot come."""
        if any(each is None for each in self.seconds):
            return math.inf, math.inf
        known = [each or 0 for each in self.seconds]
        longest, total = float(max(known)), float(sum(known))
        return (longest, total) if goal == "longest" else (total, longest)


async def best_point(
    times: TravelTimes, people: Sequence[Coordinates], *, goal: str
) -> tuple[Venue, TravelMatrix]:
    """The best place found anywhere, and the last matrix asked for. Raises PortFailure."""
    guess = _median(people) if goal == "total" else _centre(people)
    reach = max(guess.metres_to(person) for person in people)
    best, matrix = await best_of(times, people, [guess, *people], goal=goal)
    step = reach / 3
    for _ in range(ROUNDS):
        if step < 50:
            break
        around = [_moved(best.place, north * step, east * step) for north, east in NEIGHBOURS]
        found, matrix = await best_of(times, people, around, goal=goal)
        if found.burden(goal) < best.burden(goal):
            best = found
        else:
            step /= 3
    return best, matrix


async def best_of(
    times: TravelTimes, people: Sequence[Coordinates], places: Sequence[Coordinates], *, goal: str
) -> tuple[Venue, TravelMatrix]:
    """The best of these places."""
    venues, matrix = await ranked(times, people, places, goal=goal)
    return venues[0][1], matrix


async def ranked(
    times: TravelTimes, people: Sequence[Coordinates], places: Sequence[Coordinates], *, goal: str
) -> tuple[list[tuple[int, Venue]], TravelMatrix]:
    """These places, the best first, each with its position among them."""
    matrix = await times.matrix(people, places)
    venues = [
        Venue(
            place,
            tuple(matrix.seconds[person][n] for person in range(len(people))),
            tuple(matrix.metres[person][n] for person in range(len(people))),
        )
        for n, place in enumerate(places)
    ]
    order = sorted(range(len(venues)), key=lambda n: (venues[n].burden(goal), n))
    return [(n, venues[n]) for n in order], matrix


def _median(people: Sequence[Coordinates]) -> Coordinates:
    point = _mean(people, [1.0] * len(people))
    for _ in range(STEPS):
        weights = [1 / max(1.0, point.metres_to(person)) for person in people]
        point = _mean(people, weights)
    return point


def _centre(people: Sequence[Coordinates]) -> Coordinates:
    point = _mean(people, [1.0] * len(people))
    for n in range(1, STEPS * 4):
        farthest = max(people, key=point.metres_to)
        point = _mean([point, farthest], [float(n), 1.0])
    return point


def _mean(places: Sequence[Coordinates], weights: Sequence[float]) -> Coordinates:
    """The weighted middle, taken through the globe, so that neither the poles nor the date line are in the way."""
    x = y = z = 0.0
    for place, weight in zip(places, weights, strict=True):
        latitude, longitude = math.radians(place.latitude), math.radians(place.longitude)
        x += weight * math.cos(latitude) * math.cos(longitude)
        y += weight * math.cos(latitude) * math.sin(longitude)
        z += weight * math.sin(latitude)
    if math.hypot(x, y, z) < 1e-9:  # opposite ends of the world: any place between them is as good
        return places[0]
    return Coordinates(math.degrees(math.atan2(z, math.hypot(x, y))), math.degrees(math.atan2(y, x)))


def _moved(place: Coordinates, north: float, east: float) -> Coordinates:
    """The place so many metres to the north and east."""
    latitude = max(-89.9, min(89.9, place.latitude + north / METRES_A_DEGREE))
    longitude = place.longitude + east / (METRES_A_DEGREE * max(0.01, math.cos(math.radians(latitude))))
    return Coordinates(latitude, (longitude + 180) % 360 - 180)
