"""A draft: everything a plan is made of, gathered in one reading transaction, before any road is known."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.access import Actor, require_create
from crm_api.core.errors import Invalid
from crm_api.organisation import service as organisation
from crm_api.organisation.models import Organisation
from crm_api.ports import Coordinates, TravelMatrix
from crm_api.visits import queries
from crm_api.visits.agenda import Agenda, agenda, engaged_accounts, planned_days
from crm_api.visits.candidates import Candidate, Valuer, by_id, in_reach, placeless
from crm_api.visits.horizon import Call, Horizon, Tour
from crm_api.visits.hours import DayClock
from crm_api.visits.outings import Crew, Frame, crews, shift
from crm_api.visits.preferences import Preferences, preferences
from crm_api.visits.reasons import Why
from crm_api.visits.schedule import Shift, Stop, Window
from crm_api.visits.schemas import PlanIn, WeekIn

MOST_NAMED = 50  # of the accounts that are not even tried, for each reason
AGAIN = "#"  # separates an account's id from the number of its visit, where one plan holds several


@dataclass(frozen=True)
class Outing:
    """One rep's day: its clock, its shift on it, and what the calendar holds."""

    rep: Actor
    clock: DayClock
    shift: Shift
    start: Coordinates
    end: Coordinates
    agenda: Agenda


@dataclass(frozen=True)
class Draft:
    """Outings and the calls that could be made on them; `points` are the rows of the travel matrix to fetch.

    `aside` are accounts that are not even tried, with the reason.
    """

    data: PlanIn | WeekIn
    outings: tuple[Outing, ...]
    candidates: Mapping[UUID, Candidate]
    calls: tuple[Call, ...]
    points: tuple[Coordinates, ...]
    aside: tuple[tuple[UUID, str, Why], ...]
    not_considered: int
    notes: tuple[str, ...]
    frame: Frame

    @property
    def departure(self) -> datetime:
        """When the first day begins, in UTC."""
        return self.outings[0].clock.instant(self.outings[0].shift.start)

    def horizon(self, matrix: TravelMatrix) -> Horizon:
        """What the planner gets, once the roads are known."""
        reps: dict[UUID | None, int] = {}
        tours = tuple(
            Tour(
                f"{outing.rep.user_id}/{outing.clock.day}",
                outing.clock.day.toordinal(),
                outing.shift,
                reps.setdefault(outing.rep.user_id, len(reps)),
            )
            for outing in self.outings
        )
        return Horizon(tours, self.calls, matrix.seconds, matrix.metres)

    def candidate(self, key: str) -> Candidate:
        """The account behind the key of a call."""
        return self.candidates[UUID(key.partition(AGAIN)[0])]


@dataclass(frozen=True)
class _Found:
    """The accounts of one crew: those that were named, and those around, most worthwhile first."""

    named: dict[UUID, Candidate]
    near: list[Candidate]
    terms: list[sa.ColumnElement[bool]]


def valuer_of(session: Session, clock: DayClock) -> tuple[Valuer, Preferences]:
    """What candidates are valued by: the organisation's settings and currency."""
    settings: dict[str, Any] = session.scalar(sa.select(Organisation.settings)) or {}
    wishes = preferences(settings)
    return Valuer(clock, wishes, organisation.currency(session)), wishes


