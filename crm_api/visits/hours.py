"""Opening hours and working days: from the wall clock of a place to the seconds `schedule` counts in.

Opening hours are JSON keyed by ISO weekday (1 is Monday), each with its windows in wall-clock time:
`{"1": [["08:00", "12:00"], ["13:30", "18:00"]], "6": [["09:00", "14:00"]]}`. A weekday that is not
there is closed; `24:00` is the end of the day.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from crm_api.core.errors import Invalid
from crm_api.visits.schedule import Window

WEEKDAYS = ("1", "2", "3", "4", "5", "6", "7")
DEALER_HOURS: Mapping[str, Any] = {
    **{day: [["08:00", "18:00"]] for day in WEEKDAYS[:5]},
    "6": [["09:00", "14:00"]],
}

_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)|24:00")


@dataclass(frozen=True)
class DayClock:
    """One calendar day of one zone: wall clock, seconds since midnight, and UTC, each into the other.

    Seconds are those that really pass: on the day clocks go forward at two, 08:00 is second 25,200.
    A time the clock skips means the one an hour later, a time it shows twice means the first.

    `busy` are times taken by something without a place, a call or an online meeting, apart from each other and
    given in seconds as they pass. They are cut out of the day: the seconds counted here stand still while one
    lasts. So whoever plans need not know of them: a drive or a lunch is interrupted, a visit lies beside them.
    """

    day: date
    zone: str
    busy: tuple[Window, ...] = ()

    @cached_property
    def midnight(self) -> datetime:
        """The instant the day begins, in UTC."""
        return datetime.combine(self.day, time(), ZoneInfo(self.zone)).astimezone(UTC)

    @cached_property
    def next_midnight(self) -> datetime:
        """The instant the day is over, in UTC."""
        return DayClock(self.day + timedelta(days=1), self.zone).midnight

    def passed(self, wall: str) -> int:
        """Seconds that have really passed since midnight when the clock shows `wall`; raises ValueError."""
        hour, minute = _parse(wall)
        days, hour = divmod(hour, 24)
        local = datetime.combine(self.day + timedelta(days=days), time(hour, minute), ZoneInfo(self.zone))
        return int((local.astimezone(UTC) - self.midnight).total_seconds())

    def seconds(self, wall: str) -> int:
        """Seconds of the day at which the clock shows `wall` ("08:30"); raises ValueError."""
        return self.less_busy(self.passed(wall))

    def seconds_at(self, instant: datetime) -> int:
        """Seconds of the day of an aware instant; negative or beyond the day where it is not in it."""
        return self.less_busy(int((instant - self.midnight).total_seconds()))

    def less_busy(self, passed: int) -> int:
        """Seconds that have passed, without those that were taken."""
        return passed - sum(
            min(max(passed - taken.opens, 0), taken.closes - taken.opens) for taken in self.busy
        )

    def instant(self, seconds: int, *, ends: bool = False) -> datetime:
        """The UTC instant of a second of the day. Where that second is a taken time, what begins then begins after
        it, and what `ends` then has ended before."""
        for taken in sorted(self.busy):
            if seconds > taken.opens or (seconds == taken.opens and not ends):
                seconds += taken.closes - taken.opens
        return self.midnight + timedelta(seconds=seconds)

    def wall(self, seconds: int, *, ends: bool = False) -> str:
        """What the clock on the wall shows then, "08:30"; seconds are cut off."""
        return self.instant(seconds, ends=ends).astimezone(ZoneInfo(self.zone)).strftime("%H:%M")

    def windows(self, hours: Mapping[str, Any]) -> tuple[Window, ...]:
        """The windows of `hours` (checked before) on this day, in order, taken times cut out."""
        pairs = hours.get(str(self.day.isoweekday())) or []
        whole = sorted(Window(self.passed(opens), self.passed(closes)) for opens, closes in pairs)
        free = whole
        for taken in self.busy:
            free = [part for window in free for part in _without(window, taken)]
        return tuple(Window(self.less_busy(w.opens), self.less_busy(w.closes)) for w in free)


def _without(window: Window, taken: Window) -> list[Window]:
    """What is left of a window, before and after the time taken."""
    parts = [
        (window.opens, min(window.closes, taken.opens)),
        (max(window.opens, taken.closes), window.closes),
    ]
    if taken.closes <= window.opens or taken.opens >= window.closes:
        return [window]
    return [Window(opens, closes) for opens, closes in parts if closes > opens]


def apart(taken: Iterable[Window]) -> tuple[Window, ...]:
    """Taken times in order, those that touch or overlap made one."""
    merged: list[Window] = []
    for window in sorted(taken):
        if merged and window.opens <= merged[-1].closes:
            merged[-1] = Window(merged[-1].opens, max(merged[-1].closes, window.closes))
        else:
            merged.append(window)
    return tuple(merged)


def check_hours(hours: Any, *, field: str = "opening_hours") -> dict[str, list[list[str]]]:
    """Opening hours as they are stored, windows in order; raises Invalid naming the weekday at fault."""
    if not isinstance(hours, Mapping):
        raise Invalid.field(field, 'give an object like {"1": [["08:00", "18:00"]]}, 1 is Monday')
    checked: dict[str, list[list[str]]] = {}
    for weekday, windows in hours.items():
        place = f"{field}.{weekday}"
        if str(weekday) not in WEEKDAYS:
            raise Invalid.field(place, "weekdays run from 1 (Monday) to 7 (Sunday)")
        checked[str(weekday)] = _check_windows(windows, place)
    return dict(sorted(checked.items()))


def check_wall(value: Any) -> str:
    """The time of day itself, "08:30"; raises ValueError."""
    _parse(value)
    return str(value)


def _check_windows(windows: Any, place: str) -> list[list[str]]:
    if not isinstance(windows, list | tuple):
        raise Invalid.field(place, 'give a list of windows like [["08:00", "18:00"]]')
    pairs: list[list[str]] = []
    for window in windows:
        if not (isinstance(window, list | tuple) and len(window) == 2):
            raise Invalid.field(place, 'a window is two times, ["08:00", "18:00"]')
        try:
            opens, closes = _parse(window[0]), _parse(window[1])
        except ValueError as error:
            raise Invalid.field(place, str(error)) from None
        if closes <= opens:
            raise Invalid.field(place, f"{window[0]} to {window[1]} closes before it opens")
        pairs.append([window[0], window[1]])
    pairs.sort()
    for before, after in pairwise(pairs):
        if after[0] < before[1]:
            raise Invalid.field(place, f"{after[0]} to {after[1]} overlaps {before[0]} to {before[1]}")
    return pairs


def _parse(wall: Any) -> tuple[int, int]:
    if not (isinstance(wall, str) and _CLOCK.fullmatch(wall)):
        raise ValueError(f"{wall!r} is not a time of day like 08:30")
    return int(wall[:2]), int(wall[3:])
