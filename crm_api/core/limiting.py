"""How many requests somebody may send: a bucket of them each, that fills up again at a steady pace.

The buckets are this process's own. With several web processes a person may send as many as all of them let through:
the limit is there to keep one client from starving the others, not to count.
"""

import math
import time
from collections.abc import Callable, Hashable

from crm_api.core.errors import TooMany

MOST_KNOWN = 10_000  # buckets kept; the full ones, which say nothing, go first


class Limiter:
    """`per_minute` requests at once for everybody, and as many every minute after; 0 for no limit."""

    def __init__(self, per_minute: int, *, now: Callable[[], float] = time.monotonic) -> None:
        self._most, self._now = per_minute, now
        self._pace = per_minute / 60
        self._buckets: dict[Hashable, tuple[float, float]] = {}

    def take(self, who: Hashable) -> None:
        """Count one request of somebody. Raises TooMany with the whole seconds until the next is let through."""
        if not self._most:
            return
        now = self._now()
        left, seen = self._buckets.get(who, (float(self._most), now))
        left = min(self._most, left + (now - seen) * self._pace)
        if left < 1:
            self._buckets[who] = (left, now)
            raise TooMany(
                f"You may send {self._most:,} requests a minute; wait a moment.",
                retry_after=max(1, math.ceil((1 - left) / self._pace)),
            )
        self._buckets[who] = (left - 1, now)
        if len(self._buckets) > MOST_KNOWN:
            self._forget(now)

    def _forget(self, now: float) -> None:
        known = self._buckets.items()
        self._buckets = {
            who: (left, seen) for who, (left, seen) in known if left + (now - seen) * self._pace < self._most
        }
