"""What is fixed already: the rep's own calendar, and visits planned for other days."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from crm_api.access import Actor
from crm_api.ports import BusyTime
from crm_api.visits import queries
from crm_api.visits.hours import DayClock, apart
from crm_api.visits.schedule import Window

USUAL_MINUTES = 30  # of a meeting that does not say how long it is


@dataclass(frozen=True, slots=True)
class Engagement:
    """Something with a time in the rep's calendar; `starts` are seconds that have passed since midnight."""

    activity_id: UUID
    account_id: UUID | None
    starts: int
    minutes: int

    @property
    def window(self) -> Window:
        return Window(self.starts, self.starts + self.minutes * 60)


@dataclass(frozen=True)
class Agenda:
    """One day of a rep's calendar: what happens at an account, and what takes time wherever one is."""

    at_accounts: dict[UUID, Engagement]
    busy: tuple[Window, ...]


def agenda(
    session: Session,
    rep: Actor,
    clock: DayClock,
    *,
    between: Window,
    placed: Collection[UUID],
    calendar: Sequence[BusyTime] = (),
) -> Agenda:
    """The rep's engagements that begin in the shift `between`; those at one of the accounts `placed` have a place.

    `calendar` are the times that the rep's connected calendar says are taken; what we put there ourselves is known.
    """
    assert rep.user_id is not None, "a rep is somebody"
    at_accounts: dict[UUID, Engagement] = {}
    busy: list[Window] = []
    for item in _engagements(session, rep.user_id, clock):
        if not (between.opens < item.window.closes and item.starts < between.closes):
            continue
        if item.account_id in placed and item.account_id not in at_accounts and item.starts >= between.opens:
            assert item.account_id is not None, "None is not placed"
            at_accounts[item.account_id] = item
        else:
            busy.append(Window(max(item.starts, between.opens), min(item.window.closes, between.closes)))
    for taken in _of_others(session, rep.user_id, clock, calendar):
        opens = max(_passed(clock, taken.starts_at), between.opens)
        closes = min(_passed(clock, taken.ends_at), between.closes)
        if opens < closes:
            busy.append(Window(opens, closes))
    return Agenda(at_accounts, apart(busy))


def engaged_accounts(session: Session, rep: Actor, clocks: Sequence[DayClock]) -> set[UUID]:
    """The accounts at which the rep has something in the calendar on these days."""
    assert rep.user_id is not None, "a rep is somebody"
    found = (item.account_id for clock in clocks for item in _engagements(session, rep.user_id, clock))
    return {account_id for account_id in found if account_id is not None}


def planned_days(
    session: Session,
    account_ids: Collection[UUID],
    *,
    reps: Collection[UUID],
    days: Sequence[date],
    week_id: UUID | None,
    around: int,
) -> dict[UUID, list[date]]:
    """For each account, the days within `around` days for which a visit is planned on other plans already."""
    found: dict[UUID, list[date]] = defaultdict(list)
    if not account_ids or not days:
        return found
    pause = timedelta(days=around)
    ids = list(account_ids)
    for first in range(0, len(ids), 500):
        rows = session.execute(
            queries.planned_visits(
                ids[first : first + 500],
                reps=reps,
                days=days,
                week_id=week_id,
                since=min(days) - pause,
                until=max(days) + pause,
            )
        )
        for account_id, day in rows:
            found[account_id].append(day)
    return found


def _engagements(session: Session, rep_id: UUID, clock: DayClock) -> list[Engagement]:
    rows = session.execute(queries.engagements(rep_id, clock.midnight, clock.next_midnight))
    return [
        Engagement(row.id, row.account_id, _passed(clock, row.due_at), row.duration_minutes or USUAL_MINUTES)
        for row in rows
    ]


def _of_others(
    session: Session, rep_id: UUID, clock: DayClock, calendar: Sequence[BusyTime]
) -> list[BusyTime]:
    """What a calendar holds besides the rep's own activities: those are known by their id, or by their very times."""
    if not calendar:
        return []
    ids, spans = set(), set()
    for row in session.execute(queries.dated(rep_id, clock.midnight, clock.next_midnight)):
        ids.add(str(row.id))
        spans.add((row.due_at, row.due_at + timedelta(minutes=row.duration_minutes or USUAL_MINUTES)))
    return [
        taken for taken in calendar
        if taken.transaction_id not in ids and (taken.starts_at, taken.ends_at) not in spans
    ]  # fmt: skip


def _passed(clock: DayClock, at: datetime) -> int:
    return int((at - clock.midnight).total_seconds())
