"""The periods that dashboards and reports are of: named ones, by the calendar of whoever looks, or any days."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal, get_args

from sqlalchemy.orm import Session

from crm_api.access import Actor
from crm_api.core import clock
from crm_api.core.errors import Invalid
from crm_api.organisation import service as organisation
from crm_api.organisation.fiscal import MONTHS, first_day, midnight, months_later

Name = Literal[
    "this_week", "last_week", "this_month", "last_month", "this_quarter", "last_quarter", "this_year", "last_year",
    "last_30_days", "last_90_days", "last_12_months", "custom",
]  # fmt: skip
NAMES: tuple[Name, ...] = get_args(Name)
MOST_DAYS = 3_660  # ten years


@dataclass(frozen=True, slots=True)
class Period:
    """Days from `start` to `end`, both included, in `zone`."""

    name: Name
    start: date
    end: date
    zone: str = "UTC"

    @property
    def since(self) -> datetime:
        """Its first instant."""
        return midnight(self.start, self.zone)

    @property
    def until(self) -> datetime:
        """The first instant after it."""
        return midnight(self.after, self.zone)

    @property
    def after(self) -> date:
        """The day after its last."""
        return self.end + timedelta(days=1)

    @property
    def months(self) -> list[date]:
        """The first days of its months, where it consists of whole ones; none else."""
        if self.start.day != 1 or self.after.day != 1:
            return []
        count = (self.after.year - self.start.year) * 12 + self.after.month - self.start.month
        return [months_later(self.start, n) for n in range(count)]

    def before(self) -> "Period":
        """The period just before: as many months, else as many days."""
        if count := len(self.months):
            return Period(
                "custom", months_later(self.start, -count), self.start - timedelta(days=1), self.zone
            )
        length = self.after - self.start
        return Period("custom", self.start - length, self.start - timedelta(days=1), self.zone)


def period(
    session: Session,
    actor: Actor,
    name: Name | None = None,
    start: date | None = None,
    end: date | None = None,
) -> Period:
    """The period of a name, or of two days; this month where nothing is said.

    Weeks begin as the actor chose, quarters and years with the organisation's fiscal year. Raises Invalid for a period
    that ends before it begins, for one of more than ten years, and for days beside a name.
    """
    if name not in (None, "custom") and (start or end):
        raise Invalid.field("period", "give a name, or start_date and end_date")
    if name == "custom" and not (start and end):
        raise Invalid.field("start_date", "a custom period needs start_date and end_date")
    today = clock.today(actor.time_zone)
    if start or end:
        first, last = start or (end or today).replace(day=1), end or max(start or today, today)
        name = "custom"
    else:
        name = name or "this_month"
        begins = organisation.basics(session).fiscal_year_start_month
        first, last = _named(name, today, begins, actor.week_starts_on)
    if last < first:
        raise Invalid.field("end_date", "cannot be before start_date")
    if (last - first).days > MOST_DAYS:
        raise Invalid.field("end_date", "at most ten years at a time")
    return Period(name, first, last, actor.time_zone)


def _named(name: Name, today: date, begins: int, week_starts_on: int) -> tuple[date, date]:
    which, _, unit = name.partition("_")
    a_day = timedelta(days=1)
    if unit == "week":
        first = today - timedelta(days=(today.isoweekday() - week_starts_on) % 7)
        first -= timedelta(days=7) if which == "last" else timedelta()
        return first, first + timedelta(days=6)
    if unit in MONTHS:
        first = first_day(unit, today, start_month=begins)
        first = months_later(first, -MONTHS[unit]) if which == "last" else first
        return first, months_later(first, MONTHS[unit]) - a_day
    if unit == "12_months":
        return months_later(today.replace(day=1), -11), months_later(today.replace(day=1), 1) - a_day
    return today - timedelta(days=int(unit.removesuffix("_days")) - 1), today
