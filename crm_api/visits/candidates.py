"""Candidates: who is in reach, when they may be visited, and what a visit is worth."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.access import Actor
from crm_api.accounts.models import Account
from crm_api.ports import Coordinates
from crm_api.visits import queries
from crm_api.visits.habits import without_shut_hours
from crm_api.visits.hours import DayClock
from crm_api.visits.preferences import Preferences
from crm_api.visits.schedule import Window
from crm_api.visits.value import Standing, Worth, worth

METRES_A_SECOND = 20.0  # as the crow flies, to weigh distance before any travel time is known


@dataclass(frozen=True, slots=True)
class Candidate:
    """An account in reach: where it is, when it may be visited, and what a visit is worth.

    `every` is how many days lie between two visits, `not_before` the first day it is not too soon for the next.
    """

    account_id: UUID
    name: str
    city: str | None
    place: Coordinates
    metres: float
    minutes: int
    hours: Mapping[str, Any]
    visit_days: tuple[int, ...]
    every: int
    not_before: date | None
    worth: Worth
    last_visit_at: datetime | None

    @property
    def rank(self) -> tuple[float, str]:
        """What a visit brings for the time it takes, the way there and back included; best is smallest."""
        seconds = self.minutes * 60 + 2 * self.metres / METRES_A_SECOND
        return -self.worth.points / seconds, str(self.account_id)

    def windows(self, clock: DayClock, *, any_day: bool = False) -> tuple[Window, ...]:
        """When it is open on a day and welcomes visits; on `any_day` its own wishes do not count."""
        if self.visit_days and clock.day.isoweekday() not in self.visit_days and not any_day:
            return ()
        return clock.windows(self.hours)


@dataclass(frozen=True)
class Valuer:
    """Turns rows into candidates, worth what a visit is worth on the day of `clock`."""

    clock: DayClock
    preferences: Preferences
    currency: str

    def candidate(self, row: Any, centre: Coordinates) -> Candidate:
        """One row of `queries.candidates` as a candidate seen from `centre`."""
        place = Coordinates(row.latitude, row.longitude)
        last = row.last_visit_at
        every = row.visit_every_days or self._default(row, "visit_every_days")
        standing = Standing(
            tier=row.tier,
            visit_every_days=every,
            last_visit=last.astimezone(ZoneInfo(self.clock.zone)).date() if last else None,
            open_deals=int(row.open_deals),
            open_value=int(row.open_value),
            order_late=row.order_overdue_days,
            order_rhythm=row.order_rhythm_days,
        )
        share = self.preferences.not_before / 100
        pause = timedelta(days=max(1, math.ceil(every * share)))
        return Candidate(
            account_id=row.id,
            name=row.name,
            city=row.city,
            place=place,
            metres=centre.metres_to(place),
            minutes=row.visit_minutes or row.typical_minutes or self._default(row, "visit_minutes"),
            hours=self._hours(row),
            visit_days=tuple(row.visit_days or self._default(row, "visit_days") or ()),
            every=every,
            not_before=standing.last_visit + pause if standing.last_visit else None,
            worth=worth(
                standing, today=self.clock.day, weights=self.preferences.weights, currency=self.currency
            ),
            last_visit_at=last,
        )

    def _default(self, row: Any, name: str) -> Any:
        return self.preferences.usual(row.account_type, row.territory_id, name)

    def _hours(self, row: Any) -> Mapping[str, Any]:
        """An account's own hours are believed; assumed ones less the hours at which nobody was there."""
        hours = self.preferences.hours_of(row.account_type, row.opening_hours, row.territory_id)
        if row.opening_hours is not None or not row.found_shut:
            return hours
        return without_shut_hours(hours, found_open=row.found_open or {}, found_shut=row.found_shut)


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
