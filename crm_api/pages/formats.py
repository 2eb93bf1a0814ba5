"""How values read on a page: times in the reader's zone, distances, durations, numbers, as the reader likes them.

The reader's locale decides order and marks (CLDR, through Babel): 3 Mar 2026 or Mar 3, 2026, 1,234.5 or
1.234,5, 14:05 or 2:05 PM. The words are those of the pages.
"""

import re
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale
from babel.numbers import NumberPattern, get_currency_symbol
from jinja2 import pass_context
from jinja2.runtime import Context

from crm_api.core import clock
from crm_api.core.hours import said_days, said_hours
from crm_api.core.money import decimals

WORDS = Locale("en")
MILE = 1609.344  # metres


@dataclass(frozen=True, slots=True)
class Style:
    """How one reader wants values written; `locale` is a tag such as en-US, `distance_unit` km or mi."""

    locale: str = "en-GB"
    distance_unit: str = "km"


PLAIN = Style()


@cache
def _cldr(tag: str) -> Locale:
    return Locale.parse(tag, sep="-")


@cache
def _number_pattern(tag: str, least: int, most: int) -> NumberPattern:
    pattern: NumberPattern = copy(_cldr(tag).decimal_formats[None])
    pattern.frac_prec = (least, most)
    return pattern


def _written(value: float, style: Style, least: int, most: int) -> str:
    return str(_number_pattern(style.locale, least, most).apply(value, _cldr(style.locale)))


def _date(day: date, skeleton: str, otherwise: str, style: Style) -> str:
    """A date in the order of the reader's locale, in our words; `otherwise` where CLDR has no such pattern."""
    pattern = _cldr(style.locale).datetime_skeletons.get(skeleton)
    if pattern is None:
        return f"{day:{otherwise}}".replace(" 0", " ")
    return str(pattern.apply(day, WORDS))


def wall(instant: datetime, zone: str, style: Style = PLAIN) -> str:
    """The time of day in a zone: 09:05."""
    pattern = _cldr(style.locale).time_formats["short"]
    return str(pattern.apply(instant.astimezone(ZoneInfo(zone)), WORDS))


def when(instant: datetime, zone: str, style: Style = PLAIN) -> str:
    """As near as needed to today: 14:05, tomorrow 09:00, Mon 09:00, 3 Mar, 3 Mar 2025."""
    here, today = instant.astimezone(ZoneInfo(zone)), clock.now().astimezone(ZoneInfo(zone)).date()
    days, time = (here.date() - today).days, wall(instant, zone, style)
    if days == 0:
        return time
    if abs(days) == 1:
        return f"{'tomorrow' if days == 1 else 'yesterday'} {time}"
    if 1 < days < 7:
        return f"{here:%a} {time}"
    if here.year == today.year:
        return _date(here.date(), "MMMd", "%d %b", style)
    return _date(here.date(), "yMMMd", "%d %b %Y", style)


def greeting(zone: str) -> str:
    """Good morning until noon, good afternoon until six, then good evening."""
    hour = clock.now().astimezone(ZoneInfo(zone)).hour
    return "Good morning" if 4 <= hour < 12 else "Good afternoon" if 12 <= hour < 18 else "Good evening"


def long_day(day: date, style: Style = PLAIN) -> str:
    """Saturday 21 November."""
    if "MMMMEEEEd" in _cldr(style.locale).datetime_skeletons:
        return _date(day, "MMMMEEEEd", "", style)
    return f"{day:%A}, {_date(day, 'MMMMd', '%d %B', style)}"


def duration(seconds: float) -> str:
    """Minutes, or hours and minutes: 45 min, 2 h, 3 h 20 min."""
    hours, minutes = divmod(round(seconds / 60), 60)
    if not hours:
        return f"{minutes} min"
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def distance(metres: float, style: Style = PLAIN) -> str:
    """Kilometres or miles, with one decimal below ten: 4.2 km, 38 mi."""
    length = metres / (MILE if style.distance_unit == "mi" else 1000)
    places = 1 if length < 9.95 else 0
    return f"{_written(length, style, places, places)} {style.distance_unit}"


