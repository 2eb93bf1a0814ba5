"""The kilometres of a month: planned against driven, and what they are paid.

Nobody is followed: what was driven is the way by road from where the day began, over the check-ins in their order, to
where it ended. A day is the rep's own calendar day; without a plan it begins and ends at the rep's home.
"""

import csv
import io
from calendar import monthrange
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.access import Actor, actor_of
from crm_api.accounts.models import Account
from crm_api.core.database import Database
from crm_api.core.errors import Invalid, NotAllowed, NotFound
from crm_api.field.models import CheckIn
from crm_api.field.rules import rules
from crm_api.maps.flows import refusal
from crm_api.organisation import service as organisation
from crm_api.ports import Coordinates, PortFailure, Ports
from crm_api.users.models import User
from crm_api.visits.models import VisitPlan

METRES = {"km": 1_000.0, "mi": 1_609.344}


@dataclass
class Day:
    """One day of a rep: where it began and ended, and where they checked in."""

    day: date
    start: Coordinates | None = None
    end: Coordinates | None = None
    planned_metres: int | None = None
    stops: list[Coordinates] = field(default_factory=list)
    visits: int = 0

    @property
    def way(self) -> list[Coordinates]:
        """The places of the day in their order."""
        return [place for place in (self.start, *self.stops, self.end) if place] if self.stops else []


@dataclass(frozen=True)
class Month:
    """A rep's month as it was, before any road is asked for. `rate` is per `unit`, in `currency`."""

    owner_id: UUID
    name: str
    days: list[Day]
    unit: str
    rate: float | None
    currency: str


async def claim(
    db: Database, ports: Ports, actor: Actor, *, month: str, owner_id: UUID | None
) -> dict[str, Any]:
    """The claim of a month (`2026-11`), day by day. Raises Invalid, NotFound, NotAllowed, Unavailable."""
    read = await db.read(gather, actor, month=month, owner_id=owner_id)
    days = []
    for day in read.days:
        driven, note = await _driven(ports, day)
        days.append(_told(read, day, driven, note))
    return {
        "owner_id": read.owner_id,
        "owner_name": read.name,
        "month": month,
        "unit": read.unit,
        "rate": read.rate,
        "currency": read.currency,
        "days": days,
        "total": _total(days, read.rate),
    }


async def _driven(ports: Ports, day: Day) -> tuple[int | None, str]:
    """Metres by road along the day's way, and what is to be said of them."""
    way = day.way
    if not way:
        return None, ""
    try:
        matrix = await ports.travel_times.matrix(way[:-1], way[1:])
    except PortFailure as failure:
        raise refusal(failure) from failure
    legs = [matrix.metres[n][n] for n in range(len(way) - 1)]
    missing = sum(leg is None for leg in legs)
    notes = [matrix.note] if matrix.note else []
    if missing:
        notes.append(f"No road leads along {missing} of {len(legs)} drives.")
    if day.start is None:
        notes.append("Where the day began is not known; give the rep a home on the map.")
    if matrix.is_estimate:
        notes.append("Estimated over the crow's flight.")
    return sum(leg or 0 for leg in legs), " ".join(notes)


def gather(session: Session, actor: Actor, *, month: str, owner_id: UUID | None) -> Month:
    """What is known of a rep's month."""
    first, last = days_of(month)
    user = _claimant(session, actor, owner_id)
    rep = actor_of(session, user, organisation_zone=organisation.zone(session))
    zone = ZoneInfo(rep.time_zone)
    home = None
    if user.home_latitude is not None and user.home_longitude is not None:
        home = Coordinates(user.home_latitude, user.home_longitude)
    days: dict[date, Day] = {}
    for row in session.scalars(
        sa.select(VisitPlan)
        .where(
            VisitPlan.owner_id == user.id, VisitPlan.status == "accepted", VisitPlan.day.between(first, last)
        )
        .order_by(VisitPlan.day)
    ):
        days[row.day] = Day(
            row.day, Coordinates(row.start_latitude, row.start_longitude),
            Coordinates(row.end_latitude, row.end_longitude), row.driving_metres,
        )  # fmt: skip
    for day, places in _check_ins(session, user.id, zone, first, last).items():
        known = days.setdefault(day, Day(day, home, home))
        known.visits = len(places)
        known.stops = [place for place in places if place]
    here = rules(session)
    return Month(
        user.id, user.name, [days[day] for day in sorted(days)], organisation.basics(session).distance_unit,
        here.mileage_rate, organisation.currency(session),
    )  # fmt: skip


