"""Travel times without a network: the great circle, a road factor and a speed profile.

Roads are longer than the crow's flight: measured factors for whole countries lie between 1.2 and 1.4
(Ballou, Rahardja and Sakai, Transportation Research A 36, 2002; Boscoe, Henry and Zdeb, The
Professional Geographer 64, 2012), and 1.3 is taken here.

The speed profile is our own assumption, on the careful side: the first stretches of a drive lead
through streets, the next over ordinary roads, and only what is left over highways. Time never falls
as distance grows, and both ways take as long.
"""

import math
from collections.abc import Sequence
from datetime import datetime

from crm_api.ports import Coordinates, TravelMatrix

ROAD_FACTOR = 1.3
SPEEDS = (  # metres of a drive that are driven at metres per second, in this order
    (4_000.0, 30 / 3.6),
    (20_000.0, 60 / 3.6),
    (math.inf, 90 / 3.6),
)


class GreatCircleTravelTimes:
    """`TravelTimes` by estimate; needs nothing and never fails. The hour of departure plays no part."""

    async def matrix(
        self,
        origins: Sequence[Coordinates],
        destinations: Sequence[Coordinates],
        *,
        departure: datetime | None = None,
    ) -> TravelMatrix:
        metres = [[road_metres(a, b) for b in destinations] for a in origins]
        return TravelMatrix(
            seconds=[[math.ceil(driving_seconds(cell)) for cell in row] for row in metres],
            metres=[[round(cell) for cell in row] for row in metres],
            source="great circle",
            is_estimate=True,
        )


def road_metres(a: Coordinates, b: Coordinates) -> float:
    """Metres by road, estimated."""
    return a.metres_to(b) * ROAD_FACTOR


def driving_seconds(metres: float) -> float:
    """Seconds that `metres` of road take, by the speed profile."""
    seconds, left = 0.0, metres
    for stretch, speed in SPEEDS:
        part = min(left, stretch)
        seconds += part / speed
        left -= part
    return seconds
