"""Driving times from Google's Routes API: `computeRouteMatrix` and `computeRoutes` over plain HTTP.

Facts from its reference (developers.google.com/maps/documentation/routes): a field mask is mandatory,
and without `status` in it every element looks fine; at most 625 elements a request, 100 with the best
traffic model; elements come in any order and are placed by their indices, which JSON leaves out when
they are 0; `status` (an error) and `condition` (whether a road leads there) are independent; durations
are strings such as "3.5s". A matrix is billed by the element, a route by the request, and one of more
than ten places on the way, or with traffic, at twice the price: so a day's drive is asked for as routes
of at most ten, which costs a hundredth of a matrix over its candidates.
"""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import httpx
from pydantic import SecretStr

from crm_api.ports import (
    Coordinates,
    Diagnosis,
    Drive,
    Leg,
    PaidCall,
    PermanentFailure,
    SpendMeter,
    TemporaryFailure,
    TravelMatrix,
)
from integrations import http
from integrations.google_maps.wire import Block, blocks, legs_of, placed, waypoint
from integrations.pacing import Pace

BASE_URL = "https://routes.googleapis.com"
PATH, ROUTE_PATH = "/distanceMatrix/v2:computeRouteMatrix", "/directions/v2:computeRoutes"
FIELD_MASK = "originIndex,destinationIndex,status,condition,distanceMeters,duration"
ROUTE_MASK = "routes.legs.distanceMeters,routes.legs.duration"
ON_THE_WAY = (
    10  # places between the first and the last of a route; from 11 on it is billed at twice the price
)
AT_ONCE = 4  # requests in flight
QUOTA = 3_000  # elements, and requests, a minute: what a project has unless it asked for more
MICROS = {False: 5_000, True: 10_000}  # list price of an element or a route, without and with traffic
SOURCE = "Google Routes"


class Traffic(StrEnum):
    """Google's `routingPreference`; anything but unaware is billed at the higher rate."""

    UNAWARE = "TRAFFIC_UNAWARE"
    AWARE = "TRAFFIC_AWARE"
    OPTIMAL = "TRAFFIC_AWARE_OPTIMAL"

    @property
    def most_elements(self) -> int:
        """Elements one request may ask for."""
        return 100 if self is Traffic.OPTIMAL else 625

    @property
    def micros(self) -> int:
        """What one element or one route costs, in millionths of a US dollar."""
        return MICROS[self is not Traffic.UNAWARE]


class GoogleRouteTimes:
    """`TravelTimes` and `RoadTimes` by road. A computation has no effect, so a failed request is simply repeated."""

    def __init__(
        self,
        api_key: SecretStr,
        client: httpx.AsyncClient,
        meter: SpendMeter,
        *,
        traffic: Traffic = Traffic.UNAWARE,
        base_url: str = BASE_URL,
        pace: Pace | None = None,
    ) -> None:
        self._key, self._client, self._meter, self._traffic = api_key, client, meter, traffic
        self._url = base_url.rstrip("/")
        self._pace = pace or Pace(QUOTA, 60.0)

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

        async def fetch(block: Block) -> None:
            async with gate:
                elements = await self._elements(block, departure)
            for row, column, taken, length in placed(elements, block):
                seconds[block.row + row][block.column + column] = taken
                metres[block.row + row][block.column + column] = length

        try:
            async with asyncio.TaskGroup() as tasks:
                for block in blocks(origins, destinations, self._traffic.most_elements):
                    tasks.create_task(fetch(block))
        except ExceptionGroup as failed:  # the first failure stops the other requests
            raise failed.exceptions[0] from None
        return TravelMatrix(seconds, metres, source=SOURCE, is_estimate=False)

    async def drive(self, places: Sequence[Coordinates], *, departure: datetime | None = None) -> Drive:
        """The legs of one drive, as few requests as its places allow. Raises as `matrix` does.

        A route through all places is none where no road leads along one leg. It is then halved until the leg is
        found, which costs fewer requests than asking for every leg.
        """
        legs: list[Leg] = []
        for stretch in _stretches(places):
            legs += await self._legs(stretch, departure)
        return Drive(tuple(legs), SOURCE)

    def price(self, places: int) -> int:
        """List price of a drive in millionths of a US dollar, without the free requests of a month."""
        return -(-max(0, places - 1) // (ON_THE_WAY + 1)) * self._traffic.micros

    async def diagnose(self) -> list[Diagnosis]:
        """Ask for one element, which costs as much as one element."""
        place = Coordinates(39.9612, -82.9988)
        try:
            await self.matrix([place], [place])
        except (TemporaryFailure, PermanentFailure) as failure:
            return [Diagnosis("Google Routes", False, failure.reason)]
        return [Diagnosis("Google Routes", True, "answers")]

    async def _legs(self, places: Sequence[Coordinates], departure: datetime | None) -> list[Leg]:
        first, *between, last = (waypoint(place) for place in places)
        body = {"origin": first, "destination": last, "intermediates": between, **self._manner(departure)}
        legs = legs_of(await self._ask(ROUTE_PATH, ROUTE_MASK, body, units=1), len(places) - 1)
        if legs is not None:
            return legs
        if len(places) == 2:
            return [Leg(None, None)]
        middle = len(places) // 2
        return [
            *await self._legs(places[: middle + 1], departure),
            *await self._legs(places[middle:], departure),
        ]

    async def _elements(self, block: Block, departure: datetime | None) -> list[dict[str, Any]]:
        body = {
            "origins": [{"waypoint": waypoint(place)} for place in block.origins],
            "destinations": [{"waypoint": waypoint(place)} for place in block.destinations],
            **self._manner(departure),
        }
        elements = await self._ask(PATH, FIELD_MASK, body, units=block.elements)
        if not isinstance(elements, list):
            raise TemporaryFailure("Google Routes answered something that is not a matrix.")
        return elements

    def _manner(self, departure: datetime | None) -> dict[str, Any]:
        manner: dict[str, Any] = {"travelMode": "DRIVE", "routingPreference": self._traffic.value}
        if departure and self._traffic is not Traffic.UNAWARE and departure > datetime.now(UTC):
            manner["departureTime"] = departure.astimezone(UTC).isoformat().replace("+00:00", "Z")
        return manner

    async def _ask(self, path: str, mask: str, body: dict[str, Any], *, units: int) -> Any:
        headers = {"X-Goog-Api-Key": self._key.get_secret_value(), "X-Goog-FieldMask": mask}
        await self._pace.take(units)
        async with self._meter.paying(PaidCall(SOURCE, units, units * self._traffic.micros)):
            response = await http.request(
                self._client, "POST", self._url + path, idempotent=True, json=body, headers=headers
            )
        try:
            return response.json()
        except ValueError:
            raise TemporaryFailure("Google Routes answered something that is not JSON.") from None


def _stretches(places: Sequence[Coordinates]) -> Iterator[Sequence[Coordinates]]:
    """The places in drives of the lower price, each beginning where the one before ends."""
    step = ON_THE_WAY + 1
    for first in range(0, max(0, len(places) - 1), step):
        yield places[first : first + step + 1]
