"""How values read on a page: times in the reader's zone, distances, durations, numbers."""

import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from crm_api.core import clock


def wall(instant: datetime, zone: str) -> str:
    """The time of day in a zone: 09:05."""
    return instant.astimezone(ZoneInfo(zone)).strftime("%H:%M")


def when(instant: datetime, zone: str) -> str:
    """As near as needed to today: 14:05, tomorrow 09:00, Mon 09:00, 3 Mar, 3 Mar 2025."""
    here, today = instant.astimezone(ZoneInfo(zone)), clock.now().astimezone(ZoneInfo(zone)).date()
    days = (here.date() - today).days
    if days == 0:
        return f"{here:%H:%M}"
    if abs(days) == 1:
        return f"{'tomorrow' if days == 1 else 'yesterday'} {here:%H:%M}"
    if 1 < days < 7:
        return f"{here:%a %H:%M}"
    return f"{here.day} {here:%b}" if here.year == today.year else f"{here.day} {here:%b %Y}"


def greeting(zone: str) -> str:
    """Good morning until noon, good afternoon until six, then good evening."""
    hour = clock.now().astimezone(ZoneInfo(zone)).hour
    return "Good morning" if 4 <= hour < 12 else "Good afternoon" if 12 <= hour < 18 else "Good evening"


def long_day(day: date) -> str:
    """Saturday 21 November."""
    return f"{day:%A} {day.day} {day:%B}"


def duration(seconds: float) -> str:
    """Minutes, or hours and minutes: 45 min, 2 h, 3 h 20 min."""
    hours, minutes = divmod(round(seconds / 60), 60)
    if not hours:
        return f"{minutes} min"
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def distance(metres: float) -> str:
    """Kilometres, with one decimal below ten: 4.2 km, 38 km."""
    kilometres = metres / 1000
    return f"{kilometres:.1f} km" if kilometres < 9.95 else f"{kilometres:,.0f} km"


def number(value: Any) -> str:
    """A number with thousands separators and two decimals at most; other values as they are."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    return f"{value:,}" if isinstance(value, int) else f"{value:,.2f}".rstrip("0").rstrip(".")


def quantity(value: Any, unit: str | None) -> str:
    """A number with its unit; a dash where there is none."""
    if value is None:
        return "–"
    if unit is None:
        return number(value)
    if re.fullmatch("[A-Z]{3}", unit) and isinstance(value, float):  # an amount in a currency
        return f"{value:,.2f} {unit}"
    return f"{number(value)} %" if unit in ("%", "percent") else f"{number(value)} {unit}"


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


def counted(count: int, noun: str) -> str:
    """1 visit, 2 visits."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def initials(name: str) -> str:
    """Two letters that stand for a person."""
    words = [word for word in name.split() if word[0].isalnum()]
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper()


FILTERS: dict[str, Callable[..., str]] = {
    "wall": wall, "when": when, "long_day": long_day, "duration": duration, "distance": distance,
    "number": number, "quantity": quantity, "words": words, "counted": counted, "initials": initials,
}  # fmt: skip
