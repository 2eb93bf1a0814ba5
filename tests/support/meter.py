"""A SpendMeter that keeps what was paid for, and may have a limit."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from crm_api.ports import PaidCall, PermanentFailure


class Meter:
    """`calls` are those that were let through; `micros` is what they cost in all."""

    def __init__(self, limit: int | None = None) -> None:
        self.calls: list[PaidCall] = []
        self._limit = limit

    @property
    def micros(self) -> int:
        return sum(call.micros for call in self.calls)

    @asynccontextmanager
    async def paying(self, call: PaidCall) -> AsyncIterator[None]:
        if self._limit is not None and self.micros + call.micros > self._limit:
            raise PermanentFailure("The monthly limit is reached.")
        self.calls.append(call)
        yield
