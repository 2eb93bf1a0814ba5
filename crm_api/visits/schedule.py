"""The exact timer of a day: given an order of visits, what happens when, and which rule it breaks.

Pure and independent of every solver: no plan is shown that `time_day` does not pass, whoever made it.
All times are seconds since local midnight that have really passed (`hours.DayClock` maps them to the
wall clock and to UTC), so a day with a clock change is timed like any other.

The rules of a day:

- Each visit lies wholly inside one opening window, or starts exactly at its appointment.
- Visits start as early as the order allows; the rep leaves home only when needed for the first one.
- Lunch starts inside its window and may be taken anywhere: before leaving, on the way, on arrival
  (also while a dealer is still closed), or at the end of the day. It interrupts driving freely.
- No more visits, and no more driving, than the shift allows.
- Home (or wherever the day ends) is reached, lunch included, before the shift ends.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple, Self

Matrix = Sequence[Sequence[int | None]]


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """From `opens` to `closes`, in seconds of the day."""

    opens: int
    closes: int

    def __post_init__(self) -> None:
        if self.closes < self.opens:
            raise ValueError(f"a window cannot close ({self.closes}) before it opens ({self.opens})")


@dataclass(frozen=True)
class Stop:
    """One place that could be visited.

    `key` names it to the caller; `node` is its row in the travel matrix; `service` the seconds a visit
    takes. `windows` are its opening hours. With `appointment` (seconds of the day) the visit starts
    exactly then, whatever the opening hours say: somebody agreed to be there. `value` is what a visit
    is worth, from 1; a `must` stop comes before any value.
    """

    key: str
    node: int
    service: int
    windows: tuple[Window, ...] = ()
    appointment: int | None = None
    value: int = 1
    must: bool = False

    @cached_property
    def starts(self) -> tuple[Window, ...]:
        """When a visit may start, in order: the opening hours less the time the visit takes."""
        if self.appointment is not None:
            return (Window(self.appointment, self.appointment),)
        fitting = (w for w in sorted(self.windows) if w.closes - w.opens >= self.service)
        return tuple(Window(w.opens, w.closes - self.service) for w in fitting)

    def start_from(self, ready: int) -> int | None:
        """The earliest start at or after `ready`, or None where it is too late for today."""
        for window in self.starts:
            if ready <= window.closes:
                return max(ready, window.opens)
        return None


@dataclass(frozen=True, slots=True)
class Lunch:
    """`seconds` of break that start between `earliest` and `latest`."""

    seconds: int
    earliest: int
    latest: int


@dataclass(frozen=True, slots=True)
class Shift:
    """From when to when, and between which rows of the travel matrix, the day runs; driving in seconds."""

    start: int
    end: int
    start_node: int = 0
    end_node: int = 0
    lunch: Lunch | None = None
    max_visits: int | None = None
    max_driving: int | None = None

    @property
    def lunch_seconds(self) -> int:
        return self.lunch.seconds if self.lunch else 0


@dataclass(frozen=True)
class Day:
    """A shift, the stops it could visit, and the travel seconds and metres between their nodes.

    None in `seconds` means that no road leads from one to the other.
    """

    shift: Shift
    stops: tuple[Stop, ...]
    seconds: Matrix
    metres: Matrix = field(repr=False, default=())


class Broken(StrEnum):
    """The rules an order of visits can break."""

    CLOSED = "closed"  # arrives when it is too late to visit today
    NO_ROAD = "no_road"
    NO_LUNCH = "no_lunch"
    OVERTIME = "overtime"
    TOO_MANY = "too_many"
    TOO_MUCH_DRIVING = "too_much_driving"
    TWICE = "twice"


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken rule; `key` is the stop it happens at, `seconds` (or visits, for too_many) by how much."""

    rule: Broken
    key: str | None = None
    by: int = 0


@dataclass(frozen=True, slots=True)
class Visit:
    """One timed visit: the drive to it (`leaves` to `arrives`), and the visit itself.

    `driving` and `waiting` are seconds without lunch, wherever that was taken.
    """

    stop: Stop
    leaves: int
    driving: int
    metres: int
    arrives: int
    waiting: int
    starts: int
    ends: int


