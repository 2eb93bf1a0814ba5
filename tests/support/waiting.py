"""Waiting for another process or task, whose progress only shows in what it leaves behind."""

import asyncio
from collections.abc import Awaitable, Callable


async def until(condition: Callable[[], Awaitable[object] | object], *, seconds: float = 30) -> None:
    """Ask every 20 ms until `condition` (plain or awaitable) holds; raises TimeoutError after `seconds`."""
    async with asyncio.timeout(seconds):
        while True:
            answer = condition()
            if await answer if isinstance(answer, Awaitable) else answer:
                return
            await asyncio.sleep(0.02)
