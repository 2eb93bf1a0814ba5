"""The engine that needs nothing installed: cheapest insertion, then 2-opt, or-opt and exchanges."""

from crm_api.visits.engines.moves import polish
from crm_api.visits.schedule import Day


class InsertionEngine:
    """Fills the day greedily by value for time, and polishes it. Pure Python."""

    name = "insertion"

    def order(self, day: Day) -> list[int]:
        return polish(day, [])
