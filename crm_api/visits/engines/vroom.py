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

from crm_api.visits.schedule import Day, Shift, Stop

EXPLORATION = 5  # the most VROOM has; on one day of 150 stops it costs a few tens of milliseconds
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
    """One vehicle, one break, one job a stop. Its plans are proposals like any other's."""

    name = "vroom"

    def order(self, day: Day) -> list[int]:
        """Raises ImportError where pyvroom is not installed."""
        if not day.stops or (day.shift.lunch and _lunch_window(day.shift) is None):
            return []
        vroom = import_module("vroom")
        problem = vroom.Input()
        seconds = [[NO_ROAD if cell is None else min(cell, NO_ROAD) for cell in row] for row in day.seconds]
        problem.set_durations_matrix("car", seconds)
        problem.set_costs_matrix("car", _without_ties(seconds))
        problem.add_vehicle(self._vehicle(vroom, day.shift))
        jobs = [self._job(vroom, index, stop) for index, stop in enumerate(day.stops) if stop.starts]
        if not jobs:
            return []
        problem.add_job(jobs)
        # The other way to read a solution, `to_dict`, redirects the standard output of the whole process.
        routes = problem.solve(exploration_level=EXPLORATION, nb_threads=1).routes
        if "id" not in routes:  # the column is dropped where no visit is possible
            return []
        return [int(index) for index in routes.loc[routes["type"] == "job", "id"].tolist()]

    @staticmethod
    def _vehicle(vroom: Any, shift: Shift) -> Any:
        window = _lunch_window(shift)
        breaks = [vroom.Break(0, [vroom.TimeWindow(*window)], service=shift.lunch_seconds)] if window else []
        limit = {} if shift.max_visits is None else {"max_tasks": shift.max_visits}
        return vroom.Vehicle(
            0,
            start=shift.start_node,
            end=shift.end_node,
            time_window=(shift.start, shift.end),
            breaks=breaks,
            **limit,
        )

    @staticmethod
    def _job(vroom: Any, index: int, stop: Stop) -> Any:
        return vroom.Job(
            index,
            stop.node,
            default_service=stop.service,
            priority=MUST if stop.must else max(1, min(stop.value, MOST_VALUE)),
            time_windows=[vroom.TimeWindow(w.opens, w.closes) for w in stop.starts],
        )


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
