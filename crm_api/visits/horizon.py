"""Several days planned together: the tours there are, the calls that could be made on them, and the exact check.

A tour is one rep's day; a call is one visit that is worth making, on any one of the tours it has a stop for.
Whoever proposes a week, `check` decides: it times every tour with `schedule.time_day`, and adds the rules that
hold between tours. Nothing here knows a solver.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise

from crm_api.visits.schedule import Day, Itinerary, Matrix, Shift, Stop, time_day

Orders = list[list[int]]  # for each tour, the calls made on it, in their order


@dataclass(frozen=True)
class Tour:
    """One rep's day. `day` is its date as a proleptic ordinal, so that days can be counted between tours."""

    key: str
    day: int
    shift: Shift
    rep: int = 0


@dataclass(frozen=True)
class Call:
    """One visit that could be made once: `stops[t]` is what it would be on tour t, None where it cannot be.

    Calls of the same `dealer` lie at least `every` days apart: that is how a dealer is seen twice in a fortnight.
    """

    key: str
    stops: tuple[Stop | None, ...]
    value: int = 1
    must: bool = False
    dealer: str = ""
    every: int = 0

    @property
    def who(self) -> str:
        return self.dealer or self.key


@dataclass(frozen=True)
class Horizon:
    """Tours, calls, and the travel seconds and metres between their nodes (None: no road)."""

    tours: tuple[Tour, ...]
    calls: tuple[Call, ...]
    seconds: Matrix
    metres: Matrix = field(repr=False, default=())

    def day(self, tour: int) -> Day:
        """One tour on its own: its stops are all calls, those that cannot be made on it without any hours."""
        known: dict[int, Day] = self.__dict__.setdefault("_days", {})
        if tour not in known:
            stops = tuple(call.stops[tour] or _nowhere(call) for call in self.calls)
            known[tour] = Day(self.tours[tour].shift, stops, self.seconds, self.metres)
        return known[tour]

    def siblings(self, call: int) -> tuple[int, ...]:
        """The other calls of the same dealer."""
        known: dict[str, tuple[int, ...]] | None = self.__dict__.get("_by_dealer")
        if known is None:
            grouped: dict[str, list[int]] = defaultdict(list)
            for index, one in enumerate(self.calls):
                grouped[one.who].append(index)
            known = self.__dict__["_by_dealer"] = {who: tuple(all_) for who, all_ in grouped.items()}
        return tuple(other for other in known[self.calls[call].who] if other != call)

    def apart(self, a: int, tour_a: int, b: int, tour_b: int) -> bool:
        """Whether two calls of one dealer on these tours lie far enough apart."""
        gap = max(self.calls[a].every, self.calls[b].every, 1)
        return abs(self.tours[tour_a].day - self.tours[tour_b].day) >= gap

    @classmethod
    def of(cls, day: Day) -> "Horizon":
        """A single day as a horizon of one tour."""
        calls = tuple(Call(stop.key, (stop,), stop.value, stop.must) for stop in day.stops)
        return cls((Tour("day", 0, day.shift),), calls, day.seconds, day.metres)


class Clash(StrEnum):
    """The rules between tours."""

    TWICE = "twice"  # one call on two tours
    TOO_SOON = "too_soon"  # two calls of one dealer closer than it wants to be seen
    NOT_THERE = "not_there"  # a call on a tour that it has no stop for


@dataclass(frozen=True, slots=True)
class Conflict:
    """A broken rule between tours, and the call it was broken with."""

    clash: Clash
    key: str


@dataclass(frozen=True)
class Week:
    """Timed tours, and every rule that is broken between them."""

    itineraries: tuple[Itinerary, ...]
    conflicts: tuple[Conflict, ...]

    @property
    def valid(self) -> bool:
        return not self.conflicts and all(itinerary.valid for itinerary in self.itineraries)

    @property
    def value(self) -> int:
        return sum(itinerary.value for itinerary in self.itineraries)


def check(horizon: Horizon, orders: Sequence[Sequence[int]]) -> Week:
    """Time every tour exactly, and name every rule that is broken, within tours and between them."""
    conflicts: list[Conflict] = []
    tours_of: dict[int, list[int]] = defaultdict(list)
    days_of: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for tour, order in enumerate(orders):
        for index in order:
            call = horizon.calls[index]
            tours_of[index].append(tour)
            days_of[call.who].append((horizon.tours[tour].day, call.every))
            if call.stops[tour] is None:
                conflicts.append(Conflict(Clash.NOT_THERE, call.key))
    conflicts += [
        Conflict(Clash.TWICE, horizon.calls[index].key) for index, tours in tours_of.items() if len(tours) > 1
    ]
    for who, visits in days_of.items():
        for (before, gap), (after, other) in pairwise(sorted(visits)):
            if after - before < max(gap, other, 1):
                conflicts.append(Conflict(Clash.TOO_SOON, who))
    days = (time_day(horizon.day(tour), order) for tour, order in enumerate(orders))
    return Week(tuple(days), tuple(conflicts))


def _nowhere(call: Call) -> Stop:
    node = next((stop.node for stop in call.stops if stop is not None), 0)
    return Stop(call.key, node, 0, value=call.value, must=call.must)
