"""The second engine: PyVRP (MIT), for days without lunch, from scratch or from orders that are to be improved.

It searches far longer than VROOM and finds the better tours where every call has to be made. It knows no break, so
days with lunch are not its business. Seeded and stopped by iterations: the same horizon gives the same orders.
"""

import warnings
from collections import defaultdict
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from crm_api.visits.horizon import Horizon, Orders
from crm_api.visits.schedule import Shift, Stop, time_day

NO_ROAD = 10_000_000  # seconds; PyVRP takes it for a road that no route can afford
SEED = 20_261_121
ITERATIONS = 2_000
LEGS_A_POINT = (
    5  # an average drive is worth so many points of value: a little more value beats a little less driving
)


def available() -> bool:
    """Whether PyVRP is installed; does not import it."""
    return find_spec("pyvrp") is not None


def suits(horizon: Horizon) -> bool:
    """Whether no day has lunch: PyVRP knows no breaks."""
    return all(tour.shift.lunch is None for tour in horizon.tours)


class PyvrpEngine:
    """One vehicle a tour, a group of clients for a call with several opening windows."""

    name = "pyvrp"

    def __init__(
        self, *, iterations: int = ITERATIONS, seed: int = SEED, start: Orders | None = None
    ) -> None:
        self.iterations, self.seed, self.start = iterations, seed, start

    def propose(self, horizon: Horizon) -> Orders:
        """Raises ImportError where PyVRP is not installed, ValueError for days with lunch."""
        if not suits(horizon):
            raise ValueError("PyVRP plans no lunch")
        return self.run(horizon, import_module("pyvrp.stop").MaxIterations(self.iterations))

    def run(self, horizon: Horizon, stop: Any) -> Orders:
        """Search until PyVRP's own stopping criterion says so."""
        orders: Orders = [[] for _ in horizon.tours]
        model = _Model(horizon)
        if not model.owner:
            return orders
        pyvrp = import_module("pyvrp")
        # It warns where a call is hard to make; here such a call is left out with its reason.
        for of_its_own in ("PenaltyBoundWarning", "ScalingWarning"):
            warnings.filterwarnings("ignore", category=getattr(import_module("pyvrp.exceptions"), of_its_own))
        data = model.data(pyvrp)
        first = None if self.start is None else model.solution(pyvrp, data, self.start)
        result = pyvrp.solve(
            data, stop, seed=self.seed, collect_stats=False, display=False, initial_solution=first
        )
        free = {type_: list(tours) for type_, tours in enumerate(model.types)}
        for route in result.best.routes():
            tour = free[route.vehicle_type()].pop(0)
            orders[tour] = [model.owner[activity.idx] for activity in route if activity.is_client()]
        return orders


class _Model:
    """A horizon in PyVRP's words: clients (one a window), and vehicle types (one for all tours that are alike)."""

    def __init__(self, horizon: Horizon) -> None:
        self.horizon = horizon
        self.owner: list[int] = []  # client -> call
        self.windows: list[tuple[Stop, int, int]] = []
        self.groups: list[tuple[int, list[int]]] = []
        allowed: list[frozenset[int]] = []
        for index, call in enumerate(horizon.calls):
            stop = next((s for s in call.stops if s is not None and s.starts), None)
            tours = frozenset(t for t, s in enumerate(call.stops) if stop and s and s.starts == stop.starts)
            allowed.append(tours)
            if stop is None:
                continue
            clients = range(len(self.owner), len(self.owner) + len(stop.starts))
            self.owner += [index] * len(stop.starts)
            self.windows += [(stop, window.opens, window.closes) for window in stop.starts]
            if len(clients) > 1:
                self.groups.append((index, list(clients)))
        alike: dict[tuple[Shift, frozenset[int]], list[int]] = defaultdict(list)
        for tour in range(len(horizon.tours)):
            barred = frozenset(i for i, tours in enumerate(allowed) if tours and tour not in tours)
            alike[horizon.tours[tour].shift, barred].append(tour)
        self.types = list(alike.values())
        self.kinds = list(alike)
        legs = [cell for row in horizon.seconds for cell in row if cell]
        self.point = max(1, LEGS_A_POINT * sum(legs) // max(1, len(legs)))

    def data(self, pyvrp: Any) -> Any:
        """The problem as PyVRP takes it; distances are seconds, so that what is minimised is driving."""
        import numpy as np

        horizon = self.horizon
        base = np.array([[NO_ROAD if cell is None else cell for cell in row] for row in horizon.seconds])
        grouped = {client: number for number, (_, clients) in enumerate(self.groups) for client in clients}
        limited = any(shift.max_visits is not None for shift, _ in self.kinds)
        clients = [
            pyvrp.Client(
                location=stop.node,
                delivery=[1] if limited else [],
                service_duration=stop.service,
                tw_early=opens,
                tw_late=closes,
                prize=horizon.calls[self.owner[client]].value * self.point,
                required=client not in grouped and horizon.calls[self.owner[client]].must,
                group=grouped.get(client),
            )
            for client, (stop, opens, closes) in enumerate(self.windows)
        ]
        ends = sorted({node for shift, _ in self.kinds for node in (shift.start_node, shift.end_node)})
        matrices, types = [], []
        for profile, (shift, barred) in enumerate(self.kinds):
            matrix = base.copy()
            nodes = sorted({s.node for i in barred for s in horizon.calls[i].stops if s})
            matrix[:, nodes] = matrix[nodes, :] = NO_ROAD
            np.fill_diagonal(matrix, 0)
            matrices.append(matrix)
            types.append(self._type(pyvrp, profile, shift, ends, limited))
        return pyvrp.ProblemData(
            locations=[pyvrp.Location(0, 0) for _ in range(len(base))],
            clients=clients,
            depots=[pyvrp.Depot(location=node) for node in ends],
            vehicle_types=types,
            distance_matrices=matrices,
            duration_matrices=matrices,
            groups=[pyvrp.ClientGroup(c, required=horizon.calls[i].must) for i, c in self.groups],
        )

    def _type(self, pyvrp: Any, profile: int, shift: Shift, ends: Sequence[int], limited: bool) -> Any:
        limits: dict[str, Any] = {}
        if limited:
            limits["capacity"] = [len(self.windows) if shift.max_visits is None else shift.max_visits]
        if shift.max_driving is not None:
            limits["max_distance"] = shift.max_driving
        return pyvrp.VehicleType(
            num_available=len(self.types[profile]),
            start_depot=ends.index(shift.start_node),
            end_depot=ends.index(shift.end_node),
            tw_early=shift.start,
            tw_late=shift.end,
            profile=profile,
            **limits,
        )

    def solution(self, pyvrp: Any, data: Any, orders: Orders) -> Any:
        """Orders as PyVRP's first solution: of a call with several windows, the one it is made in."""
        routes = []
        for type_, tours in enumerate(self.types):
            for tour in tours:
                timed = time_day(self.horizon.day(tour), orders[tour]).visits
                clients = [
                    next(
                        client
                        for client, (_, opens, closes) in enumerate(self.windows)
                        if self.owner[client] == index and opens <= visit.starts <= closes
                    )
                    for index, visit in zip(orders[tour], timed, strict=True)
                ]
                if clients:
                    routes.append(pyvrp.Route(data, clients, type_))
        return pyvrp.Solution(data, routes)
