"""Deals counted and summed: out of kept sums where the asker sees every deal, else counted among those they see.

What a manager or a rep sees follows accounts and people in ways no sum can be kept for; their deals are counted by
index in one statement.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from functools import cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.access import Actor, visible
from crm_api.core.dialect import Wide, milliseconds_between, month_of
from crm_api.core.rollups import Kept, Row, added
from crm_api.opportunities.models import Opportunity, PipelineRollup
from crm_api.organisation.fiscal import months_later

KEYS = ("pipeline_id", "stage_id", "stage_kind", "owner_id", "team_id", "month", "forecast_category")
SUMS = ("deals", "valued", "value", "weighted", "timed", "taken")


def serves(actor: Actor) -> bool:
    """Whether the kept sums are what this actor would count."""
    return actor.is_administrator


def columns(actor: Actor) -> dict[str, Any]:
    """The keys as columns to filter by: of the kept sums, or of the deals themselves."""
    return {key: getattr(PipelineRollup, key) for key in KEYS} if serves(actor) else _keys()


def read(session: Session, actor: Actor, by: Sequence[str], *which: sa.ColumnElement[bool]) -> list[Row]:
    """Sums over the live deals the actor sees for which `which` (over `columns(actor)`) holds, one row a group.

    A row has the keys of `by` and `deals`, `valued` (those with a value), `value` in minor units of the organisation's
    currency, `weighted`, value x probability, a hundred times those, and how many milliseconds the `timed` ones have
    `taken` from start to close. One statement.
    """
    if not serves(actor):
        return count(session, actor, by, *which)
    keys = [getattr(PipelineRollup, name) for name in by]
    sums = [sa.func.sum(sa.cast(getattr(PipelineRollup, name), Wide)).label(name) for name in SUMS]
    return _rows(session, sa.select(*keys, *sums).where(*which).group_by(*keys))


def count(session: Session, actor: Actor, by: Sequence[str], *which: sa.ColumnElement[bool]) -> list[Row]:
    """The same, always counted among the deals, `which` being over these."""
    keys = _keys()
    statement = sa.select(*(keys[name].label(name) for name in by), *_sums())
    statement = statement.where(Opportunity.archived_at.is_(None), visible("opportunity", actor), *which)
    return _rows(session, statement.group_by(*(keys[name] for name in by)))


def closing(
    session: Session, actor: Actor, by: Sequence[str], start: date, end: date, **of: UUID | None
) -> list[Row]:
    """The same over the deals that close, or did, from `start` to `end`, both included; `of` names keys they have.

    Whole months are read as kept, the days before and after them counted by index: three statements at most.
    """
    among = [_keys()[name] == value for name, value in of.items() if value is not None]
    if not serves(actor):
        return count(session, actor, by, Opportunity.closes_on.between(start, end), *among)
    after = end + timedelta(days=1)
    first = start if start.day == 1 else months_later(start.replace(day=1), 1)
    beyond = after.replace(day=1)
    if first >= beyond:
        return count(session, actor, by, Opportunity.closes_on.between(start, end), *among)
    kept = [getattr(PipelineRollup, name) == value for name, value in of.items() if value is not None]
    months = PipelineRollup.month >= _month(first), PipelineRollup.month < _month(beyond)
    rows = read(session, actor, by, *months, *kept)
    for begin, stop in ((start, first), (beyond, after)):
        if begin < stop:
            days = Opportunity.closes_on >= begin, Opportunity.closes_on < stop
            rows += count(session, actor, by, *days, *among)
    return [dict(zip(by, key, strict=True)) | sums for key, sums in added(rows, by, SUMS).items()]


def _month(day: date) -> str:
    return day.isoformat()[:7]


def _keys() -> dict[str, Any]:
    return {
        key: month_of(Opportunity.closes_on) if key == "month" else getattr(Opportunity, key) for key in KEYS
    }


def _sums() -> list[Any]:
    value = sa.cast(sa.func.coalesce(Opportunity.value_base, 0), Wide)
    taken = milliseconds_between(Opportunity.started_at, Opportunity.actual_close_date)
    return [
        sa.func.count().label("deals"),
        sa.func.count(Opportunity.value_base).label("valued"),
        sa.func.sum(value).label("value"),
        sa.func.sum(value * Opportunity.probability).label("weighted"),
        sa.func.count(taken).label("timed"),
        sa.func.sum(taken).label("taken"),
    ]


@cache
def _everything() -> sa.Select[Any]:
    keys = _keys()
    statement = sa.select(*(column.label(key) for key, column in keys.items()), *_sums())
    return statement.where(Opportunity.archived_at.is_(None)).group_by(*keys.values())


def _rows(session: Session, statement: sa.Select[Any]) -> list[Row]:
    rows = session.execute(statement).mappings()
    return [dict(row) | {name: int(row[name] or 0) for name in SUMS} for row in rows if row["deals"]]


KEPT = Kept(PipelineRollup, KEYS, SUMS, portion="stage_id", counted=_everything)
