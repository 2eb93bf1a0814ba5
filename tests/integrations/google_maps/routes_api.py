"""A stand-in for Google's `computeRouteMatrix` and `computeRoutes`, written from their reference documentation.

It checks each request as the service does, answers elements in a shuffled order, and leaves out of the
JSON what protocol buffers leave out: zeros.
"""

import json
import random
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import httpx

KEY = "AIzaTest"
MOST = {"TRAFFIC_UNAWARE": 625, "TRAFFIC_AWARE": 625, "TRAFFIC_AWARE_OPTIMAL": 100}
Element = dict[str, Any]


def metres_between(a: dict[str, float], b: dict[str, float]) -> int:
    return round(
        ((a["latitude"] - b["latitude"]) ** 2 + (a["longitude"] - b["longitude"]) ** 2) ** 0.5 * 100_000
    )


def error(status: int, message: str) -> httpx.Response:
    """A refusal as the streaming method words it: a list of one."""
    return httpx.Response(status, json=[{"error": {"code": status, "message": message}}])


class RoutesApi:
    """Answers `respx` routes; `change` may alter or drop (None) an element, `requests` keeps the bodies."""

    def __init__(self, change: Callable[[Element], Element | None] = lambda element: element) -> None:
        self.change = change
        self.requests: list[dict[str, Any]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.headers.get("X-Goog-Api-Key") != KEY:
            return error(403, "The request is missing a valid API key.")
        mask = request.headers.get("X-Goog-FieldMask", "").split(",")
        if mask == [""]:
            return error(400, "FieldMask is a required parameter.")
        body = json.loads(request.content)
        self.requests.append(body)
        origins, destinations = self._points(body["origins"]), self._points(body["destinations"])
        if (
            body["travelMode"] != "DRIVE"
            or len(origins) * len(destinations) > MOST[body["routingPreference"]]
        ):
            return error(400, "Too many elements.")
        elements = [
            self._element(i, j, a, b) for i, a in enumerate(origins) for j, b in enumerate(destinations)
        ]
        changed = [changed for element in elements if (changed := self.change(element)) is not None]
        random.Random(len(changed)).shuffle(changed)
        return httpx.Response(
            200, json=[{k: v for k, v in e.items() if k in mask and v != 0} for e in changed]
        )

    @staticmethod
    def _points(waypoints: list[dict[str, Any]]) -> list[dict[str, float]]:
        return [point["waypoint"]["location"]["latLng"] for point in waypoints]

    @staticmethod
    def _element(i: int, j: int, a: dict[str, float], b: dict[str, float]) -> Element:
        metres = metres_between(a, b)
        return {
            "originIndex": i,
            "destinationIndex": j,
            "status": {},
            "condition": "ROUTE_EXISTS",
            "distanceMeters": metres,
            "duration": f"{metres / 16:.1f}s",
            "staticDuration": f"{metres / 20:.1f}s",
        }


class DrivesApi:
    """Answers `computeRoutes`: the legs of one route, or none at all where one of them leads to `islands`."""

    def __init__(self, *islands: tuple[float, float]) -> None:
        self.islands = set(islands)
        self.requests: list[dict[str, Any]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.headers.get("X-Goog-FieldMask") != "routes.legs.distanceMeters,routes.legs.duration":
            return httpx.Response(400, json={"error": {"code": 400, "message": "FieldMask is required."}})
        body = json.loads(request.content)
        self.requests.append(body)
        stations = [body["origin"], *body.get("intermediates", []), body["destination"]]
        if len(stations) > 27:
            return httpx.Response(400, json={"error": {"code": 400, "message": "Too many intermediates."}})
        points = [station["location"]["latLng"] for station in stations]
        if self.islands & {(point["latitude"], point["longitude"]) for point in points}:
            return httpx.Response(200, json={})
        return httpx.Response(
            200, json={"routes": [{"legs": [self._leg(a, b) for a, b in pairwise(points)]}]}
        )

    @staticmethod
    def _leg(a: dict[str, float], b: dict[str, float]) -> Element:
        metres = metres_between(a, b)
        leg = {"distanceMeters": metres, "duration": f"{metres / 16:.1f}s"}
        return leg if metres else {"duration": "0s"}