def number(value: Any, style: Style = PLAIN) -> str:
    """A number with thousands separators and two decimals at most; other values as they are."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    return _written(value, style, 0, 0 if isinstance(value, int) else 2)


def quantity(value: Any, unit: str | None, style: Style = PLAIN) -> str:
    """A number with its unit; a dash where there is none. An amount has the decimals of its currency."""
    if value is None:
        return "–"
    if unit is None:
        return number(value, style)
    if re.fullmatch("[A-Z]{3}", unit) and isinstance(value, float):  # an amount in a currency
        places = decimals(unit)
        return f"{_written(value, style, places, places)} {unit}"
    return f"{number(value, style)} {'%' if unit == 'percent' else unit}"


def period(label: Any) -> str:
    """A period as people say it: 2026-03 is Mar 2026, 2026-Q1 is Q1 2026; other labels as they are."""
    found = re.fullmatch(r"(\d{4})-(?:Q(\d)|(\d{2}))", str(label))
    if not found:
        return str(label)
    return f"Q{found[2]} {found[1]}" if found[2] else f"{date(int(found[1]), int(found[3]), 1):%b %Y}"


def words(value: Any) -> str:
    """A cell of text: periods as people say them, trade_show without the underscore, a dash for nothing."""
    if value is None:
        return "–"
    text = period(value)
    return text.replace("_", " ") if re.fullmatch(r"[a-z]+(_[a-z]+)+", text) else text


def counted(count: int, noun: str, style: Style = PLAIN) -> str:
    """1 visit, 2 visits."""
    return f"{number(count, style)} {noun}" if count == 1 else f"{number(count, style)} {noun}s"


def initials(name: str) -> str:
    """Two letters that stand for a person."""
    words = [word for word in name.split() if word[0].isalnum()]
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper()


def hue(name: str) -> int:
    """One of six colours, always the same for the same name."""
    return sum(name.encode()) % 6


SPELT = {"email": "E-mail", "sms": "SMS"}


def phrase(word: Any) -> str:
    """A word of ours as a person reads it: trade_show is Trade show."""
    text = SPELT.get(str(word), str(word)).replace("_", " ").strip()
    return text[:1].upper() + text[1:]


def amount(value: float | None, currency: str, style: Style = PLAIN) -> str:
    """An amount with the sign of its currency, and decimals only where there are any; a dash for none."""
    if value is None:
        return "–"
    places = decimals(currency) if value % 1 else 0
    return _with_sign(_written(abs(value), style, places, places), value, currency, style)


def short_amount(value: float | None, currency: str, style: Style = PLAIN) -> str:
    """The same in thousands or millions where there is little room: $351k."""
    if value is None:
        return "–"
    for size, mark in ((1_000_000_000, "bn"), (1_000_000, "m"), (10_000, "k")):
        if abs(value) >= size:
            unit = 1000 if mark == "k" else size
            places = 1 if abs(value) / unit < 100 else 0
            return _with_sign(
                f"{_written(abs(value) / unit, style, 0, places)}{mark}", value, currency, style
            )
    return _with_sign(_written(abs(value), style, 0, 0), value, currency, style)


def _with_sign(number: str, value: float, currency: str, style: Style) -> str:
    sign = _sign(currency, style.locale)
    minus = "−" if value < 0 else ""
    return f"{minus}{sign}{number}" if len(sign) == 1 else f"{minus}{sign} {number}"


@cache
def _sign(currency: str, locale: str) -> str:
    return get_currency_symbol(currency, locale=_cldr(locale)).removeprefix("US").strip() or currency


def ago(instant: datetime) -> str:
    """How long ago in one short word: now, 5 min, 3 h, 12 d, 4 mo, 2 y."""
    minutes = int((clock.now() - instant).total_seconds() // 60)
    for size, word in ((525_600, "y"), (43_800, "mo"), (1_440, "d"), (60, "h"), (1, "min")):
        if minutes >= size:
            return f"{minutes // size} {word}"
    return "now"


def day(value: date, style: Style = PLAIN) -> str:
    """A day: 3 Mar, with the year where it is another one."""
    if value.year == clock.now().year:
        return _date(value, "MMMd", "%d %b", style)
    return _date(value, "yMMMd", "%d %b %Y", style)


def _styled(write: Callable[..., str]) -> Callable[..., str]:
    """The same as a filter, which writes in the style of whoever reads the page."""

    @pass_context
    def styled(page: Context, *values: Any) -> str:
        return write(*values, style=page.get("style", PLAIN))

    return styled


STYLED = (wall, when, long_day, distance, number, quantity, counted, amount, short_amount, day)
FILTERS: dict[str, Callable[..., Any]] = {
    "hue": hue, "said_hours": said_hours, "said_days": said_days,
    "duration": duration, "words": words, "initials": initials, "phrase": phrase, "ago": ago,
    **{write.__name__: _styled(write) for write in STYLED},
}  # fmt: skip
