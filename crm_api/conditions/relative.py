"""Times that move along: `today`, `this_month-1m`, `now-36h`. A saved view says what it means, whenever it runs.

    anchor   now, today, this_week, this_month, this_quarter, this_year: their first moment
    offset   + or -, a number, and h, d, w, m, q or y; days where nothing is said

They are read in the zone of whoever looks, whose week begins on the day they chose: their today, not the server's.
"""

import re
from calendar import monthrange
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from crm_api.core import clock

ANCHORS = ("now", "today", "this_week", "this_month", "this_quarter", "this_year")
_WRITTEN = re.compile(rf"({'|'.join(ANCHORS)})(?:([+-][0-9]{{1,4}})([hdwmqy])?)?", re.IGNORECASE)
_MONTHS = {"m": 1, "q": 3, "y": 12}
_SPANS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


def moment(text: str, zone: str, *, week_starts_on: int = 1) -> datetime | None:
    """The aware instant a relative text means now, in `zone`; None for any other text.

    Raises OverflowError beyond the calendar. Days are calendar days: a day more over a change of the clocks
    is the same hour of the next day. The 31st of a shorter month is its last day.
    """
    found = _WRITTEN.fullmatch(text.strip())
    if found is None:
        return None
    here = clock.now().astimezone(ZoneInfo(zone))
    anchor, number, unit = found[1].lower(), int(found[2] or 0), (found[3] or "d").lower()
    first = _first_day(anchor, here.date(), week_starts_on)
    start = here if anchor == "now" else datetime.combine(first, time(), here.tzinfo)
    if unit in _MONTHS:
        return datetime.combine(_months_on(start.date(), number * _MONTHS[unit]), start.timetz())
    if unit == "h":
        return (start.astimezone(ZoneInfo("UTC")) + number * _SPANS[unit]).astimezone(here.tzinfo)
    return start + number * _SPANS[unit]


def is_settled(value: Any) -> bool:
    """Whether a value of a condition says today what it said yesterday. Of numbers with a point it is not known:
    JSON has no word for the one that is none."""
    if isinstance(value, list):
        return all(is_settled(one) for one in value)
    if isinstance(value, str):
        return not any(_WRITTEN.fullmatch(part.strip()) for part in value.split(","))
    return value is None or isinstance(value, int)


def _first_day(anchor: str, today: date, week_starts_on: int) -> date:
    match anchor:
        case "this_week":
            return today - timedelta(days=(today.isoweekday() - week_starts_on) % 7)
        case "this_month":
            return today.replace(day=1)
        case "this_quarter":
            return today.replace(month=(today.month - 1) // 3 * 3 + 1, day=1)
        case "this_year":
            return today.replace(month=1, day=1)
        case _:
            return today


def _months_on(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if not 1 <= year <= 9998:
        raise OverflowError(year)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
