"""A period of time, symbolic and resolved.

A plan keeps what was said ("last quarter"), so that it can be run again next week; `Period.resolve` turns
that into days, given today and the month the fiscal year starts in. Every resolved window is half-open,
[start, end), and an open side is None. Weeks start on Monday (ISO 8601).
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict

Unit = Literal["day", "week", "month", "quarter", "half", "year"]
Form = Literal["calendar", "relative", "rolling", "to_date", "ago", "weekday", "span"]

MONTHS = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS_IN: dict[str, int] = {"day": 0, "week": 0, "month": 1, "quarter": 3, "half": 6, "year": 12}


@dataclass(frozen=True, slots=True)
class Window:
    """The days from `start` up to, not including, `end`; None is an open side."""

    start: date | None
    end: date | None

    def days_from(self, day: date) -> int:
        """How many days lie between a day and this window, nought where it is inside. For windows with both ends."""
        assert self.start
        assert self.end
        return max((self.start - day).days, (day - self.end).days + 1, 0)

    def instants(self, zone: str) -> tuple[datetime | None, datetime | None]:
        """The same window as aware instants: each side at midnight in `zone` (an IANA name)."""
        at = ZoneInfo(zone)
        start = datetime.combine(self.start, time(), at) if self.start else None
        return start, datetime.combine(self.end, time(), at) if self.end else None


_IN_YEAR = {"month": 12, "quarter": 4, "half": 2, "year": 1}


class Period(BaseModel):
    """A period as it was said.

    calendar: the `index`-th `unit` of `year` (a day takes `day`; a year of None is the latest that has begun, or with
              `nearest` the one nearest to today, before or after it)
    relative: the calendar `unit` that is `offset` from the current one ("last month" is -1)
    rolling:  `n` units that end with today (n < 0) or start with it (n > 0)
    to_date:  from the start of the current `unit` through today
    ago:      the one day that is `n` units away from today
    weekday:  the `index`-th day (0 is Monday) of the week that is `offset` away; None is the latest past one
    span:     from the start of `first` to the end of `last`, either of which may be open; `shut_out` leaves
              the days of the named end itself out ("after May")
    """

    model_config = ConfigDict(frozen=True)

    form: Form
    unit: Unit = "day"
    offset: int | None = None
    n: int = 0
    year: int | None = None
    index: int = 1
    day: date | None = None
    month_day: tuple[int, int] | None = None
    fiscal: bool = False
    first: "Period | None" = None
    last: "Period | None" = None
    shut_out: bool = False
    nearest: bool = False

    def resolve(self, today: date, fiscal_start: int = 1, week_start: int = 1) -> Window:
        """The days meant. `fiscal_start` is the month (1-12) the fiscal year begins in, `week_start` the ISO
        weekday a week does.

        A fiscal year is named after the calendar year it ends in.
        """
        match self.form:
            case "calendar":
                return self._calendar(today, fiscal_start, week_start)
            case "relative":
                here = _floor(today, self.unit, fiscal_start if self.fiscal else 1, week_start)
                return Window(
                    _shift(here, self.unit, self.offset or 0), _shift(here, self.unit, (self.offset or 0) + 1)
                )
            case "rolling" if self.n < 0:
                tomorrow = today + timedelta(days=1)
                return Window(_shift(tomorrow, self.unit, self.n), tomorrow)
            case "rolling":
                return Window(today, _shift(today, self.unit, self.n))
            case "to_date":
                start = _floor(today, self.unit, fiscal_start if self.fiscal else 1, week_start)
                return Window(start, today + timedelta(days=1))
            case "ago":
                return _one_day(_shift(today, self.unit, self.n))
            case "weekday":
                return self._weekday(today, week_start)
            case _:
                return self._span(today, fiscal_start, week_start)

    def _calendar(self, today: date, fiscal_start: int, week_start: int) -> Window:
        if self.day:
            first = _floor(self.day, self.unit, 1, week_start)
            return Window(first, _shift(first, self.unit, 1))
        if self.year is None and self.nearest:
            years = (
                self.with_year(today.year + n)._calendar(today, fiscal_start, week_start) for n in (0, 1, -1)
            )
            return min(years, key=lambda window: window.days_from(today))
        if self.year is None:
            here = self.model_copy(update={"year": today.year + 1})
            while (window := here._calendar(today, fiscal_start, week_start)).start and window.start > today:
                here = here.model_copy(update={"year": (here.year or 0) - 1})
            return window
        if self.month_day:
            month, day = self.month_day
            return _one_day(_safe_date(self.year, month, day))
        first = _fiscal_first(self.year, fiscal_start) if self.fiscal else date(self.year, 1, 1)
        if self.unit == "year":
            return Window(first, _shift(first, "year", 1))
        return Window(_shift(first, self.unit, self.index - 1), _shift(first, self.unit, self.index))

    def _weekday(self, today: date, week_start: int) -> Window:
        if self.offset is None:
            return _one_day(today - timedelta(days=(today.weekday() - self.index) % 7))
        first = _floor(today, "week", 1, week_start)
        into = (self.index + 1 - week_start) % 7
        return _one_day(first + timedelta(days=7 * self.offset + into))

    def _span(self, today: date, fiscal_start: int, week_start: int) -> Window:
        first = self.first.resolve(today, fiscal_start, week_start) if self.first else None
        last = self.last.resolve(today, fiscal_start, week_start) if self.last else None
        start = (first.end if self.shut_out else first.start) if first else None
        end = (last.start if self.shut_out else last.end) if last else None
        if start and end and start > end:
            start, end = (last.start, first.end) if last and first else (start, end)
        return Window(start, end)

    def with_year(self, year: int | None) -> "Period":
        """The same month, quarter or day in `year`, where none was said ("March and May 2017")."""
        if self.form == "calendar" and self.year is None and self.day is None:
            return self.model_copy(update={"year": year})
        if self.form == "span":
            return self.model_copy(
                update={
                    "first": self.first and self.first.with_year(year),
                    "last": self.last and self.last.with_year(year),
                }
            )
        return self

    def planned(self) -> "Period":
        """The same period of a date that is set beforehand: "due before December" is the December that is nearest."""
        if self.form == "span":
            return self.model_copy(
                update={
                    "first": self.first and self.first.planned(),
                    "last": self.last and self.last.planned(),
                }
            )
        return self.model_copy(update={"nearest": True}) if self.names_no_year else self

    def beside(self, other: "Period") -> "Period | None":
        """The neighbour of a named month, quarter or year that `other` ("the previous quarter") means, if it does."""
        if self.form != "calendar" or not self.year or self.day or self.month_day or other.form != "relative":
            return None
        if other.unit != self.unit or self.fiscal != other.fiscal or self.unit not in _IN_YEAR:
            return None
        many = _IN_YEAR[self.unit]
        place = self.year * many + max(self.index, 1) - 1 + (other.offset or 0)
        index = place % many + 1 if self.unit != "year" else self.index
        return self.model_copy(update={"year": place // many, "index": index})

    @property
    def sort_key(self) -> tuple[int, float] | None:
        """Where a calendar period stands among others of the same unit, None where that is not told by its words."""
        if self.form == "calendar" and self.year and not self.day:
            return self.year, self.index
        return None

    @property
    def lies_ahead(self) -> bool:
        """Whether it begins after today, as far as the words alone tell ("next year")."""
        return (self.form == "relative" and (self.offset or 0) > 0) or (
            self.form in ("rolling", "ago") and self.n > 0
        )

    @property
    def is_running(self) -> bool:
        """Whether today is in it, as far as the words alone tell ("this month")."""
        if self.form == "span":
            return self.last is not None and (self.last.is_running or self.last.lies_ahead)
        return self.form == "relative" and self.offset == 0

    @property
    def names_no_year(self) -> bool:
        """Whether it is a month, quarter or day of the year and nobody said of which."""
        if self.form == "span":
            return any(side.names_no_year for side in (self.first, self.last) if side)
        return self.form == "calendar" and self.year is None and self.day is None

    @property
    def named_year(self) -> int | None:
        """The year that was said, for periods beside it that name none."""
        if self.form == "span":
            sides = [side.named_year for side in (self.last, self.first) if side]
            return next((year for year in sides if year), None)
        return self.day.year if self.day else self.year

    def words(self) -> str:
        """The period in English, as read back to the asker."""
        match self.form:
            case "calendar":
                return self._calendar_words()
            case "relative":
                unit = f"fiscal {self.unit}" if self.fiscal else self.unit
                if self.unit == "day":
                    return {0: "today", -1: "yesterday", 1: "tomorrow"}[self.offset or 0]
                return f"{ {0: 'this', -1: 'last', 1: 'next'}[self.offset or 0] } {unit}"
            case "rolling":
                return f"the {'last' if self.n < 0 else 'next'} {_count(abs(self.n), self.unit)}"
            case "to_date":
                return f"this {'fiscal ' if self.fiscal else ''}{self.unit} to date"
            case "ago":
                return (
                    f"{_count(abs(self.n), self.unit)} ago"
                    if self.n < 0
                    else f"in {_count(self.n, self.unit)}"
                )
            case "weekday":
                lead = {None: "", -1: "last week's ", 0: "this week's ", 1: "next week's "}[self.offset]
                return lead + WEEKDAYS[self.index].capitalize()
            case _:
                return self._span_words()

    def _calendar_words(self) -> str:
        year = f" {self.year}" if self.year else ""
        if self.day:
            return f"{'the week of ' if self.unit == 'week' else ''}{self.day.isoformat()}"
        if self.month_day:
            return f"{self.month_day[1]} {MONTHS[self.month_day[0] - 1].capitalize()}{year}"
        fiscal = "fiscal " if self.fiscal else ""
        match self.unit:
            case "month":
                return f"{MONTHS[self.index - 1].capitalize()}{year}"
            case "quarter":
                return f"{fiscal}Q{self.index}{year}"
            case "half":
                return f"{fiscal}H{self.index}{year}"
            case _:
                return f"{fiscal}{self.year}"

    def _span_words(self) -> str:
        if self.first and self.last:
            return f"{self.first.words()} to {self.last.words()}"
        if self.first:
            return f"{'after' if self.shut_out else 'since'} {self.first.words()}"
        assert self.last
        return f"{'before' if self.shut_out else 'through'} {self.last.words()}"


def _count(n: int, unit: str) -> str:
    return f"{n} {unit}{'' if n == 1 else 's'}"


def _one_day(day: date) -> Window:
    return Window(day, day + timedelta(days=1))


def _safe_date(year: int, month: int, day: int) -> date:
    """29 February in a common year is the 28th: a question must not fail on it."""
    while True:
        try:
            return date(year, month, day)
        except ValueError:
            day -= 1


def _shift(day: date, unit: str, n: int) -> date:
    """`n` units later; a month end stays inside its month (31 January + 1 month is 28 or 29 February)."""
    if unit in ("day", "week"):
        return day + timedelta(days=n * (7 if unit == "week" else 1))
    months = day.year * 12 + day.month - 1 + n * _MONTHS_IN[unit]
    return _safe_date(months // 12, months % 12 + 1, day.day)


def _fiscal_first(year: int, fiscal_start: int) -> date:
    return date(year if fiscal_start == 1 else year - 1, fiscal_start, 1)


def _floor(day: date, unit: str, year_start: int, week_start: int) -> date:
    """The first day of the unit that holds `day`: years start with month `year_start`, weeks with the ISO weekday
    `week_start`."""
    if unit == "day":
        return day
    if unit == "week":
        return day - timedelta(days=(day.isoweekday() - week_start) % 7)
    into = (day.month - year_start) % 12
    return _shift(day.replace(day=1), "month", -(into % _MONTHS_IN[unit]))
