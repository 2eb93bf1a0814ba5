"""What Google's Routes API is sent and answers: requests cut to size, answers put in their places."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from crm_api.ports import Coordinates, Leg, PermanentFailure, TemporaryFailure


@dataclass(frozen=True, slots=True)
class Block:
    """A part of a matrix small enough for one request: where it begins, and its points."""

    row: int
    column: int
    origins: Sequence[Coordinates]
    destinations: Sequence[Coordinates]

    @property
    def elements(self) -> int:
        """How many pairs it asks for, which is what is billed."""
        return len(self.origins) * len(self.destinations)


def blocks(
    origins: Sequence[Coordinates],
    destinations: Sequence[Coordinates],
    most: int,
    *,
    side: int | None = None,
) -> Iterator[Block]:
    """Cut the matrix into rectangles of at most `most` elements, and at most `side` places a side."""
    if not origins or not destinations:
        return
    width = min(len(destinations), most, side or most)
    height = min(max(1, most // width), side or most)
    for row in range(0, len(origins), height):
        for column in range(0, len(destinations), width):
            yield Block(row, column, origins[row : row + height], destinations[column : column + width])


def waypoint(place: Coordinates) -> dict[str, Any]:
    """A point of a drive."""
    return {"location": {"latLng": {"latitude": place.latitude, "longitude": place.longitude}}}


def placed(elements: list[dict[str, Any]], block: Block) -> Iterator[tuple[int, int, int | None, int | None]]:
    """Row, column, seconds and metres of every element; each must come exactly once.

    Elements come in any order, and JSON leaves out an index that is 0.
    """
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
            yield row, column, seconds_of(element.get("duration")), int(element.get("distanceMeters", 0))
    if missing:
        raise TemporaryFailure(f"Google Routes left out {len(missing)} elements of the matrix.")


def legs_of(answer: Any, count: int) -> list[Leg] | None:
    """The legs of `computeRoutes`, which must be `count`; None where no route leads through all places."""
    if not isinstance(answer, dict):
        raise TemporaryFailure("Google Routes answered something that is not a route.")
    routes = answer.get("routes") or []
    if not routes:
        return None
    found = routes[0].get("legs") or []
    if len(found) != count:
        raise TemporaryFailure(f"Google Routes answered {len(found)} legs of a drive that has {count}.")
    return [Leg(seconds_of(leg.get("duration")), int(leg.get("distanceMeters", 0))) for leg in found]


# google.rpc.Code: deadline exceeded, resource exhausted, aborted, internal, unavailable
_PASSING = frozenset({4, 8, 10, 13, 14})


def _check_status(status: dict[str, Any]) -> None:
    """An element may fail by itself; half a matrix is none."""
    code = status.get("code", 0)
    if code:
        reason = f"Google Routes failed for a part of the matrix: {status.get('message') or f'code {code}'}"
        raise (TemporaryFailure if code in _PASSING else PermanentFailure)(reason)


def seconds_of(duration: Any) -> int:
    """ "3.5s" -> 4: whole seconds, rounded up, so that a plan is never too optimistic."""
    if duration is None:  # JSON leaves out a duration of zero
        return 0
    try:
        return math.ceil(float(str(duration).removesuffix("s")))
    except ValueError:
        raise TemporaryFailure(f"Google Routes answered a duration nobody understands: {duration}") from None
