"""Ours and the solvers alone, each given the same horizon and the same CPU seconds, one thread."""

import math
import time
from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from itertools import pairwise
from typing import Any

from crm_api.visits.engines import pyvrp, vroom, week_merit
from crm_api.visits.engines.insertion import InsertionEngine
from crm_api.visits.engines.search import Search
from crm_api.visits.horizon import Horizon, Orders
from crm_api.visits.planner import repair_week

Planner = Callable[[Horizon, float], Orders]
LEVELS = {1.0: 0, 3.0: 3, 10.0: 5}  # VROOM has no clock: the level that takes about as long
NO_ROAD = 10_000_000
SHARE = 0.4  # of the time, for PyVRP before our own search
SHARE_OF_MUSTS = (
    0.9  # where every call has to be made, driving is all that is left, and PyVRP is better at it
)


class CpuTime:
    """PyVRP's stopping criterion, in seconds of this process."""

    def __init__(self, seconds: float) -> None:
        self._ends = time.process_time() + seconds
        self._all = seconds

    def __call__(self, best_cost: float) -> bool:
        return time.process_time() >= self._ends

    def fraction_remaining(self) -> float | None:
        return max(0.0, (self._ends - time.process_time()) / self._all)


def ours(horizon: Horizon, seconds: float) -> Orders:
    """The planner's own way, by the clock: a proposal, PyVRP's opinion where it has one, the search, the polish."""
    began = time.process_time()

    def left() -> float:
        return seconds - (time.process_time() - began)

    orders = repair_week(
        horizon, (vroom.VroomEngine(1) if vroom.available() else InsertionEngine()).propose(horizon)
    )
    all_musts = all(call.must for call in horizon.calls)
    if pyvrp.available() and pyvrp.suits(horizon) and left() > 0:
        share = SHARE_OF_MUSTS if all_musts else SHARE
        found = pyvrp.PyvrpEngine(start=orders).run(horizon, CpuTime(share * left()))
        orders = max(orders, repair_week(horizon, found), key=lambda one: week_merit(horizon, one))
    search = Search(horizon, orders)
    search.run(10**9, more=lambda: left() > 0)
    return search.polish()


def bare_vroom(horizon: Horizon, seconds: float) -> Orders:
    """VROOM alone, at the level that goes with the time."""
    level = LEVELS.get(seconds, 5 if seconds > 3 else 0)
    return vroom.VroomEngine(level).propose(horizon)


def bare_pyvrp(horizon: Horizon, seconds: float) -> Orders:
    """PyVRP alone; it plans no lunch, so each day is shorter by it and the check tells what that is worth."""
    return pyvrp.PyvrpEngine().run(_without_lunch(horizon), CpuTime(seconds))


def bare_ortools(horizon: Horizon, seconds: float) -> Orders:
    """OR-Tools' routing: parallel cheapest insertion, then guided local search, with its own breaks for lunch."""
    from ortools.constraint_solver import pywrapcp, routing_enums_pb2

    deadline = time.process_time() + seconds
    model, manager, index_of = _ortools(pywrapcp, horizon)
    parameters = pywrapcp.DefaultRoutingSearchParameters()
    parameters.first_solution_strategy = routing_enums_pb2.FirstSolutionStrategy.PARALLEL_CHEAPEST_INSERTION
    parameters.local_search_metaheuristic = routing_enums_pb2.LocalSearchMetaheuristic.GUIDED_LOCAL_SEARCH
    parameters.time_limit.FromSeconds(math.ceil(4 * seconds))  # of the wall; the limit below is what counts
    model.AddSearchMonitor(model.solver().CustomLimit(lambda: time.process_time() >= deadline))
    solution = model.SolveWithParameters(parameters)
    orders: Orders = [[] for _ in horizon.tours]
    if solution is None:
        return orders
    for tour, order in enumerate(orders):
        at = solution.Value(model.NextVar(model.Start(tour)))
        while not model.IsEnd(at):
            order.append(index_of[manager.IndexToNode(at)])
            at = solution.Value(model.NextVar(at))
    return orders


