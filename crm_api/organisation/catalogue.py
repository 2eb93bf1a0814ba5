"""What may be asked about territories, holiday calendars and exchange rates."""

from collections import defaultdict
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.core.fields import Catalogue, Field, FieldType
from crm_api.core.presenting import shown_by
from crm_api.organisation.models import (
    ExchangeRate,
    Holiday,
    HolidayCalendar,
    Territory,
    holiday_calendar_territories,
)
from crm_api.organisation.schemas import HolidayCalendarOut, RateOut, TerritoryOut

_TERRITORIES = sa.select(*shown_by(TerritoryOut, Territory))
_DAYS = sa.select(sa.func.count(Holiday.id)).where(Holiday.calendar_id == HolidayCalendar.id)
_CALENDARS = sa.select(
    *shown_by(
        HolidayCalendarOut, HolidayCalendar, holiday_count=_DAYS.correlate(HolidayCalendar).scalar_subquery()
    )
)
_RATES = sa.select(*shown_by(RateOut, ExchangeRate))


def _with_territories(session: Session, rows: list[dict[str, Any]], single: bool) -> None:
    link, found = holiday_calendar_territories, defaultdict[UUID, list[UUID]](list)
    held = sa.select(link).where(link.c.calendar_id.in_([row["id"] for row in rows]))
    for calendar_id, territory_id in session.execute(held.order_by(link.c.territory_id)):
        found[calendar_id].append(territory_id)
    for row in rows:
        row["territory_ids"] = found[row["id"]]
    if single:
        days = sa.select(Holiday.day, Holiday.name).where(Holiday.calendar_id == rows[0]["id"])
        rows[0]["holidays"] = [dict(day) for day in session.execute(days.order_by(Holiday.day)).mappings()]


def _present_rate(row: dict[str, Any]) -> dict[str, Any]:
    return row | {"rate": float(row["rate"])}


TERRITORIES = Catalogue(
    kind="territory",
    plural="territories",
    model=Territory,
    out=TerritoryOut,
    label="name",
    named=True,
    synonyms=("region",),
    default_sort="name",
    fields=(
        Field(
            "name",
            FieldType.TEXT,
            Territory.name,
            sortable=True,
            groupable=True,
            nullable=False,
            sort_column=Territory.name_key,
        ),
        Field("parent_id", FieldType.REFERENCE, Territory.parent_id),
        Field("created_at", FieldType.DATETIME, Territory.created_at, nullable=False),
    ),
    live=lambda: Territory.archived_at.is_(None),
    shown=lambda: _TERRITORIES,
)

CALENDARS = Catalogue(
    kind="holiday_calendar",
    plural="holiday calendars",
    model=HolidayCalendar,
    out=HolidayCalendarOut,
    alone=("holidays",),
    asked=False,
    label="name",
    default_sort="name",
    fields=(
        Field(
            "name",
            FieldType.TEXT,
            HolidayCalendar.name,
            sortable=True,
            nullable=False,
            sort_column=HolidayCalendar.name_key,
        ),
        Field("country", FieldType.TEXT, HolidayCalendar.country),
        Field("origin", FieldType.TEXT, HolidayCalendar.origin, nullable=False),
        Field("created_at", FieldType.DATETIME, HolidayCalendar.created_at, nullable=False),
    ),
    shown=lambda: _CALENDARS,
    decorate=_with_territories,
)

RATES = Catalogue(
    kind="exchange_rate",
    plural="exchange rates",
    model=ExchangeRate,
    out=RateOut,
    asked=False,
    label="currency",
    default_sort="-valid_from",
    time_field="valid_from",
    fields=(
        Field("currency", FieldType.TEXT, ExchangeRate.currency, nullable=False),
        Field("valid_from", FieldType.DATE, ExchangeRate.valid_from, sortable=True, nullable=False),
        Field("source", FieldType.TEXT, ExchangeRate.source),
        Field("origin", FieldType.TEXT, ExchangeRate.origin, nullable=False),
        Field("created_at", FieldType.DATETIME, ExchangeRate.created_at, nullable=False),
    ),
    shown=lambda: _RATES,
    present=_present_rate,
)
