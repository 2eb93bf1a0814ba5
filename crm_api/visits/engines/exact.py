"""The engine for a handful of stops: tries everything that can still be best, so it is never wrong.

Held and Karp's table over sets of visited stops (J. SIAM 10, 1962), with the earliest time before and
after lunch instead of a tour length. For each set and last stop it keeps the ways that are not both
later and longer than another.
"""

from collections import defaultdict
from typing import NamedTuple

from crm_api.visits.engines import merit
from crm_api.visits.horizon import Horizon, Orders
from crm_api.visits.schedule import Clock, Day, earliest_end

MOST_STOPS = 8  # the table doubles with each: 8 stops cost about 30 ms, 12 over a second


class _Way(NamedTuple):
    clock: Clock
    driven: int
    order: tuple[int, ...]

    def beats(self, other: "_Way") -> bool:
        """Never later, whether hungry or fed, and never longer."""
        return self.driven <= other.driven and all(
            theirs is None or (ours is not None and ours <= theirs)
            for ours, theirs in zip(self.clock, other.clock, strict=True)
        )


class ExactEngine:
    """The best day there is, for up to `MOST_STOPS` stops."""

    name = "exact"

    def propose(self, horizon: Horizon) -> Orders:
        """Raises ValueError for more than one tour, or more than `MOST_STOPS` stops."""
        (day,) = (horizon.day(tour) for tour in range(len(horizon.tours)))
        return [self._order(day)]

    def _order(self, day: Day) -> list[int]:
        if len(day.stops) > MOST_STOPS:
            raise ValueError(f"{len(day.stops)} stops are too many to try everything")
        most = len(day.stops) if day.shift.max_visits is None else day.shift.max_visits
        best: tuple[int, ...] = ()
        ways = {(0, -1): [_Way(Clock.at_start(day.shift), 0, ())]}
        for _ in range(min(most, len(day.stops))):
            ways = self._one_more(day, ways)
            for way in (w for kept in ways.values() for w in kept):
                if earliest_end(day, way.order) is not None and merit(day, way.order) > merit(day, best):
                    best = way.order
        return list(best)

    @staticmethod
    def _one_more(day: Day, ways: dict[tuple[int, int], list[_Way]]) -> dict[tuple[int, int], list[_Way]]:
        """All ways that are worth keeping with one visit more."""
        grown: dict[tuple[int, int], list[_Way]] = defaultdict(list)
        for (visited, last), kept in ways.items():
            here = day.shift.start_node if last < 0 else day.stops[last].node
            for index, stop in enumerate(day.stops):
                travel = day.seconds[here][stop.node]
                if visited & (1 << index) or travel is None:
                    continue
                for way in kept:
                    clock = way.clock.drive(day.shift.lunch, travel).visit(stop)
                    if clock == (None, None):
                        continue
                    new = _Way(clock, way.driven + travel, (*way.order, index))
                    rivals = grown[visited | (1 << index), index]
                    if not any(rival.beats(new) for rival in rivals):
                        rivals[:] = [r for r in rivals if not new.beats(r)] + [new]
        return grown
