"""A sketch of a route: where the stops lie to each other, without a map behind it and without a network.

An equirectangular projection around the middle of the route: true in shape over the size of a day's drive.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

WIDTH, HEIGHT, MARGIN = 640, 220, 26
KM_A_DEGREE = 111.32


@dataclass(frozen=True, slots=True)
class Sketch:
    """Points in drawing units, in the order of the route; `scale_km` is how far `scale_width` units are."""

    points: tuple[tuple[float, float], ...]
    scale_km: float
    scale_width: float
    width: int = WIDTH
    height: int = HEIGHT


def navigate(latitude: float, longitude: float) -> str:
    """The address that opens the phone's own map application with the way there."""
    to = urlencode({"api": "1", "destination": f"{latitude:.6f},{longitude:.6f}"}, safe=",")
    return f"https://www.google.com/maps/dir/?{to}&travelmode=driving&dir_action=navigate"


def sketch(places: Sequence[tuple[float, float]]) -> Sketch:
    """Fit (latitude, longitude) pairs into the drawing, north up."""
    south, north = min(p[0] for p in places), max(p[0] for p in places)
    middle = math.radians((south + north) / 2)
    flat = [(longitude * math.cos(middle), -latitude) for latitude, longitude in places]
    left, top = min(x for x, _ in flat), min(y for _, y in flat)
    wide, high = max(x for x, _ in flat) - left, max(y for _, y in flat) - top
    # A route without extent (one dealer next door) still gets a scale of about a kilometre.
    unit = min((WIDTH - 2 * MARGIN) / max(wide, 0.01), (HEIGHT - 2 * MARGIN) / max(high, 0.01))
    shift_x, shift_y = (WIDTH - wide * unit) / 2, (HEIGHT - high * unit) / 2
    points = tuple(
        (round((x - left) * unit + shift_x, 1), round((y - top) * unit + shift_y, 1)) for x, y in flat
    )
    kilometres = _round_distance(120 / unit * KM_A_DEGREE)
    return Sketch(points, kilometres, round(kilometres / KM_A_DEGREE * unit, 1))


def _round_distance(kilometres: float) -> float:
    """The largest of 1, 2, 5 times a power of ten up to a distance."""
    power = 10.0 ** math.floor(math.log10(kilometres))
    return max(step * power for step in (1, 2, 5) if step * power <= kilometres * (1 + 1e-12))