def gather(session: Session, actor: Actor, *, data: PlanIn | WeekIn, frame: Frame | None = None) -> Draft:
    """Everything for a plan. Raises NotAllowed, or Invalid naming what is missing or makes no sense."""
    require_create(actor, "visit_plan")
    frame = frame or Frame()
    first = DayClock(data.calendar_days[0], actor.time_zone)
    valuer, wishes = valuer_of(session, first)
    teams = crews(session, actor, data, wishes, frame)
    found = [
        _found(session, actor, crew, replace(valuer, clock=crew.clocks[0]), data, frame) for crew in teams
    ]
    _require_named(data, found)
    pool = {c.account_id: c for one in found for c in [*one.near, *one.named.values()]}
    wanted = {*data.must_see, *(account for _, account, _ in data.agreed), *frame.held}
    fixed = wanted | {account for one in found for account in one.named}
    days = sorted({clock.day for crew in teams for clock in crew.clocks})
    planned = planned_days(
        session,
        pool.keys(),
        reps=[crew.rep.user_id for crew in teams if crew.rep.user_id],
        days=days,
        week_id=frame.week_id,
        around=max((c.every for c in pool.values()), default=0),
    )
    aside = {
        account_id: why
        for account_id, candidate in pool.items()
        if account_id not in fixed
        and (why := _not_now(candidate, days, planned.get(account_id, ()))) is not None
    }
    sees, more = _chosen(found, fixed, aside.keys() | set(data.leave_out), data.candidates)
    outings = tuple(_outing(session, crew, n, index, one, data, wishes)
                    for index, (crew, one) in enumerate(zip(teams, found, strict=True))
                    for n in range(len(crew.clocks)))  # fmt: skip
    crew_of = [index for index, crew in enumerate(teams) for _ in crew.clocks]
    candidates = {c: pool[c] for c in sorted(sees, key=lambda c: (c not in fixed, pool[c].rank))}
    ends = tuple(place for crew in teams for place in (crew.start, crew.end))
    calls = [
        call
        for node, candidate in enumerate(candidates.values(), start=len(ends))
        for call in _calls(
            candidate, node, outings, crew_of, sees[candidate.account_id], data, planned, fixed, wanted
        )
    ]
    tells_placeless = data.territory_id is not None and not frame.is_closed
    missing = placeless(session, found[0].terms, limit=MOST_NAMED) if tells_placeless else []
    return Draft(
        data=data,
        outings=outings,
        candidates=candidates,
        calls=tuple(calls),
        points=(*ends, *(candidate.place for candidate in candidates.values())),
        aside=(
            *(
                (account_id, pool[account_id].name, why)
                for account_id, why in list(aside.items())[:MOST_NAMED]
            ),
            *((row.id, row.name, Why.NO_COORDINATES) for row in missing if row.id not in fixed),
        ),
        not_considered=more,
        notes=tuple(dict.fromkeys(note for crew in teams for note in crew.notes)),
        frame=frame,
    )


def _found(
    session: Session, actor: Actor, crew: Crew, valuer: Valuer, data: PlanIn | WeekIn, frame: Frame
) -> _Found:
    """What one crew could visit."""
    both = (actor, crew.rep)
    terms = queries.reachable(both, territory_id=None, account_type=None)
    ids = {*data.must_see, *(account for _, account, _ in data.agreed), *frame.held}
    if data.calendar:
        ids |= engaged_accounts(session, crew.rep, crew.clocks)
    named = by_id(session, crew.rep, valuer, centre=crew.start, ids=ids, terms=terms)
    narrowed = queries.reachable(both, territory_id=data.territory_id, account_type=data.account_type)
    if frame.is_closed:
        return _Found(named, [], narrowed)
    reach = data.radius_km * 1000
    near = in_reach(session, crew.rep, valuer, centre=crew.start, metres=reach, terms=narrowed)
    return _Found(named, near, narrowed)


def _require_named(data: PlanIn | WeekIn, found: Sequence[_Found]) -> None:
    """Every account that was asked for by id is one that somebody may visit."""
    known = {account for one in found for account in one.named}
    asked = [(f"must_see.{n}", account) for n, account in enumerate(data.must_see)]
    asked += [(f"appointments.{n}.account_id", account) for n, (_, account, _) in enumerate(data.agreed)]
    for field, account in asked:
        if account not in known:
            raise Invalid.field(field, "there is no such account with coordinates, or it is not yours to see")


def _not_now(candidate: Candidate, days: Sequence[date], planned: Collection[date]) -> Why | None:
    """Why an account is not tried on any of these days, or None where it is."""
    if not any(_far_from(day, planned, candidate.every) for day in days):
        return Why.PLANNED_ELSEWHERE
    if candidate.not_before is not None and days[-1] < candidate.not_before:
        return Why.VISITED_RECENTLY
    return None


def _far_from(day: date, planned: Collection[date], every: int) -> bool:
    return all(abs((day - other).days) >= max(1, every) for other in planned)