def as_csv(claim: dict[str, Any]) -> bytes:
    """The claim as a table, with the sum in its last row."""
    unit, out = claim["unit"], io.StringIO()
    table = csv.writer(out)
    table.writerow(
        ["day", "visits", f"planned_{unit}", f"driven_{unit}", f"amount_{claim['currency'].lower()}", "note"]
    )
    for row in [*claim["days"], claim["total"] | {"day": "total", "note": ""}]:
        cells = (row["planned"], row["driven"], row["amount"])
        table.writerow(
            [
                row["day"],
                row["visits"],
                *("" if cell is None else f"{cell:.2f}" for cell in cells),
                row["note"],
            ]
        )
    return out.getvalue().encode()


def _check_ins(
    session: Session, user_id: UUID, zone: ZoneInfo, first: date, last: date
) -> dict[date, list[Coordinates | None]]:
    """Where a rep checked in, day by day in order: the phone's position, else the account's pin."""
    begins = datetime.combine(first, time(), zone).astimezone(UTC)
    ends = datetime.combine(last + timedelta(days=1), time(), zone).astimezone(UTC)
    rows = session.execute(
        sa.select(
            CheckIn.checked_in_at,
            sa.func.coalesce(CheckIn.latitude, Account.latitude).label("latitude"),
            sa.func.coalesce(CheckIn.longitude, Account.longitude).label("longitude"),
        )
        .join(Account, Account.id == CheckIn.account_id)
        .where(CheckIn.owner_id == user_id, CheckIn.checked_in_at >= begins, CheckIn.checked_in_at < ends)
        .order_by(CheckIn.checked_in_at, CheckIn.id)
    )
    days: dict[date, list[Coordinates | None]] = defaultdict(list)
    for row in rows:
        place = Coordinates(row.latitude, row.longitude) if row.latitude is not None else None
        days[row.checked_in_at.astimezone(zone).date()].append(place)
    return days


def _told(month: Month, day: Day, driven: int | None, note: str) -> dict[str, Any]:
    metres = METRES[month.unit]
    planned = None if day.planned_metres is None else day.planned_metres / metres
    way = None if driven is None else driven / metres
    return {
        "day": day.day,
        "visits": day.visits,
        "planned": planned,
        "driven": way,
        "amount": None if way is None or month.rate is None else round(way * month.rate, 2),
        "note": note,
    }


def _total(days: list[dict[str, Any]], rate: float | None) -> dict[str, Any]:
    return {
        "visits": sum(day["visits"] for day in days),
        "planned": sum(day["planned"] or 0.0 for day in days),
        "driven": sum(day["driven"] or 0.0 for day in days),
        "amount": None if rate is None else round(sum(day["amount"] or 0.0 for day in days), 2),
    }


def days_of(month: str) -> tuple[date, date]:
    """The first and the last day of a month (`2026-11`); raises Invalid."""
    try:
        first = datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC).date()
    except ValueError:
        raise Invalid.field("month", "a month such as 2026-11") from None
    return first, first.replace(day=monthrange(first.year, first.month)[1])


def _claimant(session: Session, actor: Actor, owner_id: UUID | None) -> User:
    """Oneself, or somebody of the teams one manages."""
    user = session.get(User, owner_id or actor.user_id) if owner_id or actor.user_id else None
    if user is None:
        raise NotFound("There is no such person.")
    manages = actor.role == "manager" and user.team_id is not None and user.team_id in actor.team_ids
    if user.id != actor.user_id and not actor.is_administrator and not manages:
        raise NotAllowed("Claims are seen by whoever makes them and by their manager.")
    return user