@dataclass(frozen=True, slots=True)
class Meal:
    """When lunch is, and on which leg of the day: `leg` visits were made before it."""

    starts: int
    ends: int
    leg: int


@dataclass(frozen=True)
class Itinerary:
    """A timed day.

    It runs from `leaves` to `over`; the end place is reached at `returns`, which is earlier than `over`
    only where lunch is eaten there.
    """

    visits: tuple[Visit, ...]
    leaves: int
    returns: int
    over: int
    last_driving: int
    last_metres: int
    lunch: Meal | None
    violations: tuple[Violation, ...]

    @property
    def valid(self) -> bool:
        return not self.violations

    @property
    def driving(self) -> int:
        """Seconds at the wheel."""
        return sum(v.driving for v in self.visits) + self.last_driving

    @property
    def metres(self) -> int:
        return sum(v.metres for v in self.visits) + self.last_metres

    @property
    def visiting(self) -> int:
        """Seconds spent with dealers."""
        return sum(v.stop.service for v in self.visits)

    @property
    def idle(self) -> int:
        """Seconds of the day that are neither driving, visiting nor lunch."""
        lunch = self.lunch.ends - self.lunch.starts if self.lunch else 0
        return self.over - self.leaves - self.driving - self.visiting - lunch

    @property
    def value(self) -> int:
        return sum(v.stop.value for v in self.visits)


def time_day(day: Day, order: Sequence[int]) -> Itinerary:
    """Time the visits `order` (indices into `day.stops`) exactly, and name every rule they break.

    Lunch is tried on every leg; the itinerary with the fewest broken rules, then the earliest end,
    then the earliest lunch is given. An order that can be driven at all is always found to be, because
    an earlier arrival is never worse and lunch lies on exactly one leg.
    """
    legs: Sequence[int | None] = range(len(order) + 1) if day.shift.lunch else (None,)
    walks = (_Walk(day, order, leg).run() for leg in legs)
    return min(walks, key=lambda itinerary: (len(itinerary.violations), itinerary.over))


def earliest_end(day: Day, order: Sequence[int]) -> int | None:
    """The second at which the day `order` can be over, or None where it breaks a rule.

    Says the same as `time_day(...)` in one pass and without building anything. Engines call it thousands
    of times a plan; a property test holds the two together.
    """
    shift = day.shift
    if shift.max_visits is not None and len(order) > shift.max_visits:
        return None
    clock, here, driven = Clock.at_start(shift), shift.start_node, 0
    for index in order:
        stop = day.stops[index]
        travel = day.seconds[here][stop.node]
        clock = clock.drive(shift.lunch, travel).visit(stop)
        if clock.hungry is None and clock.fed is None:
            return None
        driven += travel or 0
        here = stop.node
    home = day.seconds[here][shift.end_node]
    if shift.max_driving is not None and driven + (home or 0) > shift.max_driving:
        return None
    over = clock.drive(shift.lunch, home).fed
    return over if over is not None and over <= shift.end else None


class Clock(NamedTuple):
    """The earliest time it can be: with lunch still to come, and with lunch taken. None is impossible.

    Two numbers are enough, because being earlier is never worse: what can be done later can be waited for.
    """

    hungry: int | None
    fed: int | None

    @classmethod
    def at_start(cls, shift: Shift) -> Self:
        """A shift without lunch starts fed."""
        return cls(shift.start, None) if shift.lunch else cls(None, shift.start)

    def drive(self, lunch: Lunch | None, travel: int | None) -> "Clock":
        """After a drive of `travel` seconds on which lunch may be taken."""
        if travel is None:
            return Clock(None, None)
        hungry, fed = self
        after_lunch = None if fed is None else fed + travel
        if hungry is None:
            return Clock(None, after_lunch)
        if lunch and hungry <= lunch.latest:
            eaten = max(hungry + travel, lunch.earliest) + lunch.seconds
            after_lunch = eaten if after_lunch is None else min(after_lunch, eaten)
        return Clock(hungry + travel, after_lunch)

    def visit(self, stop: Stop) -> "Clock":
        """After visiting `stop`, for which one is ready now."""
        hungry = None if self.hungry is None else stop.start_from(self.hungry)
        fed = None if self.fed is None else stop.start_from(self.fed)
        return Clock(
            None if hungry is None else hungry + stop.service, None if fed is None else fed + stop.service
        )


