"""Travel times from the first service that answers."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from crm_api.ports import Coordinates, Diagnosis, Diagnostics, PortFailure, TravelMatrix, TravelTimes


class FirstThatAnswers:
    """`TravelTimes` by `better`, and while that fails by `always`, which says so in its note."""

    def __init__(self, better: TravelTimes, always: TravelTimes, *, asked: Diagnostics | None = None) -> None:
        self._better, self._always, self._asked = better, always, asked

    async def matrix(
        self,
        origins: Sequence[Coordinates],
        destinations: Sequence[Coordinates],
        *,
        departure: datetime | None = None,
    ) -> TravelMatrix:
        """Raises what `always` raises."""
        try:
            return await self._better.matrix(origins, destinations, departure=departure)
        except PortFailure as failure:
            found = await self._always.matrix(origins, destinations, departure=departure)
            return replace(found, note=f"Travel times are estimated: {failure.reason}")

    async def diagnose(self) -> list[Diagnosis]:
        """What the better service says of itself."""
        return await self._asked.diagnose() if self._asked else []
