"""The default engine: VROOM (BSD-2), through the pyvroom wheel.

It knows split opening hours, lunch without a place, and optional visits by priority. It has no random
part, but it runs several searches whose threads finish in any order and keeps the first of equally good
ones (VROOM issue 145), so on its own it answers the same question differently now and then. A cost
matrix in which no two ways cost the same takes that freedom away; a time limit would give it back.

The wheel imports pandas, about two seconds of CPU once a process; hence imported when first used.
"""

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from crm_api.visits.horizon import Call, Horizon, Orders
from crm_api.visits.schedule import Shift, Stop, Window

EXPLORATION = 5  # the most VROOM has; on one day of 150 stops it costs a few tens of milliseconds
EXPLORATION_OF_WEEKS = 1  # the search that follows finds more in the time than VROOM's next levels do
NO_ROAD = 100_000  # seconds: longer than any shift
MOST_UNITS = 10_000  # of cost in a second of driving
MUST, MOST_VALUE = 100, 90  # priorities run to 100; VROOM maximises their sum, then shortens the drive


def available() -> bool:
    """Whether pyvroom is installed; does not import it."""
    return find_spec("vroom") is not None


def warm_up() -> None:
    """Import pyvroom where it is installed, so that the first plan does not wait for it."""
    if available():
        import_module("vroom")


class VroomEngine:
    """One vehicle a tour, one break, one job a call. Its plans are proposals like any other's."""

    name = "vroom"

    def __init__(self, exploration: int | None = None) -> None:
        self.exploration = exploration

    def propose(self, horizon: Horizon) -> Orders:
        """Raises ImportError where pyvroom is not installed."""
        orders: Orders = [[] for _ in horizon.tours]
        tours = [t for t, tour in enumerate(horizon.tours) if _drivable(tour.shift)]
        jobs = [(c, call) for c, call in enumerate(horizon.calls) if any(_starts(call, t) for t in tours)]
        if not tours or not jobs:
            return orders
        vroom = import_module("vroom")
        problem = vroom.Input()
        seconds = [
            [NO_ROAD if cell is None else min(cell, NO_ROAD) for cell in row] for row in horizon.seconds
        ]
        problem.set_durations_matrix("car", seconds)
        problem.set_costs_matrix("car", _without_ties(seconds))
        patterns = [(c, call, *pattern) for c, call in jobs for pattern in _patterns(call, tours)]
        for tour in tours:
            skills = {n + 1 for n, (_, _, _, on) in enumerate(patterns) if tour in on}
            problem.add_vehicle(self._vehicle(vroom, tour, horizon.tours[tour].shift, skills))
        problem.add_job(
            [self._job(vroom, n, call, stop, len(on) < len(tours))
             for n, (_, call, stop, on) in enumerate(patterns)]
        )  # fmt: skip
        exploration = self.exploration
        if exploration is None:
            exploration = EXPLORATION if len(tours) == 1 else EXPLORATION_OF_WEEKS
        # The other way to read a solution, `to_dict`, redirects the standard output of the whole process.
        routes = problem.solve(exploration_level=exploration, nb_threads=1).routes
        if "id" not in routes:  # the column is dropped where no visit is possible
            return orders
        made = routes.loc[routes["type"] == "job", ["vehicle_id", "id"]]
        for tour, job in made.itertuples(index=False):
            orders[int(tour)].append(patterns[int(job)][0])
        return orders

    @staticmethod
    def _vehicle(vroom: Any, number: int, shift: Shift, skills: set[int]) -> Any:
        window = _lunch_window(shift)
        breaks = (
            [vroom.Break(number, [vroom.TimeWindow(*window)], service=shift.lunch_seconds)] if window else []
        )
        limits = {} if shift.max_visits is None else {"max_tasks": shift.max_visits}
        if shift.max_driving is not None:
            limits["max_travel_time"] = shift.max_driving
        return vroom.Vehicle(
            number,
            start=shift.start_node,
            end=shift.end_node,
            time_window=(shift.start, shift.end),
            breaks=breaks,
            skills=skills,
            **limits,
        )

    @staticmethod
    def _job(vroom: Any, number: int, call: Call, stop: Stop, restricted: bool) -> Any:
        return vroom.Job(
            number,
            stop.node,
            default_service=stop.service,
            priority=MUST if call.must else max(1, min(call.value, MOST_VALUE)),
            skills={number + 1} if restricted else None,
            time_windows=[vroom.TimeWindow(w.opens, w.closes) for w in stop.starts],
        )


def _starts(call: Call, tour: int) -> bool:
    stop = call.stops[tour]
    return stop is not None and bool(stop.starts)


def _patterns(call: Call, tours: list[int]) -> list[tuple[Stop, set[int]]]:
    """The different visits a call could be, each with its tours: VROOM has one set of hours a job.

    A dealer with other hours on Saturday is two jobs; where VROOM makes both, the repair keeps the first.
    """
    found: dict[tuple[int, tuple[Window, ...]], tuple[Stop, set[int]]] = {}
    for tour in tours:
        stop = call.stops[tour]
        if stop is not None and stop.starts:
            found.setdefault((stop.service, stop.starts), (stop, set()))[1].add(tour)
    return list(found.values())


def _drivable(shift: Shift) -> bool:
    """VROOM refuses a whole problem for one break that cannot be taken."""
    return shift.start <= shift.end and not (shift.lunch and _lunch_window(shift) is None)


def _lunch_window(shift: Shift) -> tuple[int, int] | None:
    """When lunch may start within the shift; VROOM refuses a break that cannot be taken."""
    lunch = shift.lunch
    if lunch is None:
        return None
    earliest, latest = max(lunch.earliest, shift.start), min(lunch.latest, shift.end - lunch.seconds)
    return (earliest, latest) if earliest <= latest else None


def _without_ties(seconds: list[list[int]]) -> list[list[int]]:
    """The cost of each road: its seconds, and a fixed fraction of a second of its own.

    The fraction is Knuth's multiplicative hash of the road's ends (The Art of Computer Programming 3,
    6.4). A second is worth as many units as VROOM's bound allows: the dearest road into and out of
    every place must stay under 2**32 together.
    """
    size = len(seconds)
    known = [[cell if cell < NO_ROAD else 0 for cell in row] for row in seconds]
    dearest = sum(max(row) for row in known) + sum(max(column) for column in zip(*known, strict=True))
    unit = max(1, min(MOST_UNITS, 2**31 // (dearest + 2 * size)))
    return [
        [
            cell * unit + (a * size + b + 1) * 2_654_435_761 % 2**32 * unit // 2**32
            for b, cell in enumerate(row)
        ]
        for a, row in enumerate(known)
    ]
