"""Who was visited in time, who is overdue, who never was: by territory, owner or type; and how often the promise kept.

Counted are live accounts the actor sees that are meant to be visited (`accounts.rhythms`). An account is in time while
its last visit is no older than its frequency.
"""

from collections import defaultdict
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.access import Actor, visible
from crm_api.accounts.models import Account, AccountStats
from crm_api.accounts.rhythms import RHYTHM
from crm_api.activities.models import Activity
from crm_api.core import clock
from crm_api.core.columns import UTCDateTime
from crm_api.core.dialect import days_between
from crm_api.core.errors import Invalid
from crm_api.field.models import CheckIn
from crm_api.organisation.models import Territory
from crm_api.users.models import User
from crm_api.visits.models import VisitPlan
from crm_api.visits.queries import has_place

LONGEST = timedelta(days=400)
BEFORE = timedelta(days=400)  # an interval that ends in the period may have begun so long before it
MOST_PLACES = 2000
GroupBy = Literal["territory", "owner", "account_type"]
State = Literal["in_time", "overdue", "never"]


def coverage(
    session: Session,
    actor: Actor,
    *,
    group_by: GroupBy = "territory",
    territory_id: UUID | None = None,
    owner_id: UUID | None = None,
    account_type: str | None = None,
) -> dict[str, Any]:
    """How many accounts are in time, overdue and never visited, by `group_by` and in all."""
    key, name = {
        "territory": (Account.territory_id, Territory.name),
        "owner": (Account.owner_id, User.name),
        "account_type": (Account.account_type, Account.account_type),
    }[group_by]
    state = _state()
    rows = session.execute(
        sa.select(key.label("key"), name.label("name"), state.label("state"), sa.func.count().label("accounts"))
        .select_from(Account)
        .outerjoin(AccountStats, AccountStats.account_id == Account.id)
        .outerjoin(Territory, Territory.id == Account.territory_id)
        .outerjoin(User, User.id == Account.owner_id)
        .where(*_meant(actor, territory_id, owner_id, account_type))
        .group_by(key, name, state)
    )  # fmt: skip
    groups: dict[Any, dict[str, Any]] = {}
    for row in rows:
        group = groups.setdefault(row.key, {"key": row.key, "name": row.name, **_NONE})
        group[row.state] += row.accounts
    items = [_summed(group) for group in groups.values()]
    items.sort(key=lambda item: (item["key"] is None, str(item["name"]).casefold(), str(item["key"])))
    total = _summed({word: sum(item[word] for item in items) for word in _NONE})
    return {"group_by": group_by, "items": items, "total": total}


def places(
    session: Session,
    actor: Actor,
    *,
    territory_id: UUID | None = None,
    owner_id: UUID | None = None,
    account_type: str | None = None,
    state: State | None = None,
) -> dict[str, Any]:
    """The same accounts one by one, each where it is and how it stands: overdue ones first, the longest ago first.

    At most 2,000; `total` is how many have a place, `without_place` how many cannot be shown on a map.
    """
    standing = _state()
    meant = _meant(actor, territory_id, owner_id, account_type)
    if state is not None:
        meant.append(standing == state)
    counted = sa.select(sa.func.count(), sa.func.count(sa.case((has_place(), 1)))).select_from(Account)
    every_one, placed = session.execute(
        counted.outerjoin(AccountStats, AccountStats.account_id == Account.id).where(*meant)
    ).one()
    rank = sa.case((standing == "overdue", 0), (standing == "never", 1), else_=2)
    rows = session.execute(
        sa.select(
            Account.id.label("account_id"), Account.name.label("account_name"), Account.billing_city.label("city"),
            Account.latitude, Account.longitude, standing.label("state"), AccountStats.last_visit_at,
            RHYTHM.label("visit_every_days"),
        )
        .outerjoin(AccountStats, AccountStats.account_id == Account.id)
        .where(*meant, has_place())
        .order_by(rank, AccountStats.last_visit_at, Account.id)
        .limit(MOST_PLACES)
    )  # fmt: skip
    return {
        "items": [dict(row) for row in rows.mappings()],
        "total": placed,
        "without_place": every_one - placed,
    }


def statistics(
    session: Session, actor: Actor, *, since: date, until: date, owner_id: UUID | None = None
) -> dict[str, Any]:
    """Visits planned, made and checked, and how often the frequency was kept, from `since` through `until`.

    Frequency kept: of the intervals from one visit of an account to its next that ended in the period, and of those
    still open at its end, the share that was no longer than the account's frequency. Raises Invalid for a period that
    ends before it begins, or is longer than 400 days.
    """
    begins, ends = _period(actor, since, until)
    kept, missed = _intervals(session, actor, begins, ends, owner_id)
    plans = _plans(session, actor, since, until, owner_id)
    checks = _checks(session, actor, begins, ends, owner_id)
    made = _made(session, actor, begins, ends, owner_id)
    checked = sum(checks.values())
    return {
        "since": since,
        "until": until,
        "planned_visits": plans.visits,
        "made_visits": made,
        "planned_metres": plans.metres,
        "planned_driving_seconds": plans.seconds,
        "check_ins": checked,
        "verified": checks["verified"],
        "away": checks["away"],
        "unverified": checks["unverified"],
        "verified_rate": 100 * checks["verified"] / checked if checked else None,
        "intervals_kept": kept,
        "intervals_missed": missed,
        "frequency_kept_rate": 100 * kept / (kept + missed) if kept + missed else None,
    }


