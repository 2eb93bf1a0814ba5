"""Activities counted by type and person: what is done, what is open by when it is due, and follow-ups by when.

Out of kept sums, by day in UTC, where the asker sees every activity; else among those they see.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.access import Actor, visible
from crm_api.activities.models import Activity, ActivityRollup
from crm_api.core.dialect import Wide, day_of
from crm_api.core.rollups import Kept, Row, added, split

State = Literal["done", "open", "follow_up"]
SUMS = ("activities", "minutes")
# Which activities are in a state, and the moment that dates them there.
STATES: dict[State, tuple[sa.ColumnElement[bool], Any]] = {
    "done": (Activity.status == "completed", Activity.occurred_at),
    "open": (Activity.status.in_(("scheduled", "in_progress")), Activity.due_at),
    "follow_up": (Activity.follow_up_due.is_not(None), Activity.follow_up_due),
}


def read(
    session: Session,
    actor: Actor,
    state: State,
    by: Sequence[str],
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    **of: Any,
) -> dict[tuple[Any, ...], Row]:
    """How many live activities the actor sees are in a state, and their minutes, by `activity_type` and `owner_id`.

    They are dated in [since, until); `of` names types and owners, each a value or several. Two statements at most,
    and one more where the period does not begin or end with a day of UTC.
    """
    keys = tuple(by)
    if actor.is_administrator:
        period = split(since, until)
        spans, rows = list(period.edges), _kept(session, state, keys, period.days(ActivityRollup.day), of)
    else:
        spans, rows = [(since, until)], []
    for begin, end in spans:
        rows += _among(session, actor, state, keys, begin, end, of)
    return added(rows, keys, SUMS)


def _which(model: Any, of: dict[str, Any]) -> list[sa.ColumnElement[bool]]:
    return [
        getattr(model, name).in_(value) if isinstance(value, (tuple, list)) else getattr(model, name) == value
        for name, value in of.items()
        if value is not None
    ]


def _kept(
    session: Session,
    state: State,
    by: tuple[str, ...],
    days: list[sa.ColumnElement[bool]],
    of: dict[str, Any],
) -> list[Row]:
    keys = [getattr(ActivityRollup, name) for name in by]
    sums = [sa.func.sum(sa.cast(getattr(ActivityRollup, name), Wide)).label(name) for name in SUMS]
    statement = sa.select(*keys, *sums).where(
        ActivityRollup.state == state, *days, *_which(ActivityRollup, of)
    )
    return [dict(row) for row in session.execute(statement.group_by(*keys)).mappings()]


def _among(
    session: Session,
    actor: Actor,
    state: State,
    by: tuple[str, ...],
    since: datetime | None,
    until: datetime | None,
    of: dict[str, Any],
) -> list[Row]:
    holds, at = STATES[state]
    keys = [getattr(Activity, name) for name in by]
    statement = sa.select(*keys, *_sums()).where(
        holds, Activity.archived_at.is_(None), visible("activity", actor), *_which(Activity, of)
    )
    if since is not None:
        statement = statement.where(at >= since)
    if until is not None:
        statement = statement.where(at < until)
    return [dict(row) for row in session.execute(statement.group_by(*keys)).mappings()]


def _sums() -> list[Any]:
    minutes = sa.func.coalesce(sa.func.sum(Activity.duration_minutes), 0)
    return [sa.func.count().label("activities"), minutes.label("minutes")]


@cache
def _everything() -> sa.CompoundSelect[Any]:
    def of(state: State) -> sa.Select[Any]:
        holds, at = STATES[state]
        keys = [Activity.activity_type, Activity.owner_id, day_of(at).label("day")]
        statement = sa.select(sa.literal(state).label("state"), *keys, *_sums())
        return statement.where(holds, Activity.archived_at.is_(None)).group_by(*keys)

    return sa.union_all(*map(of, STATES))


KEPT = Kept(
    ActivityRollup,
    ("state", "activity_type", "owner_id", "day"),
    SUMS,
    portion="owner_id",
    counted=_everything,
)
