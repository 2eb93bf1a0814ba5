"""The engine that needs nothing installed: cheapest insertion, then 2-opt, or-opt and exchanges."""

from crm_api.visits.engines.moves import Slots, free_for, polish_week
from crm_api.visits.horizon import Horizon, Orders


class InsertionEngine:
    """Fills the tours greedily by value for time, and polishes them. Pure Python."""

    name = "insertion"

    def propose(self, horizon: Horizon) -> Orders:
        return polish_week(horizon, self._filled(horizon))

    @staticmethod
    def _filled(horizon: Horizon) -> Orders:
        """Each time the call that is worth most for its time on any tour; only the tour it joins is looked at anew."""
        orders: Orders = [[] for _ in horizon.tours]
        offers: dict[int, dict[int, tuple[tuple[bool, float, int], int]]] = {}
        stale = set(range(len(orders)))
        while True:
            for tour in stale:
                offers[tour] = _offers(horizon, orders, tour)
            choices = [
                (rank, tour, index, at) for tour, of in offers.items() for index, (rank, at) in of.items()
            ]
            if not choices:
                return orders
            _, tour, index, at = max(choices, key=lambda choice: (choice[0], -choice[1]))
            orders[tour].insert(at, index)
            for of in offers.values():
                of.pop(index, None)
            # A second visit to a dealer depends on where the first one is.
            stale = set(range(len(orders))) if horizon.siblings(index) else {tour}


def _offers(horizon: Horizon, orders: Orders, tour: int) -> dict[int, tuple[tuple[bool, float, int], int]]:
    slots = Slots(horizon.day(tour), orders[tour])
    found = {}
    for index in free_for(horizon, orders, tour):
        stop = slots.day.stops[index]
        place = slots.best(stop)
        if place is not None:
            found[index] = (stop.must, stop.value / (place[0] + stop.service + 1), -index), place[1]
    return found
