"""What its orders say of an account, and nothing else: how much, how often, when last, and when again.

Counted are live orders that were confirmed, shipped, delivered or invoiced, up to today in the organisation's zone.
Amounts are in minor units of the organisation's currency, at the rate of the day of each order.

    order_count         how many there are
    last_order_date     the day of the last one; last_order_value is what was ordered that day
    annual_spend        the sum of the last 365 days, today included; annual_orders is their number
    order_rhythm_days   the median of the days between one day with orders and the next
    next_order_date     last_order_date and the rhythm, rounded half up to days
    order_overdue_days  how many days that is ago; 0 where it lies ahead

The three scores are those of Arthur M. Hughes, "Strategic Database Marketing" (1994): accounts with orders are
ranked by recency (last_order_date), frequency (annual_orders) and monetary value (annual_spend) and cut into fifths;
the best fifth has 5. Hughes cuts a sorted list, which tells apart what is equal; here equals score alike:
1 + the whole fifths of all accounts that are worse.

Own figures are worked out in the transaction that writes an order, scores by the job `refresh_figures`: a new order
may move everybody's. The job works out everything else anew each day, because the year moves on.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from statistics import median
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.accounts.models import AccountStats
from crm_api.accounts.service import stats_of
from crm_api.core.schemas import apply_patch
from crm_api.orders.models import COUNTING, Order
from crm_api.organisation.service import today as todays_date

YEAR = timedelta(days=365)
STALE = date(
    1970, 1, 1
)  # `figured_on` of what the job is to look at; empty where there is nothing to look at
SLICE = 50  # accounts a transaction of the job, whose orders are all read: some 20 ms of SQLite's one writer
Purchase = tuple[date, int]  # the day, and the value in the organisation's currency
NONE: dict[str, Any] = {
    "order_count": None,
    "annual_orders": None,
    "annual_spend": None,
    "last_order_date": None,
    "last_order_value": None,
    "order_rhythm_days": None,
    "next_order_date": None,
    "order_overdue_days": None,
}
SCORES = {
    "recency_score": "last_order_date",
    "frequency_score": "annual_orders",
    "monetary_score": "annual_spend",
}


def of_purchases(purchases: Iterable[Purchase], *, today: date) -> dict[str, Any]:
    """The figures of one account from what it bought up to `today`; all empty where it bought nothing."""
    bought = sorted(purchase for purchase in purchases if purchase[0] <= today)
    if not bought:
        return dict(NONE)
    lately = [value for day, value in bought if day > today - YEAR]
    days = sorted({day for day, _ in bought})
    last = days[-1]
    gaps = [(after - before).days for before, after in pairwise(days)]
    rhythm = float(median(gaps)) if gaps else None
    again = None if rhythm is None else last + timedelta(days=int(rhythm + 0.5))
    return {
        "order_count": len(bought),
        "annual_orders": len(lately),
        "annual_spend": sum(lately),
        "last_order_date": last,
        "last_order_value": sum(value for day, value in bought if day == last),
        "order_rhythm_days": rhythm,
        "next_order_date": again,
        "order_overdue_days": None if again is None else max(0, (today - again).days),
    }


def refresh(session: Session, account_ids: Collection[UUID], *, settled: bool = False) -> int:
    """Work the figures of accounts out anew; returns how many changed.

    They are held first: of two orders written at a time, the second counts what the first one wrote. Unless `settled`,
    the job is to look at them once more, for the scores.
    """
    if not account_ids:
        return 0
    session.flush()
    held = stats_of(session, account_ids)
    today, bought = todays_date(session), _purchases(session, account_ids)
    changed = 0
    for stats in held:
        own = of_purchases(bought.get(stats.account_id, ()), today=today)
        if own["last_order_date"] is None:
            own |= dict.fromkeys(SCORES)
        changed += apply_patch(stats, own)
        stats.figured_on = _looked_at(own, today) if settled else STALE
    return changed


def _looked_at(own: dict[str, Any], today: date) -> date | None:
    """Empty for who ordered nothing: with the years passing, nothing becomes of that."""
    return today if own["last_order_date"] is not None else None


def mark(session: Session, account_ids: Collection[UUID]) -> None:
    """Have the job work the figures of accounts out: for imports, which bring many orders of one account."""
    for stats in stats_of(session, account_ids):
        stats.figured_on = STALE


def _purchases(session: Session, account_ids: Collection[UUID]) -> dict[UUID, list[Purchase]]:
    bought: dict[UUID, list[Purchase]] = defaultdict(list)
    statement = sa.select(Order.account_id, Order.order_date, sa.func.coalesce(Order.total_base, 0)).where(
        Order.account_id.in_(list(account_ids)), Order.status.in_(COUNTING), Order.archived_at.is_(None)
    )
    for account_id, day, value in session.execute(statement):
        bought[account_id].append((day, value))
    return bought


# ── The job ──────────────────────────────────────────────────────────────────────────────────────


def stale(session: Session) -> list[UUID]:
    """Accounts whose figures may be old: an order of theirs was written, or a day has passed. A slice of them."""
    old = sa.select(AccountStats.account_id).where(AccountStats.figured_on < todays_date(session))
    return list(session.scalars(old.order_by(AccountStats.figured_on, AccountStats.account_id).limit(SLICE)))


@dataclass(frozen=True, slots=True)
class Scored:
    """An account whose scores are not what they should be."""

    id: UUID
    scores: dict[str, int]


def wrong_scores(session: Session) -> list[Scored]:
    """The accounts whose scores differ from the ranks of today, with the right ones; one statement."""
    table = AccountStats
    statement = sa.select(
        table.account_id, *(getattr(table, name) for pair in SCORES.items() for name in pair)
    )
    rows = session.execute(statement.where(table.order_count.is_not(None))).mappings().all()
    ranks = {score: sorted(row[figure] for row in rows) for score, figure in SCORES.items()}
    right = [
        Scored(
            row["account_id"],
            {score: fifth(ranks[score], row[figure]) for score, figure in SCORES.items()},
        )
        for row in rows
    ]
    return [
        each
        for each, row in zip(right, rows, strict=True)
        if any(row[n] != s for n, s in each.scores.items())
    ]


def fifth(ranked: Sequence[Any], value: Any) -> int:
    """1 to 5: in which fifth of the rising values this one lies, by how many are below it."""
    return 1 + 5 * bisect_left(ranked, value) // len(ranked)


def score(session: Session, wrong: Sequence[Scored]) -> None:
    """Write scores; an account that lost its orders meanwhile keeps none."""
    for each in wrong:
        still = AccountStats.account_id == each.id, AccountStats.order_count.is_not(None)
        session.execute(sa.update(AccountStats).where(*still).values(**each.scores))
