"""Weeks among real dealers, with hours, lengths and values made up from a seed.

The dealers are the Ford dealers of the United States where their file is there (CRM_TEST_DATA says where); else as
many places strewn around the same town. The file is not part of the project.
"""

import asyncio
import csv
import os
import random
from pathlib import Path

from crm_api.ports import Coordinates
from crm_api.visits.horizon import Call, Horizon, Tour
from crm_api.visits.schedule import Lunch, Shift, Stop, Window
from integrations.offline.great_circle import GreatCircleTravelTimes

DEALERS = Path(os.environ.get("CRM_TEST_DATA", "../shared")) / "data" / "dealers" / "ford_dealers_us.csv"
COLUMBUS = Coordinates(39.9612, -82.9988)
HOUR = 3600
LUNCH = Lunch(45 * 60, 12 * HOUR, 14 * HOUR)
ALL_DAY = (Window(8 * HOUR, 18 * HOUR),)
SPLIT = (Window(8 * HOUR, 12 * HOUR), Window(13 * HOUR + 1800, 18 * HOUR))
FIXED = 3  # appointments in a rep's week


def places(count: int, seed: int) -> list[Coordinates]:
    """The dealers nearest to Columbus, Ohio; or places around it."""
    if DEALERS.exists():
        with DEALERS.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        known = [Coordinates(float(row["latitude"]), float(row["longitude"])) for row in rows]
    else:
        rng = random.Random(seed)
        reach = 1.2 * (count / 120) ** 0.5
        known = [
            Coordinates(COLUMBUS.latitude + rng.gauss(0, reach), COLUMBUS.longitude + rng.gauss(0, reach))
            for _ in range(count)
        ]
    return sorted(known, key=COLUMBUS.metres_to)[:count]


def rep_week(seed: int = 7, *, dealers: int = 120, days: int = 5, lunch: bool = True) -> Horizon:
    """One rep in Columbus from 8:30 to 17:30, lunch of 45 minutes, three appointments that can all be kept."""
    rng = random.Random(seed)
    near = places(dealers, seed)
    tours = [Tour(f"day {day + 1}", day, _shift(0, lunch)) for day in range(days)]
    agreed = {
        dealer: (n % days, (10, 11, 15)[n % 3] * HOUR)
        for n, dealer in enumerate(rng.sample(range(25), FIXED))
    }
    calls = [_call(rng, n, n + 1, tours, agreed.get(n)) for n in range(len(near))]
    return _horizon(tours, calls, [COLUMBUS, *near])


def team_week(seed: int = 7, *, dealers: int = 1_000, reps: int = 20, days: int = 5) -> Horizon:
    """A team whose homes lie at dealers drawn by lot, and more dealers around than they can visit."""
    rng = random.Random(seed)
    near = places(dealers, seed)
    homes = rng.sample(near, reps)
    tours = [
        Tour(f"rep {rep + 1}, day {day + 1}", day, _shift(rep, True), rep)
        for rep in range(reps)
        for day in range(days)
    ]
    calls = [_call(rng, n, reps + n, tours, None) for n in range(len(near))]
    return _horizon(tours, calls, [*homes, *near])


def _shift(home: int, lunch: bool) -> Shift:
    return Shift(8 * HOUR + 1800, 17 * HOUR + 1800, home, home, LUNCH if lunch else None)


def _call(
    rng: random.Random, number: int, node: int, tours: list[Tour], agreed: tuple[int, int] | None
) -> Call:
    """Visits of 30 minutes; every fourth dealer shuts at noon, every third welcomes visits on two days only."""
    windows = SPLIT if rng.random() < 0.25 else ALL_DAY
    days = sorted({tour.day for tour in tours})
    welcome = set(days) if rng.random() < 0.7 else set(rng.sample(days, 2))
    value = rng.randint(5, 60)
    if agreed is not None:
        day, at = agreed
        stop = Stop(str(number), node, 1800, windows, appointment=at, value=value, must=True)
        return Call(str(number), tuple(stop if tour.day == day else None for tour in tours), value, True)
    stop = Stop(str(number), node, 1800, windows, value=value)
    return Call(str(number), tuple(stop if tour.day in welcome else None for tour in tours), value)


def _horizon(tours: list[Tour], calls: list[Call], points: list[Coordinates]) -> Horizon:
    matrix = asyncio.run(GreatCircleTravelTimes().matrix(points, points))
    return Horizon(tuple(tours), tuple(calls), matrix.seconds, matrix.metres)
