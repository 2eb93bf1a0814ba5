"""The small moves every plan is built and polished with, each exact about the rules of the day."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

from crm_api.visits.engines import driving
from crm_api.visits.horizon import Horizon, Orders
from crm_api.visits.schedule import Clock, Day, Stop, earliest_end

MOST_ROUNDS = 30  # rounds that each improve the plan; real days need two or three


class Slots:
    """An order with its clocks forwards and backwards, so that an insertion is judged in one step.

    Forwards: the earliest time of leaving each place. Backwards: the latest time of being ready at each
    place from which the rest of the day still works. A visit fits between two places where the one
    leads to it in time for the other.
    """

    def __init__(self, day: Day, order: Sequence[int]) -> None:
        self.day, self.order = day, list(order)
        shift = day.shift
        self.stops = [day.stops[index] for index in order]
        self.nodes = [shift.start_node, *(stop.node for stop in self.stops), shift.end_node]
        self.full = shift.max_visits is not None and len(self.order) >= shift.max_visits
        legs = list(pairwise(self.nodes))
        self.leaving = [Clock.at_start(shift)]
        for (a, b), stop in zip(legs, self.stops, strict=False):
            self.leaving.append(self.leaving[-1].drive(shift.lunch, day.seconds[a][b]).visit(stop))
        self.latest: list[Clock] = [Clock(None, shift.end)]
        for (a, b), stop in zip(reversed(legs[1:]), reversed(self.stops), strict=True):
            self.latest.append(self._latest_ready(stop, self._latest_leaving(day.seconds[a][b])))
        self.latest.reverse()
        self.driven = driving(day, order)
        self.room = None if shift.max_driving is None else shift.max_driving - self.driven
        self.work = self.driven + sum(s.service for s in self.stops) + shift.lunch_seconds
        self.spare = shift.end - shift.start - self.work

    @property
    def holds(self) -> bool:
        """Whether the day works as it is: taking a visit out may leave two places no road joins in time."""
        shift, (a, b) = self.day.shift, self.nodes[-2:]
        over = self.leaving[-1].drive(shift.lunch, self.day.seconds[a][b]).fed
        return over is not None and over <= shift.end and (self.room is None or self.room >= 0)

    def _latest_leaving(self, travel: int | None) -> Clock:
        """The latest time of setting out for a place that must be reached by the last of `latest`."""
        hungry, fed = self.latest[-1]
        lunch = self.day.shift.lunch
        if travel is None:
            return Clock(None, None)
        options = [] if hungry is None else [hungry - travel]
        if lunch and fed is not None and lunch.earliest <= fed - lunch.seconds:
            options.append(min(lunch.latest, fed - lunch.seconds - travel))
        return Clock(max(options, default=None), None if fed is None else fed - travel)

    @staticmethod
    def _latest_ready(stop: Stop, leaving: Clock) -> Clock:
        """The latest time of being ready for a visit that must be over by `leaving`."""

        def latest(over: int | None) -> int | None:
            if over is None:
                return None
            starts = (w for w in reversed(stop.starts) if w.opens + stop.service <= over)
            return next((min(w.closes, over - stop.service) for w in starts), None)

        return Clock(latest(leaving.hungry), latest(leaving.fed))

    def detour(self, stop: Stop, position: int) -> int | None:
        """Extra seconds of driving for a visit before the `position`-th stop; None without a road."""
        a, b, seconds = self.nodes[position], self.nodes[position + 1], self.day.seconds
        to, back, direct = seconds[a][stop.node], seconds[stop.node][b], seconds[a][b]
        return None if to is None or back is None else to + back - (direct or 0)

    def fits(self, stop: Stop, position: int) -> bool:
        """Whether the day still works with a visit to `stop` before the `position`-th one."""
        lunch, seconds = self.day.shift.lunch, self.day.seconds
        if self.room is not None and (self.detour(stop, position) or 0) > self.room:
            return False
        a, b = self.nodes[position], self.nodes[position + 1]
        clock = self.leaving[position].drive(lunch, seconds[a][stop.node]).visit(stop)
        hungry, fed = clock.drive(lunch, seconds[stop.node][b])
        latest = self.latest[position]
        return (fed is not None and latest.fed is not None and fed <= latest.fed) or (
            hungry is not None and latest.hungry is not None and hungry <= latest.hungry
        )

    def best(self, stop: Stop) -> tuple[int, int] | None:
        """The least detour in seconds and the position that has it, or None where the visit never fits."""
        if self.full:
            return None
        found: tuple[int, int] | None = None
        for position in range(len(self.order) + 1):
            detour = self.detour(stop, position)
            # Driving and visiting alone already fill the shift; waiting could only make it worse.
            if detour is None or detour + stop.service > self.spare:
                continue
            if (found is None or detour < found[0]) and self.fits(stop, position):
                found = (detour, position)
        return found


def fill(day: Day, order: Sequence[int], pool: Iterable[int]) -> list[int]:
    """Insert stops of `pool` while any fits: must-see first, then the most value for its time."""
    route, left = list(order), set(pool) - set(order)
    while True:
        slots = Slots(day, route)
        choice: tuple[tuple[bool, float, int], int, int] | None = None
        for index in sorted(left):
            stop = day.stops[index]
            place = slots.best(stop)
            if place is None:
                continue
            rank = (stop.must, stop.value / (place[0] + stop.service + 1), -index)
            if choice is None or rank > choice[0]:
                choice = (rank, index, place[1])
        if choice is None:
            return route
        route.insert(choice[2], choice[1])
        left.discard(choice[1])


def exchange(day: Day, order: Sequence[int], pool: Iterable[int]) -> list[int] | None:
    """The best replacement of one visit by a stop of `pool` worth more (or as much, for less driving), or None."""
    planned = set(order)
    out = [index for index in pool if index not in planned]
    best: tuple[tuple[int, int, int], list[int]] | None = None
    for at, dropped in enumerate(order):
        old = day.stops[dropped]
        rest = [*order[:at], *order[at + 1 :]]
        slots = Slots(day, rest)
        saved = driving(day, order) - driving(day, rest)
        for index in out:
            new = day.stops[index]
            if (new.must, new.value) < (old.must, old.value):
                continue
            place = slots.best(new)
            if place is None:
                continue
            gain = (new.must - old.must, new.value - old.value, saved - place[0])
            if gain > (0, 0, 0) and (best is None or gain > best[0]):
                best = gain, [*rest[: place[1]], index, *rest[place[1] :]]
    return best[1] if best else None


def shorten(day: Day, order: Sequence[int]) -> list[int]:
    """Reverse stretches (2-opt) and move single visits (or-opt) while that saves driving."""
    route = list(order)
    for _ in range(MOST_ROUNDS):
        now = driving(day, route)
        better = next(
            (
                trial
                for trial in _neighbours(route)
                if driving(day, trial) < now and earliest_end(day, trial) is not None
            ),
            None,
        )
        if better is None:
            break
        route = better
    return route


def _neighbours(route: list[int]) -> Iterable[list[int]]:
    size = len(route)
    for i in range(size):
        for j in range(i + 2, size + 1):
            yield [*route[:i], *reversed(route[i:j]), *route[j:]]
    for i in range(size):
        rest = [*route[:i], *route[i + 1 :]]
        for j in range(size):
            if j != i:
                yield [*rest[:j], route[i], *rest[j:]]


def polish(day: Day, order: Sequence[int], pool: Iterable[int] | None = None) -> list[int]:
    """Shorten, fill and exchange until nothing helps; never loses must-see stops or value.

    `pool` are the stops that may come in: all of the day's where nobody says.
    """
    may_come = list(range(len(day.stops)) if pool is None else pool)
    route = fill(day, shorten(day, order), may_come)
    for _ in range(MOST_ROUNDS):
        better = exchange(day, route, may_come)
        if better is None:
            break
        route = fill(day, shorten(day, better), [*may_come, *route])
    return route


def polish_week(horizon: Horizon, orders: Orders) -> Orders:
    """Polish one tour after the other, with the calls that are on none, until nothing changes."""
    week = [list(order) for order in orders]
    for _ in range(MOST_ROUNDS):
        before = [list(order) for order in week]
        for tour in range(len(week)):
            week[tour] = polish(horizon.day(tour), week[tour], free_for(horizon, week, tour))
        if week == before:
            break
    return week


def free_for(horizon: Horizon, orders: Orders, tour: int) -> list[int]:
    """Calls on no tour that could be made on this one; of each dealer one, and none too near another visit to it."""
    held = {index: t for t, order in enumerate(orders) for index in order}
    found: dict[str, int] = {}
    for index, call in enumerate(horizon.calls):
        stop = call.stops[tour]
        if index in held or stop is None or not stop.starts:
            continue
        others = [(other, held[other]) for other in horizon.siblings(index) if other in held]
        if all(horizon.apart(index, tour, other, at) for other, at in others):
            found.setdefault(call.who, index)
    return list(found.values())
