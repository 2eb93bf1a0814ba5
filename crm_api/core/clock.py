"""The one place that knows what time it is, so that a test can hold it still."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

_source: Callable[[], datetime] | None = None


def now() -> datetime:
    """The current instant, aware, in UTC."""
    return _source() if _source else datetime.now(UTC)


def today(zone: str = "UTC") -> date:
    """The calendar day it is in `zone` (an IANA name)."""
    return now().astimezone(ZoneInfo(zone)).date()


@contextmanager
def frozen(at: datetime) -> Iterator[None]:
    """Hold `now()` at one aware instant, in this process, for as long as the block runs."""
    global _source
    if at.tzinfo is None:
        raise ValueError("a frozen instant must be aware")
    before, _source = _source, lambda: at.astimezone(UTC)
    try:
        yield
    finally:
        _source = before
