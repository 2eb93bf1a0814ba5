"""Engines propose which calls to make on which tour, in which order; the planner checks and repairs what they
propose, and improves it.

All of them want the same thing, in this order: every must-see stop, the most value, the least driving.
"""

from collections.abc import Sequence
from typing import Protocol

from crm_api.visits.horizon import Horizon, Orders
from crm_api.visits.schedule import Day


class Engine(Protocol):
    """Proposes a week. The same horizon gives the same orders, on every run and machine."""

    name: str

    def propose(self, horizon: Horizon) -> Orders:
        """For each tour, indices into `horizon.calls` in the order of their visits; may leave calls out."""
        ...


def driving(day: Day, order: Sequence[int]) -> int:
    """Seconds at the wheel, from the day's start place to its end place; every road must exist."""
    here, total = day.shift.start_node, 0
    for index in order:
        node = day.stops[index].node
        total += day.seconds[here][node] or 0
        here = node
    return total + (day.seconds[here][day.shift.end_node] or 0)


def merit(day: Day, order: Sequence[int]) -> tuple[int, int, int]:
    """What engines maximise, compared left to right: must-see stops, value, and less driving."""
    stops = [day.stops[index] for index in order]
    return sum(s.must for s in stops), sum(s.value for s in stops), -driving(day, order)


def week_merit(horizon: Horizon, orders: Orders) -> tuple[int, int, int]:
    """The same of a whole week."""
    made = [horizon.calls[index] for order in orders for index in order]
    drive = sum(driving(horizon.day(tour), order) for tour, order in enumerate(orders))
    return sum(call.must for call in made), sum(call.value for call in made), -drive
