"""The fiscal calendar: months, quarters and years that begin with the organisation's fiscal year."""

from datetime import date, datetime, time
from typing import Literal
from zoneinfo import ZoneInfo

Period = Literal["month", "quarter", "year"]
MONTHS: dict[str, int] = {"month": 1, "quarter": 3, "year": 12}


def first_day(period: str, day: date, *, start_month: int) -> date:
    """The first day of the period that `day` lies in, where fiscal years begin with `start_month`."""
    into = (day.month - start_month) % 12 % MONTHS[period]
    return months_later(day.replace(day=1), -into)


def months_later(first: date, months: int) -> date:
    """The first day of the month so many months later (or, negative, before). `first` is a first day itself."""
    years, month = divmod(first.month - 1 + months, 12)
    return date(first.year + years, month + 1, 1)


def midnight(day: date, zone: str) -> datetime:
    """The instant a day begins in a zone."""
    return datetime.combine(day, time(), ZoneInfo(zone))
