"""Driving times from Google's Routes API: `computeRouteMatrix` over plain HTTP.

Facts from its reference (developers.google.com/maps/documentation/routes): a field mask is mandatory,
and without `status` in it every element looks fine; at most 625 elements a request, 100 with the best
traffic model; elements come in any order and are placed by their indices, which JSON leaves out when
they are 0; `status` (an error) and `condition` (whether a road leads there) are independent; durations
are strings such as "3.5s". Every element is billed, so callers ask for the legs they need.
"""

import asyncio
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import httpx
from pydantic import SecretStr

from crm_api.ports import Coordinates, Diagnosis, PermanentFailure, TemporaryFailure, TravelMatrix
from integrations import http

BASE_URL = "https://routes.googleapis.com"
PATH = "/distanceMatrix/v2:computeRouteMatrix"
FIELD_MASK = "originIndex,destinationIndex,status,condition,distanceMeters,duration"
AT_ONCE = 4  # requests in flight; the default quota is 3,000 elements a minute


class Traffic(StrEnum):
    """Google's `routingPreference`; anything but unaware is billed at the higher rate."""

    UNAWARE = "TRAFFIC_UNAWARE"
    AWARE = "TRAFFIC_AWARE"
    OPTIMAL = "TRAFFIC_AWARE_OPTIMAL"

    @property
    def most_elements(self) -> int:
        """Elements one request may ask for."""
        return 100 if self is Traffic.OPTIMAL else 625


@dataclass(frozen=True, slots=True)
class _Block:
    """A part of the matrix small enough for one request: where it begins, and its points."""

    row: int
    column: int
    origins: Sequence[Coordinates]
    destinations: Sequence[Coordinates]


class GoogleRouteTimes:
    """`TravelTimes` by road. A computation has no effect, so a failed request is simply repeated."""

    def __init__(
        self,
        api_key: SecretStr,
        client: httpx.AsyncClient,
        *,
        traffic: Traffic = Traffic.UNAWARE,
        base_url: str = BASE_URL,
    ) -> None:
        self._key, self._client, self._traffic = api_key, client, traffic
        self._url = base_url.rstrip("/") + PATH

    async def matrix(
        self,
        origins: Sequence[Coordinates],
        destinations: Sequence[Coordinates],
        *,
        departure: datetime | None = None,
    ) -> TravelMatrix:
        """Raises TemporaryFailure or PermanentFailure; None stands where no road leads.

        `departure` is used with traffic only, and only when it lies ahead: Google refuses a past one.
        """
        seconds: list[list[int | None]] = [[None] * len(destinations) for _ in origins]
        metres: list[list[int | None]] = [[None] * len(destinations) for _ in origins]
        gate = asyncio.Semaphore(AT_ONCE)

        async def fetch(block: _Block) -> None:
            async with gate:
                elements = await self._ask(block, departure)
            for row, column, taken, length in _placed(elements, block):
                seconds[block.row + row][block.column + column] = taken
                metres[block.row + row][block.column + column] = length

        try:
            async with asyncio.TaskGroup() as tasks:
                for block in _blocks(origins, destinations, self._traffic.most_elements):
                    tasks.create_task(fetch(block))
        except ExceptionGroup as failed:  # the first failure stops the other requests
            raise failed.exceptions[0] from None
        return TravelMatrix(seconds, metres, source="Google Routes", is_estimate=False)

    async def diagnose(self) -> list[Diagnosis]:
        """Ask for one element, which costs as much as one element."""
        place = Coordinates(39.9612, -82.9988)
        try:
            await self.matrix([place], [place])
        except (TemporaryFailure, PermanentFailure) as failure:
            return [Diagnosis("Google Routes", False, failure.reason)]
        return [Diagnosis("Google Routes", True, "answers")]

    async def _ask(self, block: _Block, departure: datetime | None) -> list[dict[str, Any]]:
        body: dict[str, Any] = {
            "origins": [_waypoint(place) for place in block.origins],
            "destinations": [_waypoint(place) for place in block.destinations],
            "travelMode": "DRIVE",
            "routingPreference": self._traffic.value,
        }
        if departure and self._traffic is not Traffic.UNAWARE and departure > datetime.now(UTC):
            body["departureTime"] = departure.astimezone(UTC).isoformat().replace("+00:00", "Z")
        headers = {"X-Goog-Api-Key": self._key.get_secret_value(), "X-Goog-FieldMask": FIELD_MASK}
        response = await http.request(
            self._client, "POST", self._url, idempotent=True, json=body, headers=headers
        )
        try:
            elements = response.json()
        except ValueError:
            raise TemporaryFailure("Google Routes answered something that is not JSON.") from None
        if not isinstance(elements, list):
            raise TemporaryFailure("Google Routes answered something that is not a matrix.")
        return elements


def _blocks(
    origins: Sequence[Coordinates], destinations: Sequence[Coordinates], most: int
) -> Iterator[_Block]:
    """Cut the matrix into rectangles of at most `most` elements."""
    if not origins or not destinations:
        return
    width = min(len(destinations), most)
    height = max(1, most // width)
    for row in range(0, len(origins), height):
        for column in range(0, len(destinations), width):
            yield _Block(row, column, origins[row : row + height], destinations[column : column + width])


def _waypoint(place: Coordinates) -> dict[str, Any]:
    point = {"latitude": place.latitude, "longitude": place.longitude}
    return {"waypoint": {"location": {"latLng": point}}}


def _placed(
    elements: list[dict[str, Any]], block: _Block
) -> Iterator[tuple[int, int, int | None, int | None]]:
    """Row, column, seconds and metres of every element; each must come exactly once."""
    missing = {(r, c) for r in range(len(block.origins)) for c in range(len(block.destinations))}
    for element in elements:
        row, column = element.get("originIndex", 0), element.get("destinationIndex", 0)
        if (row, column) not in missing:
            raise TemporaryFailure("Google Routes answered an element nobody asked for, or one twice.")
        missing.discard((row, column))
        _check_status(element.get("status") or {})
        if element.get("condition") == "ROUTE_NOT_FOUND":
            yield row, column, None, None
        else:
            yield row, column, _seconds(element.get("duration")), int(element.get("distanceMeters", 0))
    if missing:
        raise TemporaryFailure(f"Google Routes left out {len(missing)} elements of the matrix.")


# google.rpc.Code: deadline exceeded, resource exhausted, aborted, internal, unavailable
_PASSING = frozenset({4, 8, 10, 13, 14})


def _check_status(status: dict[str, Any]) -> None:
    """An element may fail by itself; half a matrix is none."""
    code = status.get("code", 0)
    if code:
        reason = f"Google Routes failed for a part of the matrix: {status.get('message') or f'code {code}'}"
        raise (TemporaryFailure if code in _PASSING else PermanentFailure)(reason)


def _seconds(duration: Any) -> int:
    """ "3.5s" -> 4: whole seconds, rounded up, so that a plan is never too optimistic."""
    if duration is None:  # JSON leaves out a duration of zero
        return 0
    try:
        return math.ceil(float(str(duration).removesuffix("s")))
    except ValueError:
        raise TemporaryFailure(f"Google Routes answered a duration nobody understands: {duration}") from None
