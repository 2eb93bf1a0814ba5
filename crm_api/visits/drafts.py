"""A draft: everything a plan is made of, gathered in one reading transaction, before any road is known."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.access import Actor, actor_of, require_create
from crm_api.core.errors import Invalid, NotAllowed
from crm_api.organisation import service as organisation
from crm_api.organisation.calendars import days_off
from crm_api.organisation.models import Organisation
from crm_api.ports import Coordinates, TravelMatrix
from crm_api.users.models import User
from crm_api.visits import queries
from crm_api.visits.candidates import Candidate, Valuer, by_id, in_reach, placeless
from crm_api.visits.hours import DayClock
from crm_api.visits.preferences import Preferences, preferences
from crm_api.visits.schedule import Day, Lunch, Shift, Stop
from crm_api.visits.schemas import Place, PlanIn

MOST_PLACELESS = 50


@dataclass(frozen=True)
class Draft:
    """A rep, a day, a shift and the candidates; `points` are the rows of the travel matrix to fetch."""

    data: PlanIn
    rep: Actor
    clock: DayClock
    shift: Shift
    start: Coordinates
    end: Coordinates
    candidates: tuple[Candidate, ...]
    stops: tuple[Stop, ...]
    placeless: tuple[tuple[UUID, str], ...]
    not_considered: int
    day_off: str | None = None

    @property
    def points(self) -> list[Coordinates]:
        """Start, end, then the candidates."""
        return [self.start, self.end, *(candidate.place for candidate in self.candidates)]

    @property
    def departure(self) -> datetime:
        """When the day begins, in UTC."""
        return self.clock.instant(self.shift.start)

    def day(self, matrix: TravelMatrix) -> Day:
        """The day the planner gets, once the roads are known."""
        return Day(self.shift, self.stops, matrix.seconds, matrix.metres)


def valuer_of(session: Session, clock: DayClock) -> tuple[Valuer, Preferences]:
    """What candidates are valued by: the organisation's settings and currency."""
    settings: dict[str, Any] = session.scalar(sa.select(Organisation.settings)) or {}
    wishes = preferences(settings)
    return Valuer(clock, wishes, organisation.currency(session)), wishes


def gather(session: Session, actor: Actor, *, data: PlanIn) -> Draft:
    """Everything for a plan. Raises NotAllowed, or Invalid naming what is missing or makes no sense."""
    require_create(actor, "visit_plan")
    user = _rep(session, actor, data.owner_id)
    rep = actor_of(session, user, organisation_zone=organisation.zone(session))
    clock = DayClock(data.day, rep.time_zone)
    valuer, wishes = valuer_of(session, clock)
    start = _place(data.start) or _home(user)
    if start is None:
        raise Invalid.field("start", "say where the day begins, or give the rep a home on the map")
    found, missing, more = _candidates(session, actor, rep, valuer, data, start)
    return Draft(
        data=data,
        rep=rep,
        clock=clock,
        shift=_shift(data, wishes, clock),
        start=start,
        end=_place(data.end) or start,
        candidates=tuple(found),
        stops=_stops(found, data, clock),
        placeless=tuple(missing),
        not_considered=more,
        day_off=days_off(session, since=data.day, territory_ids=rep.territory_ids).why(data.day),
    )


def _rep(session: Session, actor: Actor, owner_id: UUID | None) -> User:
    """The rep to plan for: oneself, or somebody whose days one may plan."""
    wanted = owner_id or actor.user_id
    user = session.get(User, wanted) if wanted else None
    if user is None or not user.is_active:
        raise Invalid.field("owner_id", "there is no such active user")
    manages = actor.role == "manager" and user.team_id is not None and user.team_id in actor.team_ids
    if user.id != actor.user_id and not actor.is_administrator and not manages:
        raise NotAllowed("You plan your own days; a manager plans those of the team.")
    return user


def _candidates(
    session: Session, actor: Actor, rep: Actor, valuer: Valuer, data: PlanIn, start: Coordinates
) -> tuple[list[Candidate], list[tuple[UUID, str]], int]:
    """The chosen candidates, those without a place, and how many were too many."""
    terms = queries.reachable((actor, rep), territory_id=None, account_type=None)
    named = [*data.must_see, *(appointment.account_id for appointment in data.appointments)]
    fixed = by_id(session, rep, valuer, centre=start, ids=named, terms=terms)
    for position, account_id in enumerate(named):
        if account_id not in fixed:
            field = (
                f"must_see.{position}"
                if position < len(data.must_see)
                else f"appointments.{position - len(data.must_see)}.account_id"
            )
            raise Invalid.field(field, "there is no such account with coordinates, or it is not yours to see")
    narrowed = queries.reachable((actor, rep), territory_id=data.territory_id, account_type=data.account_type)
    near = in_reach(session, rep, valuer, centre=start, metres=data.radius_km * 1000, terms=narrowed)
    barred = {*fixed, *data.leave_out}
    optional = [candidate for candidate in near if candidate.account_id not in barred]
    room = max(0, data.candidates - len(fixed))
    missing = placeless(session, narrowed, limit=MOST_PLACELESS) if data.territory_id else []
    chosen = [*(fixed[account_id] for account_id in named), *optional[:room]]
    return (
        chosen,
        [(row.id, row.name) for row in missing if row.id not in barred],
        max(0, len(optional) - room),
    )


def _stops(found: list[Candidate], data: PlanIn, clock: DayClock) -> tuple[Stop, ...]:
    agreed = {a.account_id: clock.seconds(a.at) for a in data.appointments}
    musts = {*data.must_see, *agreed}
    return tuple(
        candidate.stop(node, must=candidate.account_id in musts, appointment=agreed.get(candidate.account_id))
        for node, candidate in enumerate(found, start=2)
    )


def _shift(data: PlanIn, wishes: Preferences, clock: DayClock) -> Shift:
    start = clock.seconds(data.shift_start or wishes.shift_start)
    end = clock.seconds(data.shift_end or wishes.shift_end)
    if end <= start:
        raise Invalid.field("shift_end", "the shift must end after it starts")
    return Shift(start, end, 0, 1, _lunch(data, wishes, clock, start, end), data.max_visits)


def _lunch(data: PlanIn, wishes: Preferences, clock: DayClock, start: int, end: int) -> Lunch | None:
    """Lunch, unless none is wanted or the shift does not run through its window."""
    minutes = wishes.lunch_minutes if data.lunch_minutes is None else data.lunch_minutes
    if minutes == 0:
        return None
    earliest = clock.seconds(data.lunch_from or wishes.lunch_from)
    latest = clock.seconds(data.lunch_to or wishes.lunch_to)
    if latest < earliest:
        raise Invalid.field("lunch_to", "the lunch window must end after it begins")
    if max(start, earliest) + minutes * 60 > end or start > latest:
        return None
    return Lunch(minutes * 60, earliest, latest)


def _place(place: Place | None) -> Coordinates | None:
    return Coordinates(place.latitude, place.longitude) if place else None


def _home(user: User) -> Coordinates | None:
    if user.home_latitude is None or user.home_longitude is None:
        return None
    return Coordinates(user.home_latitude, user.home_longitude)
