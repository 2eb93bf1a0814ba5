"""Driving times from Google's legacy Distance Matrix, through the `googlemaps` package.

For projects that have had it all along: since October 2026 new ones cannot enable it, so it is never the
default. At most 25 places on a side and 100 elements a request, each element billed
(developers.google.com/maps/documentation/distance-matrix/usage-and-billing).
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

import googlemaps
from googlemaps.exceptions import ApiError, HTTPError, Timeout, TransportError
from pydantic import SecretStr

from crm_api.ports import (
    Coordinates,
    Drive,
    Leg,
    PaidCall,
    PermanentFailure,
    SpendMeter,
    TemporaryFailure,
    TravelMatrix,
)
from integrations.google_maps.geocoding import CONNECT_TIMEOUT, READ_TIMEOUT, RETRY_TIMEOUT, TIME_LIMIT
from integrations.google_maps.wire import Block, blocks

BASE_URL = "https://maps.googleapis.com"
MOST_ELEMENTS, MOST_PLACES = 100, 25
MICROS = 5_000  # list price of one element, in millionths of a US dollar
SOURCE = "Google Distance Matrix"
ADVICE = {
    "REQUEST_DENIED": "Enable the Distance Matrix API for this key; new projects take the Routes API instead.",
    "OVER_DAILY_LIMIT": "Check the key, billing and the spending cap of the project.",
}
_PASSING = frozenset({"OVER_QUERY_LIMIT", "UNKNOWN_ERROR"})
_NO_ROAD = frozenset({"ZERO_RESULTS", "NOT_FOUND", "MAX_ROUTE_LENGTH_EXCEEDED"})


class GoogleDistanceMatrix:
    """`TravelTimes` and `RoadTimes` by the old service; a departure plays no part."""

    def __init__(
        self,
        api_key: SecretStr,
        meter: SpendMeter,
        *,
        base_url: str = BASE_URL,
        time_limit: float = TIME_LIMIT,
    ) -> None:
        self._key, self._meter, self._base_url, self._time_limit = api_key, meter, base_url, time_limit

    async def matrix(
        self,
        origins: Sequence[Coordinates],
        destinations: Sequence[Coordinates],
        *,
        departure: datetime | None = None,
    ) -> TravelMatrix:
        """Raises TemporaryFailure or PermanentFailure; None stands where no road leads."""
        seconds: list[list[int | None]] = [[None] * len(destinations) for _ in origins]
        metres: list[list[int | None]] = [[None] * len(destinations) for _ in origins]
        for block in blocks(origins, destinations, MOST_ELEMENTS, side=MOST_PLACES):
            for row, legs in enumerate(await self._rows(block), start=block.row):
                for column, leg in enumerate(legs, start=block.column):
                    seconds[row][column], metres[row][column] = leg.seconds, leg.metres
        return TravelMatrix(seconds, metres, source=SOURCE, is_estimate=False)

    async def drive(self, places: Sequence[Coordinates], *, departure: datetime | None = None) -> Drive:
        """One element for each leg: the service knows no drives."""
        found = [(await self._rows(Block(0, 0, [a], [b])))[0][0] for a, b in pairwise(places)]
        return Drive(tuple(found), SOURCE)

    def price(self, places: int) -> int:
        """List price of a drive in millionths of a US dollar."""
        return max(0, places - 1) * MICROS

    async def _rows(self, block: Block) -> list[list[Leg]]:
        async with self._meter.paying(PaidCall(SOURCE, block.elements, block.elements * MICROS)):
            try:
                async with asyncio.timeout(self._time_limit):
                    answer = await asyncio.to_thread(self._ask, block)
            except TimeoutError:
                raise TemporaryFailure(f"{SOURCE} did not answer in time.") from None
        try:
            rows = [[_leg(element) for element in row["elements"]] for row in answer["rows"]]
        except (KeyError, TypeError):
            raise TemporaryFailure(f"{SOURCE} answered something nobody understands.") from None
        if [len(row) for row in rows] != [len(block.destinations)] * len(block.origins):
            raise TemporaryFailure(f"{SOURCE} left out a part of the matrix.")
        return rows

    def _ask(self, block: Block) -> dict[str, Any]:
        # One client a call: neither it nor its HTTP session may be shared between threads.
        try:
            client = googlemaps.Client(
                key=self._key.get_secret_value(),
                base_url=self._base_url,
                connect_timeout=CONNECT_TIMEOUT,
                read_timeout=min(READ_TIMEOUT, self._time_limit),
                retry_timeout=min(RETRY_TIMEOUT, self._time_limit / 2),
                retry_over_query_limit=False,
            )
        except ValueError:
            raise PermanentFailure("GOOGLE_MAPS_API_KEY is no Google key: they begin with AIza.") from None
        pairs = [[(p.latitude, p.longitude) for p in side] for side in (block.origins, block.destinations)]
        try:
            answer: dict[str, Any] = client.distance_matrix(*pairs, mode="driving", units="metric")
            return answer
        except ApiError as error:
            kind = TemporaryFailure if error.status in _PASSING else PermanentFailure
            raise kind(f"{SOURCE} answered {error.status}. {ADVICE.get(error.status, '')}".rstrip()) from None
        except Timeout:
            raise TemporaryFailure(f"{SOURCE} did not answer in time.") from None
        except HTTPError as error:
            passing = error.status_code == 429 or error.status_code >= 500
            kind = TemporaryFailure if passing else PermanentFailure
            raise kind(f"{SOURCE} answered {error.status_code}.") from None
        except TransportError:
            raise TemporaryFailure(f"{SOURCE} cannot be reached.") from None
        except (ValueError, KeyError, TypeError):
            raise TemporaryFailure(f"{SOURCE} answered something nobody understands.") from None
        finally:
            client.session.close()


def _leg(element: dict[str, Any]) -> Leg:
    """One element; each has a status of its own (documentation/distance-matrix/distance-matrix)."""
    if element["status"] in _NO_ROAD:
        return Leg(None, None)
    if element["status"] != "OK":
        raise TemporaryFailure(f"{SOURCE} answered {element['status']} for a part of the matrix.")
    return Leg(int(element["duration"]["value"]), int(element["distance"]["value"]))
