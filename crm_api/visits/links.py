"""Google Maps links for a day: no key, no cost, and the phone navigates.

Maps URLs take three waypoints in a mobile browser and nine otherwise (developers.google.com/maps/
documentation/urls/get-started); a longer day becomes a chain of links, each starting where the one
before ends.
"""

from collections.abc import Sequence
from urllib.parse import urlencode

from crm_api.ports import Coordinates

DESKTOP_WAYPOINTS, MOBILE_WAYPOINTS = 9, 3


def desktop_links(places: Sequence[Coordinates]) -> list[str]:
    """The day in as few links as a desktop browser takes; usually one."""
    return _chain(places, DESKTOP_WAYPOINTS)


def mobile_links(places: Sequence[Coordinates]) -> list[str]:
    """The day in links of at most four drives, each opening turn-by-turn navigation."""
    return _chain(places, MOBILE_WAYPOINTS, navigate=True)


def _chain(places: Sequence[Coordinates], waypoints: int, *, navigate: bool = False) -> list[str]:
    step = waypoints + 1
    return [
        _link(places[first : first + step + 1], navigate) for first in range(0, max(0, len(places) - 1), step)
    ]


def _link(places: Sequence[Coordinates], navigate: bool) -> str:
    origin, *between, destination = (f"{p.latitude:.6f},{p.longitude:.6f}" for p in places)
    parameters = {"api": "1", "origin": origin, "destination": destination, "travelmode": "driving"}
    if between:
        parameters["waypoints"] = "|".join(between)
    if navigate:
        parameters["dir_action"] = "navigate"
    return "https://www.google.com/maps/dir/?" + urlencode(parameters, safe=",")
