"""Which days nobody works: they close the send windows and warn who plans visits."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.organisation.models import Holiday, Organisation, holiday_calendar_territories

AHEAD = timedelta(days=420)  # a little more than any search for an open day goes
_WEEK = frozenset(range(1, 6))
_KEY = "days_off"


@dataclass(frozen=True, slots=True)
class DaysOff:
    """The days nobody works, by date. `week` are the ISO weekdays of work, None where nobody has said."""

    holidays: Mapping[date, str]
    week: frozenset[int] | None

    def __contains__(self, day: object) -> bool:
        return isinstance(day, date) and self.why(day) is not None

    def why(self, day: date) -> str | None:
        """The holiday's name, "not a working day", or None on a day like any other."""
        if day in self.holidays:
            return self.holidays[day]
        return None if self.week is None or day.isoweekday() in self.week else "not a working day"

    def is_worked(self, day: date) -> bool:
        """Whether the day is one of work: Monday to Friday, where nobody has said otherwise."""
        return day not in self.holidays and day.isoweekday() in (self.week or _WEEK)

    def later(self, at: datetime, days: int) -> datetime:
        """The same time of day, `days` days of work later; after a year at the latest."""
        last = at + AHEAD
        while days > 0 and at < last:
            at += timedelta(days=1)
            days -= self.is_worked(at.date())
        return at


def days_off(session: Session, *, since: date, territory_ids: Iterable[UUID | None] = ()) -> DaysOff:
    """The days off of 420 days from `since` on: those that hold everywhere, and in the given territories.

    Two statements, once a transaction and place.
    """
    here = frozenset(t for t in territory_ids if t is not None)
    known = session.info.setdefault(_KEY, {})
    if (since, here) not in known:
        known[since, here] = DaysOff(_holidays(session, since, since + AHEAD, here), _week(session))
    found: DaysOff = known[since, here]
    return found


def _week(session: Session) -> frozenset[int] | None:
    hours = session.scalar(sa.select(Organisation.working_hours))
    return None if hours is None else frozenset(int(day) for day, windows in hours.items() if windows)


def _holidays(session: Session, first: date, last: date, here: frozenset[UUID]) -> dict[date, str]:
    link = holiday_calendar_territories.c
    anywhere = sa.select(link.calendar_id)
    holds = sa.or_(
        Holiday.calendar_id.not_in(anywhere),
        Holiday.calendar_id.in_(anywhere.where(link.territory_id.in_(here))),
    )
    statement = sa.select(Holiday.day, Holiday.name).where(Holiday.day.between(first, last), holds)
    return dict(session.execute(statement.order_by(Holiday.name.desc())).all())


def forget(session: Session) -> None:
    """Read the days off anew when next asked: a calendar has changed in this transaction."""
    session.info.pop(_KEY, None)
