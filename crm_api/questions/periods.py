"""Periods of time as people write them: "last quarter", "Q3 2017", "since May", "between March and June".

Two steps, so that a plan can be kept and run again next week: `read` turns words into a symbolic `Period`,
and `Period.resolve` turns that into days, given today and the month the fiscal year starts in. Every
resolved window is half-open, [start, end), and an open side is None. Weeks start on Monday (ISO 8601).

No library is used: on 25 phrases of this trade none of those tried was right more than half of the time
("last 60 days" went forward, "Q3 2017" became 20:17).
"""

import re
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

    def instants(self, zone: str) -> tuple[datetime | None, datetime | None]:
        """The same window as aware instants: each side at midnight in `zone` (an IANA name)."""
        at = ZoneInfo(zone)
        start = datetime.combine(self.start, time(), at) if self.start else None
        return start, datetime.combine(self.end, time(), at) if self.end else None


class Period(BaseModel):
    """A period as it was said.

    calendar: the `index`-th `unit` of `year` (a day takes `day`; a year of None is the latest that has begun)
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

    def resolve(self, today: date, fiscal_start: int = 1) -> Window:
        """The days meant. `fiscal_start` is the month (1-12) the fiscal year begins in.

        A fiscal year is named after the calendar year it ends in.
        """
        match self.form:
            case "calendar":
                return self._calendar(today, fiscal_start)
            case "relative":
                here = _floor(today, self.unit, fiscal_start if self.fiscal else 1)
                return Window(
                    _shift(here, self.unit, self.offset or 0), _shift(here, self.unit, (self.offset or 0) + 1)
                )
            case "rolling" if self.n < 0:
                tomorrow = today + timedelta(days=1)
                return Window(_shift(tomorrow, self.unit, self.n), tomorrow)
            case "rolling":
                return Window(today, _shift(today, self.unit, self.n))
            case "to_date":
                start = _floor(today, self.unit, fiscal_start if self.fiscal else 1)
                return Window(start, today + timedelta(days=1))
            case "ago":
                return _one_day(_shift(today, self.unit, self.n))
            case "weekday":
                return self._weekday(today)
            case _:
                return self._span(today, fiscal_start)

    def _calendar(self, today: date, fiscal_start: int) -> Window:
        if self.day:
            return _one_day(self.day)
        if self.year is None:
            here = self.model_copy(update={"year": today.year + 1})
            while (window := here._calendar(today, fiscal_start)).start and window.start > today:
                here = here.model_copy(update={"year": (here.year or 0) - 1})
            return window
        if self.month_day:
            month, day = self.month_day
            return _one_day(_safe_date(self.year, month, day))
        first = _fiscal_first(self.year, fiscal_start) if self.fiscal else date(self.year, 1, 1)
        if self.unit == "year":
            return Window(first, _shift(first, "year", 1))
        return Window(_shift(first, self.unit, self.index - 1), _shift(first, self.unit, self.index))

    def _weekday(self, today: date) -> Window:
        if self.offset is None:
            return _one_day(today - timedelta(days=(today.weekday() - self.index) % 7))
        monday = today - timedelta(days=today.weekday())
        return _one_day(monday + timedelta(days=7 * self.offset + self.index))

    def _span(self, today: date, fiscal_start: int) -> Window:
        first = self.first.resolve(today, fiscal_start) if self.first else None
        last = self.last.resolve(today, fiscal_start) if self.last else None
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
            return self.day.isoformat()
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


def _floor(day: date, unit: str, year_start: int) -> date:
    """The first day of the unit that holds `day`, in a year that starts with month `year_start`."""
    if unit == "day":
        return day
    if unit == "week":
        return day - timedelta(days=day.weekday())
    into = (day.month - year_start) % 12
    return _shift(day.replace(day=1), "month", -(into % _MONTHS_IN[unit]))


# ── Reading ──────────────────────────────────────────────────────────────────────────────────────

_NUMBER_WORDS = {
    word: n
    for n, word in enumerate(
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
        ]
    )
} | {"a couple of": 2, "couple of": 2, "few": 3, "thirty": 30, "sixty": 60, "ninety": 90}
_UNITS: dict[str, Unit] = {
    "day": "day",
    "week": "week",
    "wk": "week",
    "month": "month",
    "mth": "month",
    "quarter": "quarter",
    "qtr": "quarter",
    "half year": "half",
    "half-year": "half",
    "half": "half",
    "year": "year",
    "yr": "year",
}
_ORDINALS = {
    "first": 1,
    "second": 2,
    "third": 3,
    "fourth": 4,
    "1st": 1,
    "2nd": 2,
    "3rd": 3,
    "4th": 4,
    "last": 4,
}

_MONTH = "|".join(f"{name}|{name[:3]}" for name in MONTHS) + "|sept"
_WEEKDAY = "|".join(f"{name}|{name[:4]}|{name[:3]}" for name in WEEKDAYS)
_UNIT = "|".join(sorted(_UNITS, key=len, reverse=True))
_N = r"\d{1,3}|" + "|".join(sorted(_NUMBER_WORDS, key=len, reverse=True))
_YEAR = r"(?:19|20)\d\d"
_OF_YEAR = rf"(?:,? (?:of |in )?(?P<year>{_YEAR})(?![\d-])| ?['’](?P<short>\d\d)\b)?"
_FY = r"(?:f\.?y\.?|fiscal year|financial year|fiscal|financial)"
_DAY_N = r"(?P<d>[0-3]?\d)(?:st|nd|rd|th)?"


def _re(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"(?:{pattern})(?![\w])")


_ISO_DAY = _re(rf"(?P<y>{_YEAR})-(?P<m>[01]?\d)-(?P<d>[0-3]?\d)")
_ISO_PART = _re(rf"(?P<y>{_YEAR})[- ]?(?:(?P<m>0[1-9]|1[0-2])(?<=-\d\d)|q(?P<q>[1-4])|h(?P<h>[12]))")
_NUMERIC_DAY = _re(rf"(?P<a>[0-3]?\d)(?P<sep>[./])(?P<b>[0-3]?\d)(?P=sep)(?P<y>{_YEAR}|\d\d)")
_DAY_MONTH = _re(rf"(?:the )?{_DAY_N} (?:of )?(?P<m>{_MONTH})\.?{_OF_YEAR}")
_MONTH_DAY = _re(rf"(?P<m>{_MONTH})\.? (?:the )?{_DAY_N}(?!\d){_OF_YEAR}")
_MONTH_YEAR = _re(rf"(?:the month of )?(?P<m>{_MONTH})\.?{_OF_YEAR}")
_QUARTER = _re(
    rf"(?:the )?(?:q(?:uarter |tr )?(?P<n>[1-4])|(?P<o>first|second|third|fourth|last|1st|2nd|3rd|4th) (?:quarter|qtr))"
    rf"(?: (?:of )?(?P<fy>{_FY}) ?(?P<fyear>{_YEAR}|\d\d)|{_OF_YEAR})"
)
_HALF = _re(
    r"(?:the )?(?:h(?P<n>[12])|(?P<o>first|second|1st|2nd) half)"
    rf"(?: (?:of )?(?P<fy>{_FY}) ?(?P<fyear>{_YEAR}|\d\d)|{_OF_YEAR})"
)
_YEAR_ONLY = _re(rf"(?:the )?(?:(?:calendar )?year )?(?P<y>{_YEAR})")
_FISCAL_YEAR = _re(rf"{_FY} ?['’]?(?P<y>{_YEAR}|\d\d)(?:[-/](?P<to>\d\d(?:\d\d)?))?")
_RELATIVE = _re(
    r"(?:the )?(?P<w>this|current|last|previous|prior|next|coming|upcoming|following) "
    rf"(?P<f>{_FY} ?)?(?P<u>{_UNIT}|fortnight)?(?<! )"
)
_ROLLING = _re(
    r"(?:within |over |in |during |for )?(?:the )?"
    r"(?P<w>last|past|previous|prior|next|coming|upcoming|following) "
    rf"(?P<n>{_N}) (?P<u>{_UNIT}|fortnight)s?"
)
_PAST_UNIT = _re(rf"(?:the )?past (?P<u>{_UNIT}|fortnight)")
_WITHIN = _re(rf"within (?P<n>{_N}) (?P<u>{_UNIT}|fortnight)s?")
_TO_DATE = _re(
    r"(?P<a>ytd|qtd|mtd|wtd|fytd)|(?:the )?(?P<u>year|quarter|month|week)[- ]to[- ]date"
    r"|(?:so far )?this (?P<s>year|quarter|month|week) so far"
)
_AGO = _re(rf"(?P<n>{_N}) (?P<u>{_UNIT}|fortnight)s? ago")
_DAY_WORD = _re(r"(?:the )?(?P<w>day before yesterday|day after tomorrow|yesterday|today|tonight|tomorrow)")
_DAY_OFFSETS = {"yesterday": -1, "today": 0, "tonight": 0, "tomorrow": 1}
_NAMED_DAY = _re(rf"(?:(?P<w>last|this|next) )?(?P<d>{_WEEKDAY})")
_WEEK_OF = re.compile(r"(?:the )?week (?:of|starting|beginning|commencing) ")


def _int(word: str) -> int:
    return int(word) if word.isdigit() else _NUMBER_WORDS[word]


def _full_year(text: str | None) -> int | None:
    return None if not text else int(text) if len(text) == 4 else 2000 + int(text)


def _month(text: str) -> int:
    return next(n for n, name in enumerate(MONTHS, 1) if name.startswith(text[:3]))


def _units(m: re.Match[str]) -> tuple[Unit, int]:
    """The unit and how many of it one word means: a fortnight is two weeks."""
    return ("week", 2) if m["u"] == "fortnight" else (_UNITS[m["u"]], 1)


def _day(year: int, month: int, day: int) -> Period | None:
    try:
        return Period(form="calendar", unit="day", day=date(year, month, day))
    except ValueError:
        return None


def _dated(m: re.Match[str]) -> Period | None:
    month, day = _month(m["m"]), int(m["d"])
    year = _full_year(m["year"] or m["short"])
    if year:
        return _day(year, month, day)
    return Period(form="calendar", unit="day", month_day=(month, day)) if 1 <= day <= 31 else None


def _part(unit: Unit, index: int, m: re.Match[str]) -> Period:
    fiscal = bool(m["fy"])
    year = _full_year(m["fyear"] if fiscal else m["year"] or m["short"])
    return Period(form="calendar", unit=unit, index=index, year=year, fiscal=fiscal)


def _atom(text: str, at: int, day_first: bool) -> tuple[Period, int] | None:
    """The longest single period that starts exactly at `at`; patterns are tried from the most to the least specific."""
    found: list[tuple[Period, int]] = []

    def add(period: Period | None, m: re.Match[str]) -> None:
        if period:
            found.append((period, m.end()))

    if m := _ISO_DAY.match(text, at):
        add(_day(int(m["y"]), int(m["m"]), int(m["d"])), m)
    elif m := _ISO_PART.match(text, at):
        unit: Unit = "month" if m["m"] else "quarter" if m["q"] else "half"
        add(Period(form="calendar", unit=unit, index=int(m["m"] or m["q"] or m["h"]), year=int(m["y"])), m)
    if m := _NUMERIC_DAY.match(text, at):
        a, b, year = int(m["a"]), int(m["b"]), _full_year(m["y"]) or 0
        day, month = (a, b) if (day_first or a > 12) and b <= 12 else (b, a)
        add(_day(year, month, day), m)
    for pattern in (_DAY_MONTH, _MONTH_DAY):
        if m := pattern.match(text, at):
            add(_dated(m), m)
    if m := _MONTH_YEAR.match(text, at):
        add(
            Period(
                form="calendar", unit="month", index=_month(m["m"]), year=_full_year(m["year"] or m["short"])
            ),
            m,
        )
    if (m := _QUARTER.match(text, at)) and (m["o"] != "last" or m["year"]):  # "last quarter" is relative
        add(_part("quarter", int(m["n"] or _ORDINALS[m["o"]]), m), m)
    if m := _HALF.match(text, at):
        add(_part("half", int(m["n"] or _ORDINALS[m["o"]]), m), m)
    if m := _FISCAL_YEAR.match(text, at):
        year = _full_year(m["y"]) or 0
        add(Period(form="calendar", unit="year", year=_full_year(m["to"]) or year, fiscal=True), m)
    if m := _YEAR_ONLY.match(text, at):
        add(Period(form="calendar", unit="year", year=int(m["y"])), m)
    found.extend(_relative(text, at))
    return max(found, key=lambda pair: pair[1]) if found else None


_SIGN = {"last": -1, "previous": -1, "prior": -1, "past": -1, "this": 0, "current": 0}
_TO_DATE_UNITS: dict[str, Unit] = {"y": "year", "q": "quarter", "m": "month", "w": "week", "f": "year"}


def _relative(text: str, at: int) -> list[tuple[Period, int]]:
    """Periods that move with today."""
    found: list[tuple[Period, int]] = []
    if m := _TO_DATE.match(text, at):
        unit = _UNITS[m["u"] or m["s"]] if m["u"] or m["s"] else _TO_DATE_UNITS[m["a"][0]]
        found.append((Period(form="to_date", unit=unit, fiscal=m["a"] == "fytd"), m.end()))
    if m := _ROLLING.match(text, at):
        unit, times = _units(m)
        found.append(
            (Period(form="rolling", unit=unit, n=_int(m["n"]) * times * (_SIGN.get(m["w"], 1) or 1)), m.end())
        )
    if (m := _WITHIN.match(text, at)) or (m := _PAST_UNIT.match(text, at)):
        unit, times = _units(m)
        found.append(
            (
                Period(form="rolling", unit=unit, n=-times * (_int(m["n"]) if "n" in m.groupdict() else 1)),
                m.end(),
            )
        )
    if (m := _RELATIVE.match(text, at)) and (m["u"] or m["f"]):
        sign = _SIGN.get(m["w"], 1)
        if m["u"] == "fortnight":
            found.append((Period(form="rolling", unit="week", n=2 * (sign or -1)), m.end()))
        else:
            found.append(
                (
                    Period(form="relative", unit=_UNITS[m["u"] or "year"], offset=sign, fiscal=bool(m["f"])),
                    m.end(),
                )
            )
    if m := _AGO.match(text, at):
        unit, times = _units(m)
        found.append((Period(form="ago", unit=unit, n=-_int(m["n"]) * times), m.end()))
    if m := _DAY_WORD.match(text, at):
        if m["w"].startswith("day"):
            found.append((Period(form="ago", n=-2 if "before" in m["w"] else 2), m.end()))
        else:
            found.append((Period(form="relative", unit="day", offset=_DAY_OFFSETS[m["w"]]), m.end()))
    if m := _NAMED_DAY.match(text, at):
        index = next(n for n, name in enumerate(WEEKDAYS) if name.startswith(m["d"][:3]))
        offset = {"last": -1, "this": 0, "next": 1}[m["w"]] if m["w"] else None
        found.append((Period(form="weekday", index=index, offset=offset), m.end()))
    return found


_RANGE = re.compile(r"(?P<w>between|from) ")
_JOIN = re.compile(r" (?:and|to|through|thru|until|till|up to|-|–|—) (?:the end of )?| ?[–—] ?")
_PLAIN_JOIN = re.compile(r" ?(?:to|through|thru|until|till|-|–|—) ")
_SINCE = re.compile(
    r"(?P<w>since|starting(?: in| from| on)?|beginning(?: in| on)?|after|later than|from) "
    r"(?:the (?:start|beginning) of )?"
)
_UNTIL = re.compile(
    r"(?P<w>before|prior to|earlier than|until|till|through|up to|by|no later than|on or before) "
    r"(?:(?P<edge>the end of|the start of|end of) )?"
)
_ONWARDS = re.compile(r" (?:onwards?|and later|or later|on)\b")


def read(text: str, at: int = 0, *, day_first: bool = True) -> tuple[Period, int] | None:
    """The period that starts exactly at `at` in lower-case `text`, and where it ends; None where none does.

    `day_first` decides what 03/04/2017 means. A range inherits the year of its other side.
    """
    if m := _WEEK_OF.match(text, at):
        inner = _atom(text, m.end(), day_first)
        if inner and inner[0].unit == "day":
            return _week_of(inner[0]), inner[1]
    if (m := _RANGE.match(text, at)) and (first := _atom(text, m.end(), day_first)):
        if whole := _joined(text, first, day_first):
            return whole
        if m["w"] == "between":
            return None
    if m := _SINCE.match(text, at):
        if first := _atom(text, m.end(), day_first):
            out = m["w"] in ("after", "later than")
            end = o.end() if (o := _ONWARDS.match(text, first[1])) else first[1]
            return Period(form="span", first=first[0], shut_out=out), end
        return None
    if m := _UNTIL.match(text, at):
        if last := _atom(text, m.end(), day_first):
            out = m["w"] in ("before", "prior to", "earlier than") or m["edge"] == "the start of"
            return Period(form="span", last=last[0], shut_out=out), last[1]
        return None
    if not (first := _atom(text, at, day_first)):
        return None
    if o := _ONWARDS.match(text, first[1]):
        return Period(form="span", first=first[0]), o.end()
    return (_PLAIN_JOIN.match(text, first[1]) and _joined(text, first, day_first)) or first


def _joined(text: str, first: tuple[Period, int], day_first: bool) -> tuple[Period, int] | None:
    """`first` and the period joined to it by "and", "to" or a dash, as one span."""
    if not (join := _JOIN.match(text, first[1])) or not (last := _atom(text, join.end(), day_first)):
        return None
    year = last[0].named_year or first[0].named_year
    return Period(form="span", first=first[0].with_year(year), last=last[0].with_year(year)), last[1]


def _week_of(day: Period) -> Period:
    if day.day is None:
        return day
    monday = day.day - timedelta(days=day.day.weekday())
    sides = (Period(form="calendar", day=monday), Period(form="calendar", day=monday + timedelta(days=6)))
    return Period(form="span", first=sides[0], last=sides[1])
