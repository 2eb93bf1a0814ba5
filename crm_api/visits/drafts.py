"""A draft: everything a plan is made of, gathered in one reading transaction, before any road is known."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
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
from crm_api.visits.calls import AGAIN, calls, far_from
from crm_api.visits.candidates import Candidate, Valuer, by_id, in_reach, placeless
from crm_api.visits.horizon import Call, Horizon, Tour
from crm_api.visits.hours import DayClock
from crm_api.visits.outings import Crew, Frame, Outing, Taken, crews, shift
from crm_api.visits.preferences import Preferences, preferences
from crm_api.visits.reasons import Why
from crm_api.visits.schemas import PlanIn, WeekIn

MOST_NAMED = 50  # of the accounts that are not even tried, for each reason
NOTHING_TAKEN = Taken()


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


def gather(
    session: Session,
    actor: Actor,
    *,
    data: PlanIn | WeekIn,
    frame: Frame | None = None,
    taken: Taken = NOTHING_TAKEN,
) -> Draft:
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
    wanted = {*data.must_see, *(one.account_id for _, one in data.agreed), *frame.held}
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
    outings = tuple(_outing(session, crew, n, index, one, data, wishes, taken)
                    for index, (crew, one) in enumerate(zip(teams, found, strict=True))
                    for n in range(len(crew.clocks)))  # fmt: skip
    crew_of = [index for index, crew in enumerate(teams) for _ in crew.clocks]
    candidates = {c: pool[c] for c in sorted(sees, key=lambda c: (c not in fixed, pool[c].rank))}
    ends = tuple(place for crew in teams for place in (crew.start, crew.end))
    possible = [
        call
        for node, candidate in enumerate(candidates.values(), start=len(ends))
        for call in calls(
            candidate, node, outings, crew_of, sees[candidate.account_id], data, planned, fixed, wanted
        )
    ]
    tells_placeless = data.territory_id is not None and not frame.is_closed
    missing = placeless(session, found[0].terms, limit=MOST_NAMED) if tells_placeless else []
    return Draft(
        data=data,
        outings=outings,
        candidates=candidates,
        calls=tuple(possible),
        points=(*ends, *(candidate.place for candidate in candidates.values())),
        aside=(
            *(
                (account_id, pool[account_id].name, why)
                for account_id, why in list(aside.items())[:MOST_NAMED]
            ),
            *((row.id, row.name, Why.NO_COORDINATES) for row in missing if row.id not in fixed),
        ),
        not_considered=more,
        notes=tuple(dict.fromkeys([*(note for crew in teams for note in crew.notes), *taken.notes])),
        frame=frame,
    )


def _found(
    session: Session, actor: Actor, crew: Crew, valuer: Valuer, data: PlanIn | WeekIn, frame: Frame
) -> _Found:
    """What one crew could visit."""
    both = (actor, crew.rep)
    terms = queries.reachable(both, territory_id=None, account_type=None)
    ids = {*data.must_see, *(one.account_id for _, one in data.agreed), *frame.held}
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
    asked += [(f"appointments.{n}.account_id", one.account_id) for n, (_, one) in enumerate(data.agreed)]
    for field, account in asked:
        if account not in known:
            raise Invalid.field(field, "there is no such account with coordinates, or it is not yours to see")


def _not_now(candidate: Candidate, days: Sequence[date], planned: Collection[date]) -> Why | None:
    """Why an account is not tried on any of these days, or None where it is."""
    if not any(far_from(day, planned, candidate.every) for day in days):
        return Why.PLANNED_ELSEWHERE
    if candidate.not_before is not None and days[-1] < candidate.not_before:
        return Why.VISITED_RECENTLY
    return None


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
    taken: Taken,
) -> Outing:
    clock = crew.clocks[number]
    known = Agenda({}, ())
    if data.calendar:
        assert crew.rep.user_id is not None, "a rep is somebody"
        known = agenda(
            session, crew.rep, clock, between=crew.hours[number], placed=found.named.keys(),
            calendar=taken.times.get(crew.rep.user_id, ()),
        )  # fmt: skip
    clock = replace(clock, busy=known.busy)
    made = replace(shift(crew, number, clock, data, wishes), start_node=2 * index, end_node=2 * index + 1)
    return Outing(crew.rep, clock, made, crew.start, crew.end, known)