class _Walk:
    """One pass over an order with lunch on a given leg; late is noted, and the walk goes on."""

    def __init__(self, day: Day, order: Sequence[int], lunch_leg: int | None) -> None:
        self.day, self.shift, self.order, self.lunch_leg = day, day.shift, order, lunch_leg
        self.violations: list[Violation] = []
        self.meal: Meal | None = None

    def run(self) -> Itinerary:
        shift = self.shift
        self._count()
        visits: list[Visit] = []
        now, here = shift.start, shift.start_node
        for leg, index in enumerate(self.order):
            stop = self.day.stops[index]
            driving, metres = self._travel(here, stop.node, stop.key)
            leaves, arrives, ready = self._leg(leg, now, driving)
            start = stop.start_from(ready)
            if start is None:
                late = ready - stop.starts[-1].closes if stop.starts else 0
                self.violations.append(Violation(Broken.CLOSED, stop.key, late))
                start = ready
            visits.append(
                Visit(stop, leaves, driving, metres, arrives, start - ready, start, start + stop.service)
            )
            now, here = start + stop.service, stop.node
        driving, metres = self._travel(here, shift.end_node, None)
        _, returns, over = self._leg(len(self.order), now, driving)
        if over > shift.end:
            self.violations.append(Violation(Broken.OVERTIME, None, over - shift.end))
        at_the_wheel = sum(visit.driving for visit in visits) + driving
        if shift.max_driving is not None and at_the_wheel > shift.max_driving:
            self.violations.append(Violation(Broken.TOO_MUCH_DRIVING, None, at_the_wheel - shift.max_driving))
        visits, leaves = self._leave_late(visits)
        return Itinerary(
            tuple(visits), leaves, returns, over, driving, metres, self.meal, tuple(self.violations)
        )

    def _count(self) -> None:
        keys = [self.day.stops[index].key for index in self.order]
        seen: set[str] = set()
        for key in keys:
            if key in seen:
                self.violations.append(Violation(Broken.TWICE, key))
            seen.add(key)
        most = self.shift.max_visits
        if most is not None and len(keys) > most:
            self.violations.append(Violation(Broken.TOO_MANY, None, len(keys) - most))

    def _travel(self, a: int, b: int, key: str | None) -> tuple[int, int]:
        seconds = self.day.seconds[a][b]
        if seconds is None:
            self.violations.append(Violation(Broken.NO_ROAD, key))
            return 0, 0
        return seconds, (self.day.metres[a][b] or 0) if self.day.metres else 0

    def _leg(self, leg: int, now: int, driving: int) -> tuple[int, int, int]:
        """When the drive begins, when it ends, and when one is ready for what comes next.

        Lunch is eaten on arrival where the window allows, else before leaving, else on the way.
        """
        lunch = self.shift.lunch
        if lunch is None or leg != self.lunch_leg:
            return now, now + driving, now + driving
        if now > lunch.latest:
            self.violations.append(Violation(Broken.NO_LUNCH, None, now - lunch.latest))
        ready = max(now + driving, lunch.earliest) + lunch.seconds
        if now + driving <= lunch.latest:
            begin = max(now + driving, lunch.earliest)
            leaves, arrives = now, now + driving
        elif now >= lunch.earliest:
            begin = now
            leaves, arrives = now + lunch.seconds, ready
        else:
            begin = lunch.earliest
            leaves, arrives = now, ready
        self.meal = Meal(begin, begin + lunch.seconds, leg)
        return leaves, arrives, ready

    def _leave_late(self, visits: list[Visit]) -> tuple[list[Visit], int]:
        """Wait at home rather than at the first dealer's door."""
        if not visits:
            return visits, self.shift.start
        first = visits[0]
        if self.lunch_leg == 0 and self.meal:
            return visits, min(first.leaves, self.meal.starts)
        leaves = first.starts - first.driving
        visits[0] = replace(first, leaves=leaves, arrives=first.starts, waiting=0)
        return visits, leaves
