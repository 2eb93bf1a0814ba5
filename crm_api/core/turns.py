"""Whose turn it is where few may go at a time."""

import asyncio

from crm_api.core.errors import Unavailable


class Turns:
    """Who takes a connection next: first come, first served. A pool's own queue lets newcomers pass those who wait; of
    32 requests at a time one in a hundred waited six times as long as the middle one."""

    def __init__(self, connections: int, wait: float) -> None:
        self._free, self._wait = asyncio.Semaphore(connections), wait

    async def __aenter__(self) -> None:
        """Raises Unavailable where all are busy for `wait` seconds."""
        try:
            async with asyncio.timeout(self._wait if self._free.locked() else None):
                await self._free.acquire()
        except TimeoutError as error:
            raise Unavailable("All connections to the database are busy; try again in a moment.") from error

    async def __aexit__(self, *_: object) -> None:
        self._free.release()