_NONE = {"in_time": 0, "overdue": 0, "never": 0}


def _summed(group: dict[str, Any]) -> dict[str, Any]:
    accounts = group["in_time"] + group["overdue"] + group["never"]
    return group | {
        "accounts": accounts,
        "in_time_rate": 100 * group["in_time"] / accounts if accounts else None,
    }


def _state() -> sa.ColumnElement[str]:
    now = sa.literal(clock.now(), UTCDateTime())
    return sa.case(
        (AccountStats.last_visit_at.is_(None), "never"),
        (days_between(AccountStats.last_visit_at, now) <= RHYTHM, "in_time"),
        else_="overdue",
    )


def _meant(
    actor: Actor, territory_id: UUID | None, owner_id: UUID | None, account_type: str | None
) -> list[sa.ColumnElement[bool]]:
    terms = [
        visible("account", actor),
        Account.archived_at.is_(None),
        RHYTHM.is_not(None),
    ]
    for column, value in (
        (Account.territory_id, territory_id), (Account.owner_id, owner_id), (Account.account_type, account_type),
    ):  # fmt: skip
        if value is not None:
            terms.append(column == value)
    return terms


def _period(actor: Actor, since: date, until: date) -> tuple[datetime, datetime]:
    if until < since:
        raise Invalid.field("until", "the period ends before it begins")
    if until - since > LONGEST:
        raise Invalid.field("until", f"at most {LONGEST.days} days at a time")
    zone = ZoneInfo(actor.time_zone)
    begins, ends = (datetime.combine(day, time(), zone) for day in (since, until + timedelta(days=1)))
    return begins.astimezone(UTC), ends.astimezone(UTC)


def _visits(
    actor: Actor, begins: datetime, ends: datetime, owner_id: UUID | None
) -> list[sa.ColumnElement[bool]]:
    terms = [
        Activity.activity_type == "visit", Activity.status == "completed", Activity.archived_at.is_(None),
        visible("activity", actor), Activity.occurred_at >= begins, Activity.occurred_at < ends,
    ]  # fmt: skip
    return [*terms, Activity.owner_id == owner_id] if owner_id else terms


def _made(session: Session, actor: Actor, begins: datetime, ends: datetime, owner_id: UUID | None) -> int:
    return (
        session.scalar(sa.select(sa.func.count(Activity.id)).where(*_visits(actor, begins, ends, owner_id)))
        or 0
    )


def _plans(session: Session, actor: Actor, since: date, until: date, owner_id: UUID | None) -> Any:
    terms = [
        VisitPlan.status == "accepted",
        VisitPlan.day.between(since, until),
        visible("visit_plan", actor),
    ]
    sums = (VisitPlan.visits, VisitPlan.driving_metres, VisitPlan.driving_seconds)
    statement = sa.select(
        *(sa.cast(sa.func.coalesce(sa.func.sum(column), 0), sa.BigInteger).label(name)
          for column, name in zip(sums, ("visits", "metres", "seconds"), strict=True))
    )  # fmt: skip
    return session.execute(
        statement.where(*terms, *([VisitPlan.owner_id == owner_id] if owner_id else []))
    ).one()


def _checks(
    session: Session, actor: Actor, begins: datetime, ends: datetime, owner_id: UUID | None
) -> dict[str, int]:
    terms = [CheckIn.checked_in_at >= begins, CheckIn.checked_in_at < ends, visible("check_in", actor)]
    if owner_id:
        terms.append(CheckIn.owner_id == owner_id)
    rows = session.execute(
        sa.select(CheckIn.verdict, sa.func.count()).where(*terms).group_by(CheckIn.verdict)
    )
    return {"verified": 0, "away": 0, "unverified": 0} | {verdict: count for verdict, count in rows}


def _intervals(
    session: Session, actor: Actor, begins: datetime, ends: datetime, owner_id: UUID | None
) -> tuple[int, int]:
    """How many intervals were kept, and how many were too long."""
    rows = session.execute(
        sa.select(Activity.account_id, Activity.occurred_at, RHYTHM)
        .join(Account, Account.id == Activity.account_id)
        .where(*_visits(actor, begins - BEFORE, ends, None), *_meant(actor, None, owner_id, None))
        .order_by(Activity.account_id, Activity.occurred_at)
    )
    visits: dict[Any, list[Any]] = defaultdict(list)
    allowed: dict[Any, timedelta] = {}
    for account_id, at, every in rows:
        visits[account_id].append(at)
        allowed[account_id] = timedelta(days=every)
    kept = missed = 0
    now = min(ends, clock.now())
    for account_id, days in visits.items():
        for before, after in pairwise(days):
            if after >= begins:
                kept += after - before <= allowed[account_id]
                missed += after - before > allowed[account_id]
        missed += now - days[-1] > allowed[account_id]
    return kept, missed
