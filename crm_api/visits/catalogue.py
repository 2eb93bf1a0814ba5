"""What may be asked about visit plans, and who sees them."""

from typing import Any

import sqlalchemy as sa
from pydantic_core import to_jsonable_python
from sqlalchemy.orm import Session

from crm_api import access
from crm_api.accounts.models import VISIT_CITY, Account
from crm_api.core.fields import Catalogue, Field, FieldType, Relation
from crm_api.core.presenting import in_order, shown_by
from crm_api.ports import Coordinates
from crm_api.users.models import User
from crm_api.visits.links import desktop_links, mobile_links
from crm_api.visits.models import STATUSES, VisitPlan, VisitPlanStop, VisitWeek
from crm_api.visits.schemas import StopOut, VisitPlanOut, VisitWeekOut

access.declare("visit_plan", VisitPlan, owner=VisitPlan.owner_id, team=VisitPlan.team_id)
access.declare("visit_week", VisitWeek, owner=VisitWeek.owner_id, team=VisitWeek.team_id)

_SHOWN = sa.select(*shown_by(VisitPlanOut, VisitPlan))
_STOPS = (
    sa.select(*shown_by(StopOut, VisitPlanStop, account_name=Account.name, city=VISIT_CITY))
    .join(Account, Account.id == VisitPlanStop.account_id)
    .order_by(VisitPlanStop.position)
)


def _decorate(session: Session, rows: list[dict[str, Any]], single: bool) -> None:
    """A single plan shows its stops, links and who was left out; a list stays light."""
    for row in rows:
        if not single:
            row.pop("left_out")
            continue
        stops = session.execute(_STOPS.where(VisitPlanStop.plan_id == row["id"])).mappings()
        row["stops"] = [to_jsonable_python(dict(stop)) for stop in stops]
        row["links"] = _links(row)


def _links(row: dict[str, Any]) -> dict[str, Any]:
    start = Coordinates(row["start_latitude"], row["start_longitude"])
    end = Coordinates(row["end_latitude"], row["end_longitude"])
    between = [Coordinates(stop["latitude"], stop["longitude"]) for stop in row["stops"]]
    places = [start, *between, end] if between else []
    return {"desktop": desktop_links(places), "mobile": mobile_links(places)}


def _present(row: dict[str, Any]) -> dict[str, Any]:
    return in_order(VisitPlanOut, row)


CATALOGUE = Catalogue(
    kind="visit_plan",
    plural="visit plans",
    model=VisitPlan,
    out=VisitPlanOut,
    alone=("stops", "links", "left_out"),
    label="day",
    synonyms=("plan", "day plan", "route"),
    default_sort="-day",
    time_field="day",
    fields=(
        Field("day", FieldType.DATE, VisitPlan.day, sortable=True, nullable=False, synonyms=("date",)),
        Field("owner_id", FieldType.REFERENCE, VisitPlan.owner_id, aliases=("rep_id",), nullable=False),
        Field("team_id", FieldType.REFERENCE, VisitPlan.team_id),
        Field("week_id", FieldType.REFERENCE, VisitPlan.week_id),
        Field("status", FieldType.CHOICE, VisitPlan.status, choices=STATUSES, groupable=True, nullable=False),
        Field("visits", FieldType.INTEGER, VisitPlan.visits, label="stops", nullable=False),
        Field("driving_metres", FieldType.INTEGER, VisitPlan.driving_metres, unit="metres", nullable=False),
        Field(
            "driving_seconds", FieldType.INTEGER, VisitPlan.driving_seconds, unit="seconds", nullable=False
        ),
        Field("created_at", FieldType.DATETIME, VisitPlan.created_at, sortable=True, nullable=False),
    ),
    relations=(Relation("owner", "user", VisitPlan.owner_id, "visit_plans", synonyms=("rep",)),),
    shown=lambda: _SHOWN,
    decorate=_decorate,
    present=_present,
)

_WEEKS_SHOWN = sa.select(*shown_by(VisitWeekOut, VisitWeek))
_DAYS = (
    sa.select(
        VisitPlan.id.label("plan_id"),
        VisitPlan.owner_id,
        User.name.label("owner_name"),
        VisitPlan.day,
        VisitPlan.status,
        VisitPlan.visits,
        VisitPlan.value,
        VisitPlan.leaves_at,
        VisitPlan.returns_at,
        VisitPlan.driving_seconds,
        VisitPlan.driving_metres,
    )
    .join(User, User.id == VisitPlan.owner_id)
    .where(VisitPlan.status != "replaced")
    .order_by(VisitPlan.day, User.name, VisitPlan.id)
)


def _with_days(session: Session, rows: list[dict[str, Any]], single: bool) -> None:
    """A single week shows its days, the plan in force or proposed last for each; a list stays light."""
    for row in rows:
        if not single:
            row.pop("left_out")
            continue
        days = session.execute(_DAYS.where(VisitPlan.week_id == row["id"])).mappings()
        row["days"] = [to_jsonable_python(dict(day)) for day in days]


WEEKS = Catalogue(
    kind="visit_week",
    plural="visit weeks",
    model=VisitWeek,
    out=VisitWeekOut,
    alone=("days", "left_out"),
    label="first_day",
    synonyms=("week plan", "tour"),
    default_sort="-first_day",
    time_field="first_day",
    fields=(
        Field("first_day", FieldType.DATE, VisitWeek.first_day, sortable=True, nullable=False),
        Field("last_day", FieldType.DATE, VisitWeek.last_day, nullable=False),
        Field("owner_id", FieldType.REFERENCE, VisitWeek.owner_id, nullable=False),
        Field("team_id", FieldType.REFERENCE, VisitWeek.team_id),
        Field("visits", FieldType.INTEGER, VisitWeek.visits, nullable=False),
        Field("created_at", FieldType.DATETIME, VisitWeek.created_at, sortable=True, nullable=False),
    ),
    relations=(Relation("owner", "user", VisitWeek.owner_id, "visit_weeks"),),
    shown=lambda: _WEEKS_SHOWN,
    decorate=_with_days,
    present=lambda row: in_order(VisitWeekOut, row),
)
