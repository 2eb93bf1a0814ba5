"""Holiday calendars, and which days nobody works: they close the send windows and warn who plans visits."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.core import context, sheets
from crm_api.core.columns import touch
from crm_api.core.errors import Conflict, Invalid
from crm_api.core.schemas import NAME, apply_patch, clean
from crm_api.core.text import fold
from crm_api.organisation.models import Holiday, HolidayCalendar, Organisation, holiday_calendar_territories
from crm_api.organisation.service import require_territory

AHEAD = timedelta(days=420)  # a little more than any search for an open day goes
MOST_DAYS = 3_000
_WEEK = frozenset(range(1, 6))
_KEY = "days_off"


# ── Days off ─────────────────────────────────────────────────────────────────────────────────────


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


# ── Keeping calendars ────────────────────────────────────────────────────────────────────────────


def create(session: Session, *, values: Mapping[str, Any]) -> HolidayCalendar:
    """A new calendar; raises Conflict where the name is taken, Invalid for unknown territories or double days."""
    _require_free(session, values["name"])
    calendar = HolidayCalendar(
        name=values["name"], country=values.get("country"), origin=context.current().origin
    )
    session.add(calendar)
    session.flush()
    _put_territories(session, calendar, values.get("territory_ids") or [])
    _put_days(session, calendar, _by_day(values.get("holidays") or []))
    return calendar


def update(session: Session, calendar: HolidayCalendar, *, values: Mapping[str, Any]) -> HolidayCalendar:
    """Change just the fields given; `holidays` and `territory_ids` replace what is there. Raises as `create`."""
    for required in ("name", "territory_ids", "holidays"):
        if required in values and values[required] is None:
            raise Invalid.field(required, "cannot be empty")
    if "name" in values and fold(values["name"]) != calendar.name_key:
        _require_free(session, values["name"])
    apply_patch(calendar, {name: values[name] for name in ("name", "country") if name in values})
    shown = (
        "territory_ids" in values and _put_territories(session, calendar, values["territory_ids"]),
        "holidays" in values and _put_days(session, calendar, _by_day(values["holidays"])),
    )
    if any(shown):
        touch(calendar)
    return calendar


def add_days(
    session: Session, calendar: HolidayCalendar, *, days: Sequence[Mapping[str, Any]]
) -> HolidayCalendar:
    """Add days to those that are there; a day that is there already gets the new name."""
    present = session.execute(sa.select(Holiday.day, Holiday.name).where(Holiday.calendar_id == calendar.id))
    if _put_days(session, calendar, dict(present.all()) | _by_day(days)):
        touch(calendar)
    return calendar


def from_csv(data: bytes) -> list[dict[str, Any]]:
    """Holidays out of CSV with the columns day (2026-12-25) and name; raises Invalid naming rows at fault."""
    return sheets.read(data, _holiday, columns=("day", "name"), most=MOST_DAYS)


def _holiday(row: Mapping[str, str]) -> dict[str, Any]:
    name = clean(row["name"])
    if not 0 < len(name) <= NAME:
        raise ValueError(f"a name of 1 to {NAME} characters")
    return {"day": date.fromisoformat(row["day"]), "name": name}


def _by_day(days: Sequence[Mapping[str, Any]]) -> dict[date, str]:
    found: dict[date, str] = {}
    for place, given in enumerate(days):
        if given["day"] in found:
            raise Invalid.field(f"holidays.{place}.day", f"{given['day']} is given twice")
        found[given["day"]] = given["name"]
    return found


def _put_days(session: Session, calendar: HolidayCalendar, wanted: dict[date, str]) -> bool:
    """Make these the calendar's days; returns whether that changed any."""
    if len(wanted) > MOST_DAYS:
        raise Invalid.field("holidays", f"a calendar holds at most {MOST_DAYS:,} days")
    session.info.pop(_KEY, None)
    present = {
        row.day: row for row in session.scalars(sa.select(Holiday).where(Holiday.calendar_id == calendar.id))
    }
    changed = present.keys() != wanted.keys()
    for day in present.keys() - wanted.keys():
        session.delete(present[day])
    for day, name in wanted.items():
        if day not in present:
            session.add(Holiday(calendar_id=calendar.id, day=day, name=name))
        elif present[day].name != name:
            present[day].name, changed = name, True
    return changed


def _put_territories(session: Session, calendar: HolidayCalendar, territory_ids: Sequence[UUID]) -> bool:
    link, wanted = holiday_calendar_territories, set(territory_ids)
    for territory_id in wanted:
        require_territory(session, territory_id, field="territory_ids")
    mine = link.c.calendar_id == calendar.id
    before = set(session.scalars(sa.select(link.c.territory_id).where(mine)))
    if before == wanted:
        return False
    session.info.pop(_KEY, None)
    session.execute(sa.delete(link).where(mine))
    if wanted:
        rows = [{"calendar_id": calendar.id, "territory_id": t} for t in sorted(wanted)]
        session.execute(sa.insert(link), rows)
    return True


def _require_free(session: Session, name: str) -> None:
    taken = sa.select(HolidayCalendar.id).where(HolidayCalendar.name_key == fold(name))
    if session.scalar(taken) is not None:
        raise Conflict(f"There is a calendar called '{name}' already.")
