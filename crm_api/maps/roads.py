"""The exact roads of one day, asked for a drive at a time and within a budget.

A week of five days stays within ten cents: each day may cost two. What is still unknown then keeps the free estimate.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import pairwise

from crm_api.ports import Coordinates, RoadTimes

DAY_MICROS = 20_000  # millionths of a US dollar a planned day may cost
Known = Mapping[tuple[int, int], tuple[int | None, int | None]]


class DayRoads:
    """What is known of the roads between `points`, the rows of a day's travel matrix."""

    def __init__(
        self,
        roads: RoadTimes,
        points: Sequence[Coordinates],
        *,
        departure: datetime | None = None,
        budget: int = DAY_MICROS,
    ) -> None:
        self._roads, self._points, self._departure, self._left = roads, points, departure, budget
        self._known: dict[tuple[int, int], tuple[int | None, int | None]] = {}
        self.source = ""

    @property
    def known(self) -> Known:
        """Seconds and metres by pair of rows; None where no road leads."""
        return self._known

    def unknown(self, path: Sequence[int]) -> int:
        """How many legs of a path (rows in the order they are driven) have not been asked for yet."""
        return sum(leg not in self._known for leg in pairwise(path))

    async def learn(self, path: Sequence[int]) -> bool:
        """Ask for a whole path; False, and nothing is asked, where that would go past the day's budget.

        Raises PortFailure.
        """
        price = self._roads.price(len(path))
        if price > self._left:
            return False
        self._left -= price
        drive = await self._roads.drive([self._points[row] for row in path], departure=self._departure)
        self.source = drive.source
        for leg, found in zip(pairwise(path), drive.legs, strict=True):
            self._known[leg] = found.seconds, found.metres
        return True