def _chosen(
    found: Sequence[_Found], fixed: set[UUID], barred: Collection[UUID], most: int
) -> tuple[dict[UUID, set[int]], int]:
    """Which crews may call on which account, at most so many each; and how many accounts were too many."""
    sees: dict[UUID, set[int]] = defaultdict(set)
    too_many: set[UUID] = set()
    for crew, one in enumerate(found):
        optional = [
            c.account_id for c in one.near if c.account_id not in fixed and c.account_id not in barred
        ]
        room = max(0, most - len(one.named))
        for account_id in [*one.named, *optional[:room]]:
            sees[account_id].add(crew)
        too_many.update(optional[room:])
        for candidate in one.near:
            if candidate.account_id in fixed:
                sees[candidate.account_id].add(crew)
    return sees, len(too_many - sees.keys())


def _outing(
    session: Session,
    crew: Crew,
    number: int,
    index: int,
    found: _Found,
    data: PlanIn | WeekIn,
    wishes: Preferences,
) -> Outing:
    clock = crew.clocks[number]
    known = Agenda({}, ())
    if data.calendar:
        known = agenda(session, crew.rep, clock, between=crew.hours[number], placed=found.named.keys())
    clock = replace(clock, busy=known.busy)
    made = replace(shift(crew, number, clock, data, wishes), start_node=2 * index, end_node=2 * index + 1)
    return Outing(crew.rep, clock, made, crew.start, crew.end, known)


def _calls(
    candidate: Candidate,
    node: int,
    outings: Sequence[Outing],
    crew_of: Sequence[int],
    crews_: set[int],
    data: PlanIn | WeekIn,
    planned: Mapping[UUID, Collection[date]],
    fixed: set[UUID],
    wanted: set[UUID],
) -> list[Call]:
    """The visits to an account that the days could hold: one, or as many as its frequency asks for."""
    account_id = candidate.account_id
    must = account_id in data.must_see
    stops: list[Stop | None] = []
    known: dict[tuple[Window, ...], Stop] = {}
    agreed: list[int] = []
    for tour, outing in enumerate(outings):
        stop = None
        if crew_of[tour] in crews_:
            # A visit agreed with the company is one rep's: the first who may go there.
            stop = _appointed(candidate, node, outing, data.agreed if crew_of[tour] == min(crews_) else ())
            if stop is not None:
                agreed.append(tour)
            elif account_id in wanted or _is_time(candidate, outing.clock.day, planned.get(account_id, ())):
                windows = candidate.windows(outing.clock, any_day=must)
                stop = known.setdefault(windows, _stop(candidate, node, windows, must))
        stops.append(stop)
    if agreed:  # an appointment is the visit: on any other day it would be a second one
        return [
            Call(
                _key(account_id, n),
                tuple(stop if at == tour else None for at, stop in enumerate(stops)),
                candidate.worth.points, True, str(account_id), 1,
            )
            for n, tour in enumerate(agreed)
        ]  # fmt: skip
    span = outings[-1].clock.day - outings[0].clock.day + timedelta(days=1)
    times = 1 if must else max(1, -(-span.days // candidate.every))
    return [
        Call(
            _key(account_id, n), tuple(stops), candidate.worth.points, must, str(account_id), candidate.every
        )
        for n in range(times)
    ]


def _key(account_id: UUID, number: int) -> str:
    return f"{account_id}{AGAIN}{number + 1}" if number else str(account_id)


def _is_time(candidate: Candidate, day: date, planned: Collection[date]) -> bool:
    early = candidate.not_before is not None and day < candidate.not_before
    return not early and _far_from(day, planned, candidate.every)


def _stop(candidate: Candidate, node: int, windows: tuple[Window, ...], must: bool) -> Stop:
    return Stop(
        str(candidate.account_id),
        node,
        candidate.minutes * 60,
        windows,
        value=candidate.worth.points,
        must=must,
    )


def _appointed(
    candidate: Candidate, node: int, outing: Outing, agreed: Sequence[tuple[date, UUID, str]]
) -> Stop | None:
    """The visit agreed for this day, in the request or in the rep's calendar."""
    clock, held = outing.clock, outing.agenda.at_accounts.get(candidate.account_id)
    for day, account_id, wall in agreed:
        if day == clock.day and account_id == candidate.account_id:
            at, minutes = clock.seconds(wall), candidate.minutes
            break
    else:
        if held is None:
            return None
        at, minutes = clock.less_busy(held.starts), held.minutes
    return Stop(
        str(candidate.account_id), node, minutes * 60, candidate.windows(clock, any_day=True),
        appointment=at, value=candidate.worth.points, must=True,
    )  # fmt: skip
