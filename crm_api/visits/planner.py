"""From stops that could be visited to a day that can be driven, and why everything else is not in it.

An engine proposes, this module disposes: whatever comes back is repaired until the exact timer passes
it, polished, and only then shown. Every stop left out is tried once more in the finished day, and what
that trial says is the reason given.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import replace as changed
from enum import StrEnum

from crm_api.visits.engines import Engine, merit
from crm_api.visits.engines.exact import MOST_STOPS, ExactEngine
from crm_api.visits.engines.insertion import InsertionEngine
from crm_api.visits.engines.moves import Slots, fill, polish
from crm_api.visits.engines.vroom import VroomEngine, available
from crm_api.visits.schedule import Broken, Day, Itinerary, Stop, earliest_end, time_day


class Why(StrEnum):
    """Why a stop is not in the plan."""

    NO_COORDINATES = "no_coordinates"
    CLOSED = "closed"  # not open at all that day
    SHORT_HOURS = "short_hours"  # open, but never as long as the visit takes
    OFF_SHIFT = "off_shift"  # open, but not when the rep could be there
    NO_ROAD = "no_road"
    TOO_FAR = "too_far"  # there and back does not fit into the shift
    WORTH_LESS = "worth_less"  # fits only in place of a visit worth at least as much
    NO_TIME = "no_time"  # fits neither beside nor in place of any one visit
    NOT_CONSIDERED = "not_considered"  # too many candidates: others are worth more for their distance


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A stop that is not in the plan; `instead_of` is the visit it would have pushed out."""

    key: str
    why: Why
    instead_of: str | None = None


@dataclass(frozen=True)
class DayPlan:
    """A day that passed the exact timer, and the reason for every stop that is not in it."""

    itinerary: Itinerary
    left_out: tuple[LeftOut, ...]
    engine: str


def default_engine() -> Engine:
    """VROOM where pyvroom is installed, else the pure-Python engine."""
    return VroomEngine() if available() else InsertionEngine()


def plan(day: Day, engine: Engine | None = None) -> DayPlan:
    """The best day an engine finds among `day.stops`: must-see first, most value, least driving.

    Up to eight possible stops are planned exactly. The plan always passes the timer; a must-see stop
    that cannot be visited at all is left out with its reason. Same day, same plan.
    """
    open_today = tuple(stop for stop in day.stops if stop.starts)
    within = changed(day, stops=open_today)
    chosen = engine or (ExactEngine() if len(open_today) <= MOST_STOPS else default_engine())
    return _finish(day, within, settle(within, chosen.order(within)), chosen.name)


def replan(day: Day, made: DayPlan, *, adding: bool) -> DayPlan:
    """The plan `made` with the travel times of `day`: what does not fit any more is dropped.

    With `adding`, room that has become free is filled. The order is kept as far as it holds.
    """
    open_today = tuple(stop for stop in day.stops if stop.starts)
    within = changed(day, stops=open_today)
    where = {stop.key: index for index, stop in enumerate(open_today)}
    order = repair(within, [where[visit.stop.key] for visit in made.itinerary.visits])
    if adding:
        order = fill(within, order, range(len(open_today)))
    return _finish(day, within, order, made.engine)


def path(day: Day, made: DayPlan) -> list[int]:
    """The places of a plan in their order, start and end included, as rows of the travel matrix."""
    return [day.shift.start_node, *(visit.stop.node for visit in made.itinerary.visits), day.shift.end_node]


def on_roads(day: Day, known: Mapping[tuple[int, int], tuple[int | None, int | None]]) -> Day:
    """The day with the seconds and metres of some drives replaced by better ones."""
    seconds, metres = [list(row) for row in day.seconds], [list(row) for row in day.metres]
    for (a, b), (taken, length) in known.items():
        seconds[a][b] = taken
        if metres:
            metres[a][b] = length
    return changed(day, seconds=seconds, metres=metres)


def _finish(day: Day, within: Day, order: Sequence[int], engine: str) -> DayPlan:
    """Time an order of the stops that open, and say why each other stop of the day is out."""
    left_out = {stop.key: LeftOut(stop.key, _closed(stop)) for stop in day.stops if not stop.starts}
    left_out |= {item.key: item for item in _explain(within, order)}
    return DayPlan(
        itinerary=time_day(within, order),
        left_out=tuple(left_out[stop.key] for stop in day.stops if stop.key in left_out),
        engine=engine,
    )


def settle(day: Day, order: Sequence[int]) -> list[int]:
    """Make an order valid, see that no must-see stop was lost to an optional one, and polish it."""
    route = polish(day, repair(day, order))
    musts = [index for index, stop in enumerate(day.stops) if stop.must]
    if all(index in set(route) for index in musts):
        return route
    only_musts = changed(day, stops=tuple(day.stops[index] for index in musts))
    engine: Engine = ExactEngine() if len(musts) <= MOST_STOPS else InsertionEngine()
    forced = [musts[position] for position in engine.order(only_musts)]
    rebuilt = polish(day, fill(day, forced, route))
    return max(route, rebuilt, key=lambda candidate: merit(day, candidate))


def repair(day: Day, order: Sequence[int]) -> list[int]:
    """Drop the least valuable visits of an order until it breaks no rule; must-see ones go last."""
    route = list(dict.fromkeys(index for index in order if 0 <= index < len(day.stops)))
    while route and earliest_end(day, route) is None:
        route.remove(min(route, key=lambda index: (day.stops[index].must, day.stops[index].value, index)))
    return route


def _closed(stop: Stop) -> Why:
    return Why.SHORT_HOURS if stop.windows else Why.CLOSED


def _explain(day: Day, order: Sequence[int]) -> list[LeftOut]:
    """Try every stop that is out in the finished day: in place of each visit, then on a day of its own."""
    out = [index for index in range(len(day.stops)) if index not in set(order)]
    cheapest_first = sorted(order, key=lambda i: (day.stops[i].must, day.stops[i].value, i))
    without = [(dropped, Slots(day, [i for i in order if i != dropped])) for dropped in cheapest_first]
    reasons = []
    for index in out:
        stop = day.stops[index]
        victim = next((dropped for dropped, slots in without if slots.best(stop)), None)
        if victim is not None:
            reasons.append(LeftOut(stop.key, Why.WORTH_LESS, instead_of=day.stops[victim].key))
        else:
            reasons.append(LeftOut(stop.key, _impossible_alone(day, index) or Why.NO_TIME))
    return reasons


def _impossible_alone(day: Day, index: int) -> Why | None:
    """Why a stop could not be visited even on a day of its own, or None where it could."""
    broken = {violation.rule for violation in time_day(day, (index,)).violations}
    if not broken:
        return None
    if Broken.NO_ROAD in broken:
        return Why.NO_ROAD
    if Broken.TOO_MANY in broken:
        return Why.NO_TIME
    stop = day.stops[index]
    open_in_shift = any(
        window.opens + stop.service <= day.shift.end and window.closes >= day.shift.start
        for window in stop.starts
    )
    return Why.TOO_FAR if open_in_shift else Why.OFF_SHIFT
