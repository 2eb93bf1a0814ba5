"""From calls that could be made to days that can be driven, and why everything else is not in them.

An engine proposes, this module disposes: whatever comes back is repaired until the exact timer passes
it, improved, and only then shown. Every call left out is tried once more in the finished days, and what
that trial says is the reason given (`reasons`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import replace as changed
from importlib.util import find_spec

from crm_api.visits.engines import Engine, pyvrp, week_merit
from crm_api.visits.engines.exact import MOST_STOPS, ExactEngine
from crm_api.visits.engines.insertion import InsertionEngine
from crm_api.visits.engines.moves import fill, polish_week
from crm_api.visits.engines.vroom import VroomEngine, available
from crm_api.visits.horizon import Horizon, Orders, Week, check
from crm_api.visits.reasons import LeftOut, Why, explain
from crm_api.visits.schedule import Day, Itinerary, earliest_end

__all__ = ["DayPlan", "LeftOut", "WeekPlan", "Why", "plan", "plan_week"]

ROUNDS_A_TOUR, MOST_ROUNDS = 40, 200  # of the search after the engine; one costs a millisecond or two


@dataclass(frozen=True)
class WeekPlan:
    """Days that passed the exact check, and the reason for every call that is on none of them."""

    week: Week
    orders: Orders
    left_out: tuple[LeftOut, ...]
    engine: str


@dataclass(frozen=True)
class DayPlan:
    """A day that passed the exact timer, and the reason for every stop that is not in it."""

    itinerary: Itinerary
    left_out: tuple[LeftOut, ...]
    engine: str


def default_engine(horizon: Horizon) -> Engine:
    """A handful of calls exactly, else VROOM where pyvroom is installed, else the pure-Python engine."""
    if len(horizon.tours) == 1 and sum(stop.starts != () for stop in horizon.day(0).stops) <= MOST_STOPS:
        return ExactEngine()
    return VroomEngine() if available() else InsertionEngine()


def plan(day: Day, engine: Engine | None = None, *, rounds: int | None = None) -> DayPlan:
    """One day on its own, planned as `plan_week` plans several."""
    made = plan_week(Horizon.of(day), engine, rounds=rounds)
    return DayPlan(made.week.itineraries[0], made.left_out, made.engine)


def plan_week(horizon: Horizon, engine: Engine | None = None, *, rounds: int | None = None) -> WeekPlan:
    """The best days an engine and a search find: must-see calls first, most value, least driving.

    Up to eight possible calls of a single day are planned exactly. What is returned always passes `check`; a
    must-see call that cannot be made at all is left out with its reason. Same horizon, same plan. `rounds` are those
    of the search; more never give less.
    """
    open_ = [index for index, call in enumerate(horizon.calls) if any(s and s.starts for s in call.stops)]
    within = horizon
    if len(open_) < len(horizon.calls):
        within = changed(horizon, calls=tuple(horizon.calls[index] for index in open_))
    chosen = engine or default_engine(within)
    proposed = repair_week(within, chosen.propose(within))
    if not isinstance(chosen, ExactEngine):
        if rounds is None:
            rounds = min(MOST_ROUNDS, ROUNDS_A_TOUR * len(within.tours))
        proposed = settle(within, second_opinion(within, proposed), rounds)
    return finish(horizon, [[open_[index] for index in order] for order in proposed], chosen.name)


def finish(horizon: Horizon, orders: Orders, engine: str) -> WeekPlan:
    """Check orders, and say why each other call is out."""
    return WeekPlan(check(horizon, orders), orders, explain(horizon, orders), engine)


def replan(day: Day, made: DayPlan, *, adding: bool) -> DayPlan:
    """The plan `made` with the travel times of `day`: what does not fit any more is dropped.

    With `adding`, room that has become free is filled. The order is kept as far as it holds.
    """
    where = {stop.key: index for index, stop in enumerate(day.stops)}
    order = repair(day, [where[visit.stop.key] for visit in made.itinerary.visits])
    if adding:
        order = fill(day, order, range(len(day.stops)))
    again = finish(Horizon.of(day), [order], made.engine)
    return DayPlan(again.week.itineraries[0], again.left_out, again.engine)


def path(day: Day, made: DayPlan) -> list[int]:
    """The places of a plan in their order, start and end included, as rows of the travel matrix."""
    return [day.shift.start_node, *(visit.stop.node for visit in made.itinerary.visits), day.shift.end_node]


def only_planned(day: Day, made: DayPlan) -> Day:
    """The day with nothing but the stops that are planned on it: what is out may be planned on another."""
    planned = {visit.stop.key for visit in made.itinerary.visits}
    return changed(day, stops=tuple(stop for stop in day.stops if stop.key in planned))


def on_roads(day: Day, known: Mapping[tuple[int, int], tuple[int | None, int | None]]) -> Day:
    """The day with the seconds and metres of some drives replaced by better ones."""
    seconds, metres = [list(row) for row in day.seconds], [list(row) for row in day.metres]
    for (a, b), (taken, length) in known.items():
        seconds[a][b] = taken
        if metres:
            metres[a][b] = length
    return changed(day, seconds=seconds, metres=metres)


def second_opinion(horizon: Horizon, orders: Orders) -> Orders:
    """What PyVRP makes of valid orders, where it is installed and no day has lunch; never worse ones."""
    if not (pyvrp.available() and pyvrp.suits(horizon)):
        return orders
    found = repair_week(horizon, pyvrp.PyvrpEngine(start=orders).propose(horizon))
    return max(orders, found, key=lambda candidate: week_merit(horizon, candidate))


def settle(horizon: Horizon, orders: Orders, rounds: int) -> Orders:
    """Improve valid orders, and see that no must-see call was lost to an optional one."""
    better = improve(horizon, orders, rounds)
    musts = [index for index, call in enumerate(horizon.calls) if call.must]
    made = {index for order in better for index in order}
    if made.issuperset(musts):
        return better
    only = changed(horizon, calls=tuple(horizon.calls[index] for index in musts))
    engine = default_engine(only)
    if not isinstance(engine, ExactEngine):
        engine = InsertionEngine()
    first = repair_week(only, engine.propose(only))
    forced = improve(horizon, [[musts[index] for index in order] for order in first], rounds // 2)
    return max(better, forced, key=lambda candidate: week_merit(horizon, candidate))


def improve(horizon: Horizon, orders: Orders, rounds: int) -> Orders:
    """Search from valid orders and polish what is found; without NumPy they are polished alone."""
    if find_spec("numpy") is None:
        return polish_week(horizon, orders)
    from crm_api.visits.engines.search import improve as search

    return search(horizon, orders, rounds=rounds)


def repair_week(horizon: Horizon, orders: Sequence[Sequence[int]]) -> Orders:
    """Keep the first of what is planned twice or too soon after another visit, then repair each tour."""
    held: dict[int, int] = {}
    kept: Orders = [[] for _ in horizon.tours]
    for tour, order in enumerate(orders):
        for index in order:
            if (
                index in held
                or not 0 <= index < len(horizon.calls)
                or horizon.calls[index].stops[tour] is None
            ):
                continue
            others = [(other, held[other]) for other in horizon.siblings(index) if other in held]
            if all(horizon.apart(index, tour, other, at) for other, at in others):
                held[index] = tour
                kept[tour].append(index)
    return [repair(horizon.day(tour), order) for tour, order in enumerate(kept)]


def repair(day: Day, order: Sequence[int]) -> list[int]:
    """Drop the least valuable visits of an order until it breaks no rule; must-see ones go last."""
    route = list(dict.fromkeys(index for index in order if 0 <= index < len(day.stops)))
    while route and earliest_end(day, route) is None:
        route.remove(min(route, key=lambda index: (day.stops[index].must, day.stops[index].value, index)))
    return route
