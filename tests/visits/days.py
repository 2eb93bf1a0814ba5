"""Random days for the property tests.

Every figure is a whole number of `STEP`s, so that a timer that tries every step can check them, and so
that things meet to the second: a dealer that closes as one arrives, lunch at the last moment, two visits
worth the same.
"""

import random

from hypothesis import strategies as st

from crm_api.visits.schedule import Day, Lunch, Shift, Stop, Window

MINUTE = 60
HOUR = 3600
STEP = 5 * MINUTE


def _steps(low: int, high: int) -> st.SearchStrategy[int]:
    """Seconds from `low` to `high` minutes, in whole steps."""
    return st.integers(low * MINUTE // STEP, high * MINUTE // STEP).map(lambda steps: steps * STEP)


@st.composite
def _windows(draw, low: int, high: int) -> tuple[Window, ...]:
    edges = sorted(draw(st.lists(_steps(low, high), min_size=0, max_size=4, unique=True)))
    return tuple(Window(a, b) for a, b in zip(edges[::2], edges[1::2], strict=False))


@st.composite
def _stop(draw, node: int, low: int, high: int) -> Stop:
    return Stop(
        key=f"stop-{node}",
        node=node,
        service=draw(_steps(5, 40)),
        windows=draw(st.one_of(st.just((Window(low * MINUTE, high * MINUTE),)), _windows(low, high))),
        appointment=draw(st.one_of(st.none(), st.none(), st.none(), _steps(low, high))),
        value=draw(st.one_of(st.integers(1, 3), st.integers(1, 90))),
        must=draw(st.sampled_from([False, False, False, True])),
    )


@st.composite
def days(draw, max_stops: int = 8, start: int = 480, length: int = 240) -> Day:
    """A day of up to `max_stops` stops in a shift of `length` minutes from minute `start`."""
    size = draw(st.integers(0, max_stops)) + 1
    travel = st.one_of(_steps(0, 60), _steps(0, 60), _steps(0, 60), st.none())
    rows = draw(st.lists(st.lists(travel, min_size=size, max_size=size), min_size=size, max_size=size))
    seconds = [[0 if a == b else rows[a][b] for b in range(size)] for a in range(size)]
    metres = [[None if s is None else s * 14 for s in row] for row in seconds]
    end = start + length
    lunch = None
    if draw(st.booleans()):
        earliest, latest = sorted([draw(_steps(start, end)), draw(_steps(start, end))])
        lunch = Lunch(draw(_steps(5, 60)), earliest, latest)
    most = draw(st.one_of(st.none(), st.none(), st.integers(0, 6)))
    driving = draw(st.one_of(st.none(), st.none(), _steps(0, length)))
    shift = Shift(start * MINUTE, end * MINUTE, lunch=lunch, max_visits=most, max_driving=driving)
    stops = tuple(draw(_stop(node, start, end)) for node in range(1, size))
    return Day(shift, stops, seconds, metres)


def small_day() -> st.SearchStrategy[Day]:
    """Up to four stops in two hours and a half: small enough to try everything."""
    return days(max_stops=4, length=150)


def orders(day: Day) -> st.SearchStrategy[list[int]]:
    """Some of the day's stops, each once, in any order."""
    if not day.stops:
        return st.just([])
    return st.lists(st.sampled_from(range(len(day.stops))), unique=True)


def plane_day(seed: int, stops: int, *, reach: int = 3600, lunch: bool = True, length: int = 9 * HOUR) -> Day:
    """A realistic day: dealers strewn over a plane up to `reach` seconds from home, some with odd hours."""
    rng = random.Random(seed)
    places = [(0.0, 0.0), *((rng.uniform(-reach, reach), rng.uniform(-reach, reach)) for _ in range(stops))]
    seconds = [[int(((ax - bx) ** 2 + (ay - by) ** 2) ** 0.5) for bx, by in places] for ax, ay in places]
    start = 8 * HOUR + 1800

    def hours() -> tuple[Window, ...]:
        kind = rng.random()
        if kind < 0.2:
            return (Window(8 * HOUR, 12 * HOUR), Window(14 * HOUR, 18 * HOUR))
        if kind < 0.25:
            return ()
        return (Window(8 * HOUR, 18 * HOUR),)

    made = tuple(
        Stop(f"dealer-{i:04}", i, rng.choice([20, 30, 45]) * MINUTE, hours(), value=rng.randint(1, 90))
        for i in range(1, stops + 1)
    )
    break_ = Lunch(45 * MINUTE, 12 * HOUR, 14 * HOUR) if lunch else None
    metres = [[s * 14 for s in row] for row in seconds]
    return Day(Shift(start, start + length, lunch=break_), made, seconds, metres)
