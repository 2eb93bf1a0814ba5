"""Not asking faster than a service allows."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from integrations.pacing import Pace


class Time:
    """A clock that sleeping moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


@given(st.lists(st.integers(1, 40), max_size=30), st.integers(1, 20))
def test_no_window_ever_holds_more_than_is_allowed_but_one_that_is_too_large_by_itself(units, most):
    time = Time()
    pace, taken = Pace(most, 60.0, clock=time, sleep=time.sleep), []

    async def ask() -> None:
        for some in units:
            await pace.take(some)
            taken.append((time.now, some))

    asyncio.run(ask())
    assert len(taken) == len(units)
    for end, _ in taken:
        window = [some for at, some in taken if end - 60 < at <= end]
        assert sum(window) <= most or len(window) == 1


async def test_what_fits_does_not_wait():
    time = Time()
    pace = Pace(3, 60.0, clock=time, sleep=time.sleep)
    await asyncio.gather(*(pace.take() for _ in range(3)))
    assert time.now == 0.0
    await pace.take()
    assert time.now == 60.0
