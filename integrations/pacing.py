"""Not asking faster than a service allows."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable


class Pace:
    """At most `units` in any `seconds`; whoever comes too early waits. Meant for one event loop.

    A request for more than `units` at once would wait for ever, so it is let through when nothing else is counted.
    """

    def __init__(
        self,
        units: int,
        seconds: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._most, self._seconds, self._clock, self._sleep = units, seconds, clock, sleep
        self._taken: deque[tuple[float, int]] = deque()
        self._turn = asyncio.Lock()  # first come, first served

    async def take(self, units: int = 1) -> None:
        """Wait until `units` more fit, and count them."""
        async with self._turn:
            while (wait := self._wait(units)) > 0:
                await self._sleep(wait)
            self._taken.append((self._clock(), units))

    def _wait(self, units: int) -> float:
        now = self._clock()
        while self._taken and self._taken[0][0] <= now - self._seconds:
            self._taken.popleft()
        if not self._taken or sum(taken for _, taken in self._taken) + units <= self._most:
            return 0.0
        return self._taken[0][0] + self._seconds - now
