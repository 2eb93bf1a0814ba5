from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_api.core.errors import TooMany
from crm_api.core.limiting import MOST_KNOWN, Limiter


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def let_through(limiter: Limiter, who: Any) -> bool:
    try:
        limiter.take(who)
    except TooMany:
        return False
    return True


@given(
    st.integers(1, 50),
    st.lists(st.floats(0, 30), min_size=1, max_size=200),
)
def test_never_more_than_one_bucket_and_what_flowed_in_are_let_through(
    limit: int, waits: list[float]
) -> None:
    clock = Clock()
    limiter = Limiter(limit, now=clock)
    passed = 0
    for wait in waits:
        clock.now += wait
        passed += let_through(limiter, "ada")

    assert passed <= limit + clock.now * limit / 60 + 1e-6
    assert passed >= min(len(waits), limit)


@given(st.integers(1, 120))
def test_after_the_seconds_told_the_next_request_is_let_through(limit: int) -> None:
    clock = Clock()
    limiter = Limiter(limit, now=clock)
    while let_through(limiter, "ada"):
        pass
    with pytest.raises(TooMany) as refused:
        limiter.take("ada")
    clock.now += refused.value.retry_after

    assert let_through(limiter, "ada")


def test_everybody_has_a_bucket_of_their_own() -> None:
    limiter = Limiter(1, now=Clock())

    assert let_through(limiter, "ada")
    assert not let_through(limiter, "ada")
    assert let_through(limiter, "bob")


def test_no_limit_lets_everything_through() -> None:
    limiter = Limiter(0)

    assert all(let_through(limiter, "ada") for _ in range(1000))


def test_full_buckets_are_forgotten_and_empty_ones_kept() -> None:
    clock = Clock()
    limiter = Limiter(60, now=clock)
    while let_through(limiter, "ada"):
        pass
    for n in range(MOST_KNOWN // 2):
        limiter.take(n)
    clock.now += 2
    for n in range(MOST_KNOWN // 2 + 1):
        limiter.take(-n)

    assert len(limiter._buckets) < MOST_KNOWN
    assert sum(let_through(limiter, "ada") for _ in range(10)) == 2
