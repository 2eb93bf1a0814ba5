"""Leads counted by status, source or priority: out of kept sums where the asker sees every lead, else among those seen.

The kept sums are by the day a lead was made, in UTC; a lead counts once by each of the three.
"""

from datetime import datetime
from functools import cache
from typing import Any, Literal
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.access import Actor, visible
from crm_api.core.dialect import Wide, day_of, milliseconds_between
from crm_api.core.rollups import Kept, Row, added, split
from crm_api.leads.models import HOT, Lead, LeadRollup
from crm_api.pipelines.board import Sums

Axis = Literal["status", "source", "priority"]
AXES: tuple[Axis, ...] = ("status", "source", "priority")
SUMS = (
    "leads", "qualified", "with_deal", "converted", "hot", "score", "timed", "taken", "value", "weighted",
)  # fmt: skip


def read(
    session: Session,
    actor: Actor,
    axis: Axis,
    *which: sa.ColumnElement[bool],
    since: datetime | None = None,
    until: datetime | None = None,
) -> dict[str | None, Row]:
    """The sums over the live leads the actor sees, made in [since, until), by each value of `axis`.

    `leads` are all; `qualified` (or converted), `with_deal`, `converted` and `hot` those of them that are; `score` is
    the sum of scores, `taken` the milliseconds the `timed` ones took to convert. With `which`, over leads, they are
    counted one by one. By priority there are `leads` alone.
    """
    if which or not actor.is_administrator:
        spans, rows = [(since, until)], []
    else:
        period = split(since, until)
        spans, rows = list(period.edges), _kept(session, axis, period.days(LeadRollup.day))
    for begin, end in spans:
        rows += _among(session, actor, axis, begin, end, which)
    return {word: row for (word,), row in added(rows, ["word"], SUMS).items()}


def on_board(session: Session, actor: Actor, pipeline_id: UUID) -> dict[UUID, Sums] | None:
    """The sums of the stages of a pipeline; None where they have to be counted."""
    if not actor.is_administrator:
        return None
    # Stages of all pipelines: there are few, and the board picks its own.
    rows = _kept(session, "status", [], by="stage_id")
    sums = added(rows, ["stage_id"], SUMS)
    return {stage: Sums(row["leads"], row["value"], row["weighted"]) for (stage,), row in sums.items()}


def _kept(
    session: Session, axis: Axis, which: list[sa.ColumnElement[bool]], *, by: str = "word"
) -> list[Row]:
    sums = [sa.func.sum(sa.cast(getattr(LeadRollup, name), Wide)).label(name) for name in SUMS]
    key = getattr(LeadRollup, by)
    statement = sa.select(key, *sums).where(LeadRollup.axis == axis, *which).group_by(key)
    return [dict(row) for row in session.execute(statement).mappings()]


def _among(
    session: Session, actor: Actor, axis: Axis, since: datetime | None, until: datetime | None, which: Any
) -> list[Row]:
    column = getattr(Lead, axis).label("word")
    statement = sa.select(column, *_sums()).where(Lead.archived_at.is_(None), visible("lead", actor), *which)
    if since is not None:
        statement = statement.where(Lead.created_at >= since)
    if until is not None:
        statement = statement.where(Lead.created_at < until)
    return [dict(row) for row in session.execute(statement.group_by(column)).mappings()]


def _sums() -> list[Any]:
    value = sa.cast(sa.func.coalesce(Lead.value_base, 0), Wide)
    taken = milliseconds_between(Lead.created_at, Lead.converted_at)
    flags = {
        "qualified": sa.or_(Lead.is_qualified, Lead.status == "converted"),
        "with_deal": sa.or_(Lead.deal_count > 0, Lead.converted_opportunity_id.is_not(None)),
        "converted": Lead.status == "converted",
        "hot": sa.or_(Lead.score >= HOT, sa.func.coalesce(Lead.rating, "") == "hot"),
    }
    return [
        sa.func.count().label("leads"),
        *(sa.func.count(sa.case((flag, 1))).label(name) for name, flag in flags.items()),
        sa.func.sum(Lead.score).label("score"),
        sa.func.count(taken).label("timed"),
        sa.func.sum(taken).label("taken"),
        sa.func.sum(value).label("value"),
        sa.func.sum(value * sa.func.coalesce(Lead.probability, 0)).label("weighted"),
    ]


@cache
def _everything() -> sa.CompoundSelect[Any]:
    def by(axis: Axis) -> sa.Select[Any]:
        word, day = getattr(Lead, axis), day_of(Lead.created_at)
        stage = Lead.stage_id if axis == "status" else sa.cast(sa.null(), Lead.stage_id.type)
        sums = _sums() if axis != "priority" else [sa.func.count().label("leads"), *_nothing(SUMS[1:])]
        keys = [sa.literal(axis).label("axis"), word.label("word"), stage.label("stage_id"), day.label("day")]
        groups = [word, day, *([Lead.stage_id] if axis == "status" else [])]
        return sa.select(*keys, *sums).where(Lead.archived_at.is_(None)).group_by(*groups)

    return sa.union_all(*map(by, AXES))


def _nothing(names: tuple[str, ...]) -> list[Any]:
    return [sa.literal(0).label(name) for name in names]


KEPT = Kept(LeadRollup, ("axis", "word", "stage_id", "day"), SUMS, portion="word", counted=_everything)
