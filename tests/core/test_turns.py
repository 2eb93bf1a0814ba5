"""Where few may go at a time, whoever came first goes first."""

import asyncio

import pytest

from crm_api.core.errors import Unavailable
from crm_api.core.turns import Turns


async def test_who_waits_longest_is_next_whoever_comes_along() -> None:
    turns, order = Turns(1, wait=10), list[int]()

    async def visit(n: int) -> None:
        async with turns:
            order.append(n)
            late.append(
                asyncio.create_task(visit(n + 100)) if n < 100 else asyncio.create_task(asyncio.sleep(0))
            )
            await asyncio.sleep(0)

    late: list[asyncio.Task[None]] = []
    await asyncio.gather(*(visit(n) for n in range(5)))
    await asyncio.gather(*late)
    assert order == [0, 1, 2, 3, 4, 100, 101, 102, 103, 104]


async def test_who_waits_too_long_is_told_to_come_back() -> None:
    turns = Turns(1, wait=0.01)
    async with turns:
        with pytest.raises(Unavailable):
            async with turns:
                pass


async def test_a_turn_that_failed_is_over() -> None:
    turns = Turns(1, wait=0.01)
    with pytest.raises(ValueError, match="broken"):
        async with turns:
            raise ValueError("broken")
    async with turns:
        pass
