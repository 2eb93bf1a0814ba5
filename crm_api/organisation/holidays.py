"""Keeping holiday calendars: their days and territories are told in the trail as parts of the calendar."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.audit.service import note
from crm_api.core import context, sheets
from crm_api.core.columns import touch
from crm_api.core.errors import Conflict, Invalid
from crm_api.core.schemas import NAME, apply_patch, clean
from crm_api.core.text import fold
from crm_api.organisation import calendars
from crm_api.organisation.models import Holiday, HolidayCalendar, holiday_calendar_territories
from crm_api.organisation.service import require_territory

MOST_DAYS = 3_000


def create(session: Session, *, values: Mapping[str, Any]) -> HolidayCalendar:
    """A new calendar; raises Conflict where the name is taken, Invalid for unknown territories or double days."""
    _require_free(session, values["name"])
    calendar = HolidayCalendar(
        name=values["name"], country=values.get("country"), origin=context.current().origin
    )
    session.add(calendar)
    session.flush()
    _put_territories(session, calendar.id, values.get("territory_ids") or [])
    _put_days(session, calendar.id, _by_day(values.get("holidays") or []))
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
        "territory_ids" in values and _put_territories(session, calendar.id, values["territory_ids"]),
        "holidays" in values and _put_days(session, calendar.id, _by_day(values["holidays"])),
    )
    if any(shown):
        touch(calendar)
    return calendar


def delete(session: Session, calendar: HolidayCalendar) -> None:
    """Remove a calendar. Its days and territories are taken off first, so that the trail keeps them."""
    _put_territories(session, calendar.id, [])
    _put_days(session, calendar.id, {})
    session.delete(calendar)


def add_days(
    session: Session, calendar: HolidayCalendar, *, days: Sequence[Mapping[str, Any]]
) -> HolidayCalendar:
    """Add days to those that are there; a day that is there already gets the new name."""
    if _put_days(session, calendar.id, _days(session, calendar.id) | _by_day(days)):
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


def _require_free(session: Session, name: str) -> None:
    taken = sa.select(HolidayCalendar.id).where(HolidayCalendar.name_key == fold(name))
    if session.scalar(taken) is not None:
        raise Conflict(f"There is a calendar called '{name}' already.")


# ── Days and territories, as the trail tells them ────────────────────────────────────────────────


def days_of(session: Session, ids: Sequence[UUID]) -> dict[UUID, list[dict[str, str]]]:
    """The days of calendars, by date."""
    statement = sa.select(Holiday).where(Holiday.calendar_id.in_(ids)).order_by(Holiday.day)
    found: dict[UUID, list[dict[str, str]]] = defaultdict(list)
    for row in session.scalars(statement):
        found[row.calendar_id] += _told({row.day: row.name})
    return found


def put_days(session: Session, wanted: Mapping[UUID, Any]) -> Iterable[UUID]:
    """Make these the days of calendars, as the trail tells them; returns whose that changed."""
    given = {
        i: {date.fromisoformat(day["day"]): day["name"] for day in days or ()} for i, days in wanted.items()
    }
    return {i for i, days in given.items() if _put_days(session, i, days)}


def territories_of(session: Session, ids: Sequence[UUID]) -> dict[UUID, list[str]]:
    """The territories of calendars."""
    link = holiday_calendar_territories.c
    found: dict[UUID, list[str]] = defaultdict(list)
    held = sa.select(link.calendar_id, link.territory_id).where(link.calendar_id.in_(ids))
    for calendar_id, territory_id in session.execute(held.order_by(link.territory_id)):
        found[calendar_id].append(str(territory_id))
    return found


def put_territories(session: Session, wanted: Mapping[UUID, Any]) -> Iterable[UUID]:
    """Make these the territories of calendars, as the trail tells them; returns whose that changed."""
    return {i for i, ids in wanted.items() if _put_territories(session, i, [UUID(t) for t in ids or ()])}


def _days(session: Session, calendar_id: UUID) -> dict[date, str]:
    present = sa.select(Holiday.day, Holiday.name).where(Holiday.calendar_id == calendar_id)
    return dict(session.execute(present).all())


def _told(days: Mapping[date, str]) -> list[dict[str, str]]:
    return [{"day": day.isoformat(), "name": days[day]} for day in sorted(days)]


def _put_days(session: Session, calendar_id: UUID, wanted: Mapping[date, str]) -> bool:
    """Make these the calendar's days; returns whether that changed any."""
    if len(wanted) > MOST_DAYS:
        raise Invalid.field("holidays", f"a calendar holds at most {MOST_DAYS:,} days")
    before = _days(session, calendar_id)
    if before == wanted:
        return False
    calendars.forget(session)
    gone = before.items() - wanted.items()
    new = [
        {"calendar_id": calendar_id, "day": d, "name": name}
        for d, name in sorted(wanted.items() - before.items())
    ]
    if gone:
        days = [day for day, _ in gone]
        session.execute(sa.delete(Holiday).where(Holiday.calendar_id == calendar_id, Holiday.day.in_(days)))
    if new:
        session.execute(sa.insert(Holiday), new)
    _note(session, calendar_id, "holidays", _told(before), _told(wanted))
    return True


def _put_territories(session: Session, calendar_id: UUID, territory_ids: Sequence[UUID]) -> bool:
    link, wanted = holiday_calendar_territories, set(territory_ids)
    for territory_id in wanted:
        require_territory(session, territory_id, field="territory_ids")
    mine = link.c.calendar_id == calendar_id
    before = set(session.scalars(sa.select(link.c.territory_id).where(mine)))
    if before == wanted:
        return False
    calendars.forget(session)
    session.execute(sa.delete(link).where(mine))
    if wanted:
        session.execute(
            sa.insert(link), [{"calendar_id": calendar_id, "territory_id": t} for t in sorted(wanted)]
        )
    _note(session, calendar_id, "territory_ids", sorted(map(str, before)), sorted(map(str, wanted)))
    return True


def _note(session: Session, calendar_id: UUID, name: str, before: Any, after: Any) -> None:
    kind = HolidayCalendar.__kind__
    note(
        session, kind=kind, record_id=calendar_id, action="update", before={name: before}, after={name: after}
    )
