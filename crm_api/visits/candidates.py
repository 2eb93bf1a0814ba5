"""Candidates of a day: who is in reach, what a visit is worth, and the stops the planner gets of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.access import Actor
from crm_api.accounts.models import Account
from crm_api.ports import Coordinates
from crm_api.visits import queries
from crm_api.visits.hours import DayClock
from crm_api.visits.preferences import Preferences
from crm_api.visits.schedule import Stop, Window
from crm_api.visits.value import Standing, Worth, worth

METRES_A_SECOND = 20.0  # as the crow flies, to weigh distance before any travel time is known


@dataclass(frozen=True, slots=True)
class Candidate:
    """An account in reach: where it is, when it is open that day, and what a visit is worth."""

    account_id: UUID
    name: str
    city: str | None
    place: Coordinates
    metres: float
    minutes: int
    windows: tuple[Window, ...]
    worth: Worth
    last_visit_at: datetime | None

    @property
    def rank(self) -> tuple[float, str]:
        """What a visit brings for the time it takes, the way there and back included; best is smallest."""
        seconds = self.minutes * 60 + 2 * self.metres / METRES_A_SECOND
        return -self.worth.points / seconds, str(self.account_id)

    def stop(self, node: int, *, must: bool, appointment: int | None) -> Stop:
        """The stop the planner sees, at row `node` of the travel matrix."""
        return Stop(
            key=str(self.account_id),
            node=node,
            service=self.minutes * 60,
            windows=self.windows,
            appointment=appointment,
            value=self.worth.points,
            must=must,
        )


@dataclass(frozen=True)
class Valuer:
    """Turns rows into candidates for one day and one rep."""

    clock: DayClock
    preferences: Preferences
    currency: str

    def candidate(self, row: Any, centre: Coordinates) -> Candidate:
        """One row of `queries.candidates` as a candidate seen from `centre`."""
        place = Coordinates(row.latitude, row.longitude)
        last = row.last_visit_at
        standing = Standing(
            tier=row.tier,
            visit_every_days=row.visit_every_days or self.preferences.visit_every_days,
            last_visit=last.astimezone(ZoneInfo(self.clock.zone)).date() if last else None,
            open_deals=int(row.open_deals),
            open_value=int(row.open_value),
        )
        hours = self.preferences.hours_of(row.account_type, row.opening_hours)
        return Candidate(
            account_id=row.id,
            name=row.name,
            city=row.city,
            place=place,
            metres=centre.metres_to(place),
            minutes=row.visit_minutes or self.preferences.visit_minutes,
            windows=self.clock.windows(hours),
            worth=worth(
                standing, today=self.clock.day, weights=self.preferences.weights, currency=self.currency
            ),
            last_visit_at=last,
        )


def in_reach(
    session: Session,
    actor: Actor,
    valuer: Valuer,
    *,
    centre: Coordinates,
    metres: float,
    terms: Sequence[sa.ColumnElement[bool]],
) -> list[Candidate]:
    """The accounts within `metres` of `centre` for which `terms` hold, most worthwhile first."""
    box = [*terms, queries.has_place(), queries.around(centre, metres)]
    rows = session.execute(queries.candidates(actor, *box))
    near = (valuer.candidate(row, centre) for row in rows)
    return sorted((c for c in near if c.metres <= metres), key=lambda candidate: candidate.rank)


def by_id(
    session: Session,
    actor: Actor,
    valuer: Valuer,
    *,
    centre: Coordinates,
    ids: Iterable[UUID],
    terms: Sequence[sa.ColumnElement[bool]],
) -> dict[UUID, Candidate]:
    """The accounts of these ids that have coordinates, wherever they are."""
    wanted = [*terms, queries.has_place(), Account.id.in_(list(ids))]
    rows = session.execute(queries.candidates(actor, *wanted))
    return {row.id: valuer.candidate(row, centre) for row in rows}


def placeless(session: Session, terms: Sequence[sa.ColumnElement[bool]], *, limit: int) -> list[Any]:
    """Ids and names of accounts for which `terms` hold but nobody knows where they are, by name."""
    statement = sa.select(Account.id, Account.name).where(*terms, sa.not_(queries.has_place()))
    return list(session.execute(statement.order_by(Account.name_key, Account.id).limit(limit)))


def count_placeless(session: Session, terms: Sequence[sa.ColumnElement[bool]]) -> int:
    """How many accounts for which `terms` hold have no coordinates."""
    return (
        session.scalar(sa.select(sa.func.count(Account.id)).where(*terms, sa.not_(queries.has_place()))) or 0
    )
