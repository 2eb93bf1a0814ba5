"""Routing benchmarks as horizons: TOPTW, TSPTW, TSP and Solomon's VRPTW, in the JSON of the shared collection.

A file holds `coords` (or `matrix`), `tw`, and where they matter `service`, `prize`, `demand`, `vehicles`, `capacity`;
row 0 is the depot. `index.json` beside them names each file's type, its best known value, and how distances are
rounded. Distances are scaled to whole numbers the way the literature truncates them, so that values compare.
"""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crm_api.visits.horizon import Call, Horizon, Orders, Tour, check
from crm_api.visits.schedule import Shift, Stop, Window

TEAMS = (1, 2, 3, 4)  # tours of a TOPTW instance


@dataclass(frozen=True)
class Instance:
    """A horizon with what is known of its best plan. `counts` is "prize" (more is better) or "length" (less is)."""

    name: str
    kind: str
    horizon: Horizon
    best: float
    counts: str
    scale: int
    demand: tuple[int, ...] = ()
    capacity: int | None = None

    def measure(self, orders: Orders) -> float | None:
        """The prize or length of a plan, or None where it breaks a rule or leaves out what has to be visited."""
        week = check(self.horizon, orders)
        planned = {index for order in orders for index in order}
        if not week.valid or any(c.must and i not in planned for i, c in enumerate(self.horizon.calls)):
            return None
        if self.capacity is not None and any(sum(self.demand[i] for i in o) > self.capacity for o in orders):
            return None
        if self.counts == "prize":
            return float(week.value)
        return sum(itinerary.driving for itinerary in week.itineraries) / self.scale

    def gap(self, orders: Orders) -> float | None:
        """How far from the best known, in percent; negative is better than known."""
        found = self.measure(orders)
        if found is None:
            return None
        less = self.best - found if self.counts == "prize" else found - self.best
        return 100 * less / self.best


def instances(folder: Path) -> Iterator[Instance]:
    """Every instance of the index whose type is known here, a TOPTW one for each number of tours."""
    for entry in json.loads((folder / "index.json").read_text())["instances"]:
        data = json.loads((folder / entry["file"]).read_text())
        name, kind = entry["name"], entry["type"]
        if kind == "TOPTW":
            for tours in TEAMS:
                best = entry["best_known"].get(f"m{tours}")
                if best:
                    yield _toptw(f"{name} m={tours}", data, tours, best, entry["rounding"])
        elif kind == "TSPTW":
            yield _tsptw(name, data, entry["best_known"])
        elif kind == "TSP":
            yield _tsp(name, data, entry["best_known"])
        elif kind == "VRPTW":
            yield _vrptw(name, data, entry["best_known"])


def _toptw(name: str, data: Any, tours: int, best: float, rounding: str) -> Instance:
    scale = 100 if "2 decimal" in rounding else 10
    matrix = _euclidean(data["coords"], scale)
    shift = Shift(round(scale * data["tw"][0][0]), round(scale * data["tw"][0][1]))
    calls = []
    for node in range(1, len(matrix)):
        opens, closes = (round(scale * at) for at in data["tw"][node])
        service = round(scale * data["service"][node])
        prize = data["prize"][node]
        if prize > 0:
            stop = Stop(str(node), node, service, (Window(opens, closes + service),), value=prize)
            calls.append(Call(str(node), (stop,) * tours, prize))
    days = tuple(Tour(str(tour), 0, shift) for tour in range(tours))
    return Instance(name, "TOPTW", Horizon(days, tuple(calls), matrix), best, "prize", scale)


def _tsptw(name: str, data: Any, best: float) -> Instance:
    decimal = any(cell != int(cell) for row in data["matrix"] for cell in row)
    scale = 10_000 if decimal else 1
    matrix = [[round(scale * cell) for cell in row] for row in data["matrix"]]
    windows = [(math.ceil(scale * a - 1e-6), math.floor(scale * b + 1e-6)) for a, b in data["tw"]]
    stops = [
        Stop(str(node), node, 0, (Window(*windows[node]),), value=1, must=True)
        for node in range(1, len(matrix))
    ]
    calls = tuple(Call(stop.key, (stop,), 1, True) for stop in stops)
    return Instance(
        name, "TSPTW", Horizon((Tour("day", 0, Shift(*windows[0])),), calls, matrix), best, "length", scale
    )


def _tsp(name: str, data: Any, best: float) -> Instance:
    """TSPLIB's EUC_2D: distances rounded to the nearest whole number."""
    places = data["coords"]
    matrix = [[int(math.dist(a, b) + 0.5) for b in places] for a in places]
    day = Window(0, sum(max(row) for row in matrix))
    stops = [Stop(str(node), node, 0, (day,), must=True) for node in range(1, len(matrix))]
    calls = tuple(Call(stop.key, (stop,), 1, True) for stop in stops)
    shift = Shift(day.opens, day.closes)
    return Instance(name, "TSP", Horizon((Tour("day", 0, shift),), calls, matrix), best, "length", 1)


def _vrptw(name: str, data: Any, best: float) -> Instance:
    """Solomon's instances with DIMACS' distances; loads are checked, not planned with."""
    scale = 10
    matrix = _euclidean(data["coords"], scale)
    shift = Shift(*(scale * at for at in data["tw"][0]))
    vehicles = data["vehicles"]
    calls = []
    for node in range(1, len(matrix)):
        opens, closes = (scale * at for at in data["tw"][node])
        service = scale * data["service"][node]
        stop = Stop(str(node), node, service, (Window(opens, closes + service),), must=True)
        calls.append(Call(str(node), (stop,) * vehicles, 1, True))
    days = tuple(Tour(str(tour), 0, shift) for tour in range(vehicles))
    return Instance(
        name, "VRPTW", Horizon(days, tuple(calls), matrix), best, "length", scale, tuple(data["demand"][1:]),
        data["capacity"],
    )  # fmt: skip


def _euclidean(places: Any, scale: int) -> list[list[int]]:
    """Distances cut off after the last decimal that counts."""
    return [[math.floor(scale * math.dist(a, b) + 1e-9) for b in places] for a in places]
