"""What planning a day costs, and what it brings: `python -m bench.visits [--stops N …] [--seed N]`.

Prints, for the real Ford dealers within 80 km of Columbus, Ohio (where the file is there; CRM_TEST_DATA
says where) and for made-up days of growing size: the plan of each engine, its CPU seconds, and its value
against the pure-Python engine's. Every plan has passed the exact timer. Seconds are process CPU of the
whole of `planner.plan`: proposal, repair, polish, and the reason for every stop left out.
"""

import argparse
import asyncio
import csv
import os
import time
from datetime import date
from pathlib import Path

from crm_api.ports import Coordinates
from crm_api.visits.engines.insertion import InsertionEngine
from crm_api.visits.engines.vroom import VroomEngine, available
from crm_api.visits.hours import DEALER_HOURS, DayClock
from crm_api.visits.planner import DayPlan, plan
from crm_api.visits.schedule import Day, Lunch, Shift, Stop
from integrations.offline.great_circle import GreatCircleTravelTimes
from tests.visits.days import plane_day

COLUMBUS = Coordinates(39.9612, -82.9988)
DEALERS = Path(os.environ.get("CRM_TEST_DATA", "../shared")) / "data" / "dealers" / "ford_dealers_us.csv"


COLUMNS = (
    ("stops", 6),
    ("engine", 11),
    ("CPU s", 9),
    ("visits", 8),
    ("value", 7),
    ("ratio", 8),
    ("drive h", 9),
    ("km", 7),
)


def columbus() -> Day:
    """A Monday of a rep in Columbus: 8:30 to 17:30, lunch of 45 minutes, visits of 30, dealers' own hours."""
    with DEALERS.open(encoding="utf-8", newline="") as file:
        places = [
            Coordinates(float(row["latitude"]), float(row["longitude"])) for row in csv.DictReader(file)
        ]
    near = [COLUMBUS, *(place for place in places if COLUMBUS.metres_to(place) <= 80_000)]
    matrix = asyncio.run(GreatCircleTravelTimes().matrix(near, near))
    clock = DayClock(date(2026, 11, 23), "America/New_York")
    lunch = Lunch(45 * 60, clock.seconds("12:00"), clock.seconds("14:00"))
    windows = clock.windows(DEALER_HOURS)
    stops = tuple(Stop(f"dealer-{node:03}", node, 1800, windows, value=41) for node in range(1, len(near)))
    shift = Shift(clock.seconds("08:30"), clock.seconds("17:30"), lunch=lunch)
    return Day(shift, stops, matrix.seconds, matrix.metres)


def report(name: str, day: Day) -> None:
    """One line an engine."""
    base: DayPlan | None = None
    for engine in (InsertionEngine(), VroomEngine()) if available() else (InsertionEngine(),):
        began = time.process_time()
        made = plan(day, engine)
        seconds = time.process_time() - began
        assert made.itinerary.valid, made.itinerary.violations
        base = base or made
        found, ratio = made.itinerary, made.itinerary.value / max(1, base.itinerary.value)
        figures = (
            str(len(day.stops)),
            engine.name,
            f"{seconds:.3f}",
            str(len(found.visits)),
            str(found.value),
            f"{ratio:.3f}",
            f"{found.driving / 3600:.2f}",
            f"{found.metres / 1000:.0f}",
        )
        line = "".join(f"{figure:>{width}}" for figure, (_, width) in zip(figures, COLUMNS, strict=True))
        print(f"{name:<22}{line}")


def main() -> None:
    """Run the bench."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--stops", type=int, nargs="*", default=[20, 60, 120, 200])
    parser.add_argument("--seed", type=int, default=7)
    chosen = parser.parse_args()
    if available():
        began = time.process_time()
        VroomEngine().order(plane_day(0, 2))
        print(f"Importing pyvroom, once a process: {time.process_time() - began:.2f} s of CPU\n")
    heads = "".join(f"{head:>{width}}" for head, width in COLUMNS)
    print(f"{'day':<22}{heads}")
    if DEALERS.exists():
        report("Ford, Columbus 80 km", columbus())
    else:
        print(f"{DEALERS} is not there; set CRM_TEST_DATA")
    for stops in chosen.stops:
        report(f"made up, seed {chosen.seed}", plane_day(chosen.seed, stops))


if __name__ == "__main__":
    main()
