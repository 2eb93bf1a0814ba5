"""When an automatic mail may be sent: on which days, between which local times.

All arithmetic compares instants in UTC; wall-clock times are turned into instants one date at a time, so
that the two hours a year which do not exist or exist twice cost at most a shorter window. The start of a
window takes the first of two equal wall-clock times, its end the second; a window that falls into the
missing hour is empty, and the next day is taken.
"""

import hashlib
from collections.abc import Container
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

LONGEST_SEARCH = 400  # days; a calendar that is closed longer is a mistake to be shown, not to be waited for


@dataclass(frozen=True, slots=True)
class SendWindow:
    """`days` are ISO weekdays (Monday 1 … Sunday 7); `start` and `end` local times.

    An end at or before the start lies on the next day, so that 00:00-00:00 is the whole day, and an
    overnight window belongs to the day it starts on.
    """

    days: frozenset[int] = frozenset(range(1, 6))
    start: time = time(9)
    end: time = time(17)

    def __post_init__(self) -> None:
        if not self.days or not self.days <= set(range(1, 8)):
            raise ValueError("days must be weekdays from 1 (Monday) to 7 (Sunday)")
        if self.start.tzinfo or self.end.tzinfo:
            raise ValueError("a window's times are local times")


ALWAYS = SendWindow(frozenset(range(1, 8)), time(0), time(0))


def bounds(window: SendWindow, day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The window that starts on `day`, as instants in UTC; empty where the end is not after the start."""
    last = day if window.end > window.start else day + timedelta(days=1)
    start = datetime.combine(day, window.start, zone).replace(fold=0)
    end = datetime.combine(last, window.end, zone).replace(fold=1)
    return start.astimezone(UTC), end.astimezone(UTC)


def next_opening(
    window: SendWindow, zone: ZoneInfo, not_before: datetime, *, closed: Container[date] = frozenset()
) -> datetime | None:
    """The first instant (UTC) at or after `not_before` at which the window is open.

    `closed` holds the local dates on which nothing is sent. None where nothing opens within 400 days.
    """
    # An overnight window that began yesterday may still be open.
    first = not_before.astimezone(zone).date() - timedelta(days=1)
    for offset in range(LONGEST_SEARCH + 2):
        day = first + timedelta(days=offset)
        if day.isoweekday() not in window.days or day in closed:
            continue
        start, end = bounds(window, day, zone)
        opening = max(start, not_before.astimezone(UTC))
        if opening < end:
            return opening
    return None


def is_open(
    window: SendWindow, zone: ZoneInfo, at: datetime, *, closed: Container[date] = frozenset()
) -> bool:
    """Whether an automatic mail may be sent at the instant `at`."""
    return next_opening(window, zone, at, closed=closed) == at


def local_days_later(at: datetime, days: int, zone: ZoneInfo) -> datetime:
    """The same wall-clock time `days` calendar days later, in UTC: across a change of the clock this is not
    the same as adding 24 hours."""
    local = at.astimezone(zone)
    return datetime.combine(local.date() + timedelta(days=days), local.time(), zone).astimezone(UTC)


def spread(opening: datetime, window: SendWindow, zone: ZoneInfo, *, key: str, within: timedelta) -> datetime:
    """`opening` moved by a fixed part of `within` that follows from `key`, never past the window's end.

    Mails that become due together leave one by one, and planning the same mail again gives the same time.
    """
    share = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big") / 2**64
    moved = opening + within * share
    return moved if is_open(window, zone, moved) else opening
