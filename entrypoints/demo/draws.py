"""Seeded chance: the same seed and day give the same company, on every machine."""

import random
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from integrations.offline.places import Place

T = TypeVar("T")

# How much is ordered in each month: dealers stock up before spring and before snow.
SEASON = (1.3, 1.5, 1.5, 1.2, 0.9, 0.8, 0.6, 0.8, 1.1, 1.2, 0.7, 0.4)

_US_ZONES = (
    ("America/Anchorage", {"AK"}),
    ("Pacific/Honolulu", {"HI"}),
    ("America/Los_Angeles", {"CA", "WA", "OR", "NV", "BC", "YT"}),
    ("America/Phoenix", {"AZ"}),
    ("America/Denver", {"CO", "NM", "UT", "WY", "MT", "ID", "AB"}),
    ("America/Regina", {"SK"}),
    (
        "America/Chicago",
        {"TX", "OK", "KS", "NE", "SD", "ND", "MN", "IA", "MO", "AR", "LA", "MS", "AL", "WI", "IL", "MB"},
    ),
    ("America/Halifax", {"NS", "NB", "PE"}),
    ("America/St_Johns", {"NL"}),
)
_COUNTRY_ZONES = {"GB": "Europe/London", "DE": "Europe/Berlin", "IN": "Asia/Kolkata"}


def zone_of(place: Place) -> str:
    """The IANA zone of a town, by country and state; Eastern time where a state has several."""
    if place.country in _COUNTRY_ZONES:
        return _COUNTRY_ZONES[place.country]
    return next((zone for zone, states in _US_ZONES if place.region in states), "America/New_York")


class Draw:
    """A stream of chance with the draws a company needs. `at` is the day the company is looked at."""

    def __init__(self, seed: int, at: date, stream: str) -> None:
        # Streams of their own, so that one more lead does not change every visit.
        self.random = random.Random(f"{seed}/{at.isoformat()}/{stream}")
        self.now = datetime.combine(at, time(12), UTC)
        self.start = self.now - timedelta(days=730)

    def uid(self, at: datetime) -> UUID:
        """A UUIDv7 (RFC 9562 section 5.7) of the instant `at`: it sorts where it would have been made."""
        milliseconds = int(at.timestamp() * 1000)
        bits = (milliseconds & (1 << 48) - 1) << 80 | 0x7 << 76 | self.random.getrandbits(12) << 64
        return UUID(int=bits | 0b10 << 62 | self.random.getrandbits(62))

    def chance(self, probability: float) -> bool:
        """True with the given probability."""
        return self.random.random() < probability

    def one(self, options: Sequence[T]) -> T:
        """Any of the options, each as likely."""
        return options[self.random.randrange(len(options))]

    def weighted(self, weights: Mapping[T, float]) -> T:
        """One of the keys, as likely as its weight."""
        return self.random.choices(list(weights), list(weights.values()))[0]

    def lognormal(self, median: float, sigma: float) -> float:
        """A skewed positive figure: half are below `median`; sigma 1 spreads it over about a decade."""
        return self.random.lognormvariate(0, sigma) * median

    def near(self, place: Place, kilometres: float) -> tuple[float, float]:
        """A point around the town centre, normally within `kilometres`; degrees rounded to a metre."""
        north, east = (self.random.gauss(0, kilometres / 2) for _ in range(2))
        # One degree of latitude is 111 km; of longitude the cosine of that, near enough up to 62° north.
        narrowing = 1 - (abs(place.latitude) / 90) ** 2 * 0.9
        return round(place.latitude + north / 111, 5), round(place.longitude + east / (111 * narrowing), 5)

    def seasonal(self, start: datetime, end: datetime) -> datetime:
        """An instant between the two, likelier in the busy months and in the later year."""
        span = (end - start).total_seconds()
        for _ in range(40):
            at = start + timedelta(seconds=self.random.random() * span)
            growth = 0.7 + 0.3 * (at - self.start) / (self.now - self.start)
            if self.chance(SEASON[at.month - 1] / max(SEASON) * growth):
                return at
        return at

    def working(self, start: datetime, end: datetime, zone: str) -> datetime:
        """A moment of a working day (Monday to Friday, 8:00 to 17:45 in `zone`) from start to end.

        Where there is none in between (a deal opened and closed at night), the latest moment allowed.
        """
        span = max((end - start).total_seconds(), 0)
        for _ in range(12):
            day = (start + timedelta(seconds=self.random.random() * span)).astimezone(ZoneInfo(zone))
            minute = self.random.randrange(0, 9 * 60 + 45, 5)
            local = day.replace(hour=8, minute=0, second=0, microsecond=0) + timedelta(minutes=minute)
            if local.weekday() < 5 and start <= local <= end:
                return local.astimezone(UTC)
        return end

    def moment(self, day: datetime, zone: str) -> datetime:
        """A working moment on that day, or on the Monday after a weekend."""
        local = day.astimezone(ZoneInfo(zone))
        local += timedelta(days=(7 - local.weekday()) if local.weekday() >= 5 else 0)
        local = local.replace(hour=8, minute=0, second=0, microsecond=0)
        return (local + timedelta(minutes=self.random.randrange(0, 9 * 60 + 45, 15))).astimezone(UTC)