def _ortools(pywrapcp: Any, horizon: Horizon) -> tuple[Any, Any, dict[int, int]]:
    """A node a call, and two a tour: where it starts and where it ends."""
    calls, tours = len(horizon.calls), len(horizon.tours)
    rows = [next((s.node for s in call.stops if s), 0) for call in horizon.calls]
    starts, ends = [], []
    for tour in horizon.tours:
        starts.append(len(rows))
        rows.append(tour.shift.start_node)
        ends.append(len(rows))
        rows.append(tour.shift.end_node)
    manager = pywrapcp.RoutingIndexManager(len(rows), tours, starts, ends)
    model = pywrapcp.RoutingModel(manager)
    seconds = [
        [NO_ROAD if horizon.seconds[a][b] is None else horizon.seconds[a][b] for b in rows] for a in rows
    ]
    service = [next((s.service for s in call.stops if s), 0) for call in horizon.calls] + [0] * (2 * tours)
    drive = model.RegisterTransitMatrix(seconds)
    whole = model.RegisterTransitMatrix(
        [[service[a] + cell for cell in row] for a, row in enumerate(seconds)]
    )
    model.SetArcCostEvaluatorOfAllVehicles(drive)
    latest = max(tour.shift.end for tour in horizon.tours)
    model.AddDimension(whole, latest, latest, False, "time")
    dimension = model.GetDimensionOrDie("time")
    legs = [cell for row in horizon.seconds for cell in row if cell]
    point = max(1, 5 * sum(legs) // max(1, len(legs)))
    for index in range(calls):
        _node(model, manager, dimension, horizon, index, point)
    for number, tour in enumerate(horizon.tours):
        dimension.CumulVar(model.Start(number)).SetRange(tour.shift.start, tour.shift.end)
        dimension.CumulVar(model.End(number)).SetRange(tour.shift.start, tour.shift.end)
        lunch = tour.shift.lunch
        if lunch is not None:
            pause = model.solver().FixedDurationIntervalVar(
                lunch.earliest, lunch.latest, lunch.seconds, False, "lunch"
            )
            visits = [service[manager.IndexToNode(i)] if i < model.Size() else 0 for i in range(model.Size())]
            dimension.SetBreakIntervalsOfVehicle([pause], number, visits)
    return model, manager, {index: index for index in range(calls)}


def _node(model: Any, manager: Any, dimension: Any, horizon: Horizon, index: int, point: int) -> None:
    call = horizon.calls[index]
    node = manager.NodeToIndex(index)
    stop = next((s for s in call.stops if s is not None and s.starts), None)
    allowed = [
        tour
        for tour, s in enumerate(call.stops)
        if s is not None and s.starts and stop and s.starts == stop.starts
    ]
    model.AddDisjunction([node], 10**9 if call.must else call.value * point)
    if stop is None or not allowed:
        model.solver().Add(model.ActiveVar(node) == 0)
        return
    starts = stop.starts
    dimension.CumulVar(node).SetRange(starts[0].opens, starts[-1].closes)
    for before, after in pairwise(starts):
        dimension.CumulVar(node).RemoveInterval(before.closes + 1, after.opens - 1)
    if len(allowed) < len(horizon.tours):
        model.VehicleVar(node).SetValues([-1, *allowed])


def _without_lunch(horizon: Horizon) -> Horizon:
    tours = tuple(
        replace(tour, shift=replace(tour.shift, lunch=None, end=tour.shift.end - tour.shift.lunch_seconds))
        for tour in horizon.tours
    )
    return Horizon(tours, horizon.calls, horizon.seconds, horizon.metres)


PLANNERS: dict[str, Planner] = {"ours": ours}
if vroom.available():
    PLANNERS["VROOM"] = bare_vroom
if pyvrp.available():
    PLANNERS["PyVRP"] = bare_pyvrp
if find_spec("ortools") is not None:
    PLANNERS["OR-Tools"] = bare_ortools
