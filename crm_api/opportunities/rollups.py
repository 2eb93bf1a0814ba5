"""Deals counted and summed: out of kept sums where the asker sees every deal, else counted among those they see.

What a manager or a rep sees follows accounts and people in ways no sum can be kept for; their deals are counted by
index in one statement. The kept sums are written by triggers (`core/dialect.py`) in the transaction of the change, so
they say at every moment what a full count would.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.access import Actor, visible
from crm_api.core.dialect import Wide, month_of
from crm_api.core.ids import new_id
from crm_api.opportunities.models import Opportunity, PipelineRollup

KEYS = ("pipeline_id", "stage_id", "stage_kind", "owner_id", "team_id", "month", "forecast_category")
SUMS = ("deals", "valued", "value", "weighted")
Row = dict[str, Any]


def serves(actor: Actor) -> bool:
    """Whether the kept sums are what this actor would count."""
    return actor.is_administrator


def columns(actor: Actor) -> dict[str, Any]:
    """The keys as columns to filter by: of the kept sums, or of the deals themselves."""
    if serves(actor):
        return {key: getattr(PipelineRollup, key) for key in KEYS}
    return {
        key: month_of(Opportunity.closes_on) if key == "month" else getattr(Opportunity, key) for key in KEYS
    }


def read(session: Session, actor: Actor, by: Sequence[str], *which: sa.ColumnElement[bool]) -> list[Row]:
    """Sums over the live deals the actor sees for which `which` (over `columns(actor)`) holds, one row a group.

    A row has the keys of `by` and `deals`, `valued` (those with a value), `value` in minor units of the organisation's
    currency and `weighted`, value x probability, a hundred times those. One statement.
    """
    keys = columns(actor)
    statement = sa.select(*(keys[name].label(name) for name in by), *_sums(kept=serves(actor)))
    statement = statement.where(*which).group_by(*(keys[name] for name in by))
    if not serves(actor):
        statement = statement.where(Opportunity.archived_at.is_(None), visible("opportunity", actor))
    return [_whole(dict(row)) for row in session.execute(statement).mappings() if row["deals"]]


def recount(session: Session) -> list[Row]:
    """What the kept sums have to be: every deal counted anew, by all keys."""
    keys = {
        key: month_of(Opportunity.closes_on) if key == "month" else getattr(Opportunity, key) for key in KEYS
    }
    statement = (
        sa.select(*(column.label(key) for key, column in keys.items()), *_sums(kept=False))
        .where(Opportunity.archived_at.is_(None))
        .group_by(*keys.values())
    )
    return [_whole(dict(row)) for row in session.execute(statement).mappings()]


def differences(session: Session) -> list[str]:
    """Where the kept sums are not what a recount says, one line a key; empty where all is right."""
    kept, counted = _added(_rows(session)), _added(recount(session))
    return [
        f"{dict(zip(KEYS, key, strict=True))}: kept {kept.get(key)}, counted {counted.get(key)}"
        for key in kept.keys() | counted.keys()
        if kept.get(key) != counted.get(key)
    ]


def rebuild(session: Session) -> None:
    """Write the kept sums anew out of a full recount."""
    session.execute(sa.delete(PipelineRollup))
    _write(session, _added(recount(session)))


def crowded(session: Session, *, most: int = 200) -> list[UUID]:
    """The stages whose sums lie in many more rows than they have keys."""
    keys = sa.select(*(getattr(PipelineRollup, key) for key in KEYS), sa.func.count().label("rows_of_key"))
    grouped = keys.group_by(*(getattr(PipelineRollup, key) for key in KEYS)).subquery()
    statement = sa.select(grouped.c.stage_id).group_by(grouped.c.stage_id)
    statement = statement.having(sa.func.sum(grouped.c.rows_of_key) > most + 2 * sa.func.count())
    return list(session.scalars(statement))


def fold(session: Session, stage_id: UUID) -> None:
    """Make one row a key of a stage's sums. What others add meanwhile stays beside it for the next time."""
    gone = sa.delete(PipelineRollup).where(PipelineRollup.stage_id == stage_id)
    names = [getattr(PipelineRollup, name) for name in (*KEYS, *SUMS)]
    _write(session, _added(dict(row) for row in session.execute(gone.returning(*names)).mappings()))


def _sums(*, kept: bool) -> list[Any]:
    if kept:
        return [sa.func.sum(sa.cast(getattr(PipelineRollup, name), Wide)).label(name) for name in SUMS]
    value = sa.cast(sa.func.coalesce(Opportunity.value_base, 0), Wide)
    return [
        sa.func.count().label("deals"),
        sa.func.count(Opportunity.value_base).label("valued"),
        sa.func.sum(value).label("value"),
        sa.func.sum(value * Opportunity.probability).label("weighted"),
    ]


def _whole(row: Row) -> Row:
    return row | {name: int(row[name]) for name in SUMS}


def _rows(session: Session) -> list[Row]:
    names = [getattr(PipelineRollup, name) for name in (*KEYS, *SUMS)]
    return [dict(row) for row in session.execute(sa.select(*names)).mappings()]


def _added(rows: Iterable[Row]) -> dict[tuple[Any, ...], dict[str, int]]:
    """The rows of each key as one; what comes to nothing is left out."""
    found: dict[tuple[Any, ...], Counter[str]] = defaultdict(Counter)
    for row in rows:
        for name in SUMS:
            found[tuple(row[key] for key in KEYS)][name] += int(row[name])
    return {key: dict(sums) for key, sums in found.items() if any(sums.values())}


def _write(session: Session, sums: dict[tuple[Any, ...], dict[str, int]]) -> None:
    rows = [{"id": new_id(), **dict(zip(KEYS, key, strict=True)), **own} for key, own in sums.items()]
    if rows:
        session.execute(sa.insert(PipelineRollup), rows)
