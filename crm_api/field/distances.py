"""Planned against driven, person by person: what a manager sees of a month before its claims are paid."""

import csv
import io
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.access import Actor
from crm_api.core.cells import guarded
from crm_api.core.database import Database
from crm_api.core.errors import Invalid
from crm_api.field import mileage
from crm_api.field.models import CheckIn
from crm_api.field.rules import rules
from crm_api.organisation import service as organisation
from crm_api.ports import Ports
from crm_api.users.models import Team, User
from crm_api.visits.models import VisitPlan

MOST_PEOPLE = 200
DAY = timedelta(days=1)


async def of_team(
    db: Database, ports: Ports, actor: Actor, *, month: str, team_id: UUID | None = None
) -> dict[str, Any]:
    """Everybody who was on the road in a month (`2026-11`), those furthest beyond their plans first.

    Oneself for a rep, the teams one manages for a manager, everybody for an administrator. Raises Invalid, and
    Unavailable without any travel times.
    """
    people, terms = await db.read(_on_the_road, actor, month=month, team_id=team_id)
    claims = [await mileage.claim(db, ports, actor, month=month, owner_id=one) for one in people]
    rows = [_told(claim) for claim in claims if claim["days"]]
    rows.sort(
        key=lambda row: (-(row["beyond_plan"] or 0.0), row["owner_name"].casefold(), str(row["owner_id"]))
    )
    return {"month": month, **terms, "people": rows, "total": _total(rows, terms["rate"])}


def as_csv(report: dict[str, Any]) -> bytes:
    """The report as a table, with the sum in its last row."""
    unit, out = report["unit"], io.StringIO()
    table = csv.writer(out)
    table.writerow(
        ["person", "days", "visits", f"planned_{unit}", f"driven_{unit}", f"beyond_plan_{unit}",
         f"amount_{report['currency'].lower()}", "remarks"]
    )  # fmt: skip
    for row in [*report["people"], report["total"] | {"owner_name": "total", "remarks": ""}]:
        cells = (row["planned"], row["driven"], row["beyond_plan"], row["amount"])
        table.writerow(
            [guarded(row["owner_name"]), row["days"], row["visits"],
             *("" if cell is None else f"{cell:.2f}" for cell in cells), row["remarks"]]
        )  # fmt: skip
    return out.getvalue().encode()


def _told(claim: dict[str, Any]) -> dict[str, Any]:
    driven = [day for day in claim["days"] if day["driven"] is not None]
    both = [day["driven"] - day["planned"] for day in driven if day["planned"] is not None]
    return {
        "owner_id": claim["owner_id"],
        "owner_name": claim["owner_name"],
        "days": len(driven),
        **claim["total"],
        "beyond_plan": sum(both) if both else None,
        "remarks": sum(bool(day["note"]) for day in claim["days"]),
    }


def _total(rows: list[dict[str, Any]], rate: float | None) -> dict[str, Any]:
    sums = {name: sum(row[name] for row in rows) for name in ("days", "visits", "planned", "driven")}
    beyond = [row["beyond_plan"] for row in rows if row["beyond_plan"] is not None]
    return {
        **sums,
        "beyond_plan": sum(beyond) if beyond else None,
        "amount": None if rate is None else round(sum(row["amount"] or 0.0 for row in rows), 2),
    }


def _on_the_road(
    session: Session, actor: Actor, *, month: str, team_id: UUID | None
) -> tuple[list[UUID], dict[str, Any]]:
    """Whose claims there are that the actor may see, and in what they are counted and paid."""
    first, last = mileage.days_of(month)
    # A day to either side: whose day it is tells the claim, in the zone of whoever drove.
    begins, ends = (datetime.combine(day, time(), UTC) for day in (first - DAY, last + 2 * DAY))
    checked = sa.select(CheckIn.owner_id).where(CheckIn.checked_in_at >= begins, CheckIn.checked_in_at < ends)
    planned = sa.select(VisitPlan.owner_id).where(
        VisitPlan.status == "accepted", VisitPlan.day.between(first, last)
    )
    terms = [sa.or_(User.id.in_(checked), User.id.in_(planned))]
    if actor.role == "manager":
        terms.append(sa.or_(User.id == actor.user_id, User.team_id.in_(actor.team_ids)))
    elif not actor.is_administrator:
        terms.append(User.id == actor.user_id)
    if team_id is not None:
        if session.get(Team, team_id) is None:
            raise Invalid.field("team_id", "there is no such team")
        terms.append(User.team_id == team_id)
    people = list(session.scalars(sa.select(User.id).where(*terms).order_by(User.id).limit(MOST_PEOPLE + 1)))
    if len(people) > MOST_PEOPLE:
        raise Invalid.field(
            "team_id", f"more than {MOST_PEOPLE} people were on the road; take one team at a time"
        )
    here = {
        "unit": organisation.basics(session).distance_unit,
        "rate": rules(session).mileage_rate,
        "currency": organisation.currency(session),
    }
    return people, here
