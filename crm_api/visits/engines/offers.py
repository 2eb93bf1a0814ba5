"""What every open call would cost on a tour, for all calls and all places in the order at once.

The same judgement as `moves.Slots.fits`, one array operation a step instead of one call a place: a search that
tries thousands of weeks lives on it. NumPy comes with pyvroom; without either, `moves` does the work call by call.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from crm_api.visits.engines.moves import Slots
from crm_api.visits.horizon import Horizon
from crm_api.visits.schedule import Clock

Array = Any  # numpy's own generic types say less than the names here
NEVER = 1 << 40  # seconds: later than any shift, and small enough to add to without overflow
DROPPED = -NEVER


@dataclass(frozen=True)
class Hours:
    """Of one tour: whether each call can be made on it, for how long, and when it may start (window by call)."""

    possible: Array
    service: Array
    opens: Array
    closes: Array


class Tables:
    """A horizon as arrays, made once a search."""

    def __init__(self, horizon: Horizon) -> None:
        self.horizon = horizon
        self.seconds = np.array(
            [[NEVER if cell is None else cell for cell in row] for row in horizon.seconds], dtype=np.int64
        )
        self.back = np.ascontiguousarray(self.seconds.T)
        self.value = np.array([call.value for call in horizon.calls], dtype=np.float64)
        self.must = np.array([call.must for call in horizon.calls], dtype=bool)
        self.node = np.array(
            [next((s.node for s in call.stops if s), 0) for call in horizon.calls], dtype=np.int64
        )
        known: dict[tuple[int, ...], Hours] = {}
        self.hours: list[Hours] = []
        for tour in range(len(horizon.tours)):
            which = tuple(id(call.stops[tour]) for call in horizon.calls)
            if which not in known:
                known[which] = self._hours(tour)
            self.hours.append(known[which])

    def _hours(self, tour: int) -> Hours:
        stops = [call.stops[tour] for call in self.horizon.calls]
        starts = [stop.starts if stop else () for stop in stops]
        deep = max((len(windows) for windows in starts), default=0)
        opens = np.full((deep, len(stops)), NEVER, dtype=np.int64)
        closes = np.full((deep, len(stops)), -1, dtype=np.int64)
        for index, windows in enumerate(starts):
            for depth, window in enumerate(windows):
                opens[depth, index], closes[depth, index] = window.opens, window.closes
        service = np.array([stop.service if stop else 0 for stop in stops], dtype=np.int64)
        return Hours(np.array([bool(w) for w in starts], dtype=bool), service, opens, closes)


@dataclass(frozen=True, slots=True)
class Offers:
    """For each call asked about: the least delay an insertion causes, and before which visit; inf: it never fits."""

    cost: Array
    position: Array


def offers(tables: Tables, tour: int, slots: Slots, calls: Array, *, by_detour: bool = False) -> Offers:
    """The cheapest insertion of each of `calls` into the tour as `slots` has it.

    The cost is by how much whatever follows is delayed, in seconds, waiting and visit included (the "shift" of
    Vansteenwegen et al., Computers & Operations Research 36, 2009); `by_detour` counts the drive alone.
    """
    nothing = Offers(np.full(len(calls), np.inf), np.zeros(len(calls), dtype=np.int64))
    if slots.full or not len(calls):
        return nothing
    lunch, hours = slots.day.shift.lunch, tables.hours[tour]
    nodes, node = np.array(slots.nodes), tables.node[calls]
    to = tables.seconds[nodes[:-1]][:, node]
    back = tables.back[nodes[1:]][:, node]
    direct = tables.seconds[nodes[:-1], nodes[1:]]
    # Without the call there may be no way on: then nothing is saved by it, as in `Slots.detour`.
    detour = to + back - np.where(direct < NEVER, direct, 0)[:, None]
    hungry, fed = _columns(slots.leaving, NEVER)
    last_hungry, last_fed = _columns(slots.latest, DROPPED)
    opens, closes, service = hours.opens[:, calls], hours.closes[:, calls], hours.service[calls]

    after_fed = _visited(_ate(lunch, hungry, fed, to), opens, closes) + service
    at_next = after_fed + back
    delay = np.where(at_next <= last_fed, at_next - _ate(lunch, hungry, fed, direct[:, None]), NEVER)
    if lunch is not None:
        after_hungry = _visited(hungry + to, opens, closes) + service
        eaten = np.maximum(after_hungry + back, lunch.earliest) + lunch.seconds
        at_next = np.where(after_hungry <= lunch.latest, np.minimum(at_next, eaten), at_next)
        base = _ate(lunch, hungry, fed, direct[:, None])
        delay = np.where(at_next <= last_fed, at_next - base, NEVER)
        still = after_hungry + back
        delay = np.where(still <= last_hungry, np.minimum(delay, still - hungry - direct[:, None]), delay)
    if slots.room is not None:
        delay = np.where(detour > slots.room, NEVER, delay)
    cost = np.where(delay < NEVER, detour, NEVER) if by_detour else delay
    position = cost.argmin(axis=0)
    least = cost[position, np.arange(len(calls))]
    fits = (delay[position, np.arange(len(calls))] < NEVER // 2) & hours.possible[calls]
    return Offers(np.where(fits, np.maximum(least, 1), np.inf), position)


def _columns(clocks: list[Clock], missing: int) -> tuple[Array, Array]:
    pairs = [(missing if c.hungry is None else c.hungry, missing if c.fed is None else c.fed) for c in clocks]
    both = np.array(pairs, dtype=np.int64)
    return both[:, 0:1], both[:, 1:2]


def _ate(lunch: Any, hungry: Array, fed: Array, travel: Array) -> Array:
    """The earliest arrival with lunch taken, before or on the way."""
    arrived = fed + travel
    if lunch is None:
        return arrived
    eaten = np.maximum(hungry + travel, lunch.earliest) + lunch.seconds
    return np.where(hungry <= lunch.latest, np.minimum(arrived, eaten), arrived)


def _visited(ready: Array, opens: Array, closes: Array) -> Array:
    """The earliest start of a visit for which one is ready then; NEVER or later where it is too late."""
    start = np.full(ready.shape, NEVER, dtype=np.int64)
    for opening, closing in zip(opens, closes, strict=True):
        start = np.where(ready <= closing, np.minimum(start, np.maximum(ready, opening)), start)
    return start
