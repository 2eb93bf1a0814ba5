"""Pipeline statistics, what is neglected, and the lead summary."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.access import Actor
from crm_api.analytics import queries
from crm_api.analytics.schemas import LeadSummary
from crm_api.core.errors import Invalid
from crm_api.core.money import to_major
from crm_api.core.rollups import Row
from crm_api.leads import rollups as leads
from crm_api.opportunities import rollups
from crm_api.opportunities.models import Opportunity
from crm_api.organisation import service as organisation
from crm_api.pipelines.models import CLOSED_KINDS, OPPORTUNITY_KINDS
from crm_api.users.models import User

MILLISECONDS_A_DAY = 86_400_000


def pipeline_stats(
    session: Session, actor: Actor, *, owner_id: UUID | None = None, pipeline_id: UUID | None = None
) -> dict[str, Any]:
    """Figures of the deals the actor may see; see `schemas.PipelineStats` for each definition. One statement."""
    which = _which(actor, owner_id=owner_id, pipeline_id=pipeline_id)
    found = {row["stage_kind"]: row for row in rollups.read(session, actor, ["stage_kind"], *which)}
    return _stats(
        [found[kind] for kind in OPPORTUNITY_KINDS if kind in found], organisation.currency(session)
    )


def pipeline_report(
    session: Session, actor: Actor, *, owner_id: UUID | None = None, pipeline_id: UUID | None = None
) -> dict[str, Any]:
    """The statistics, the same by owner and by month of closing, and what is neglected; see `schemas`."""
    currency = organisation.currency(session)
    which = _which(actor, owner_id=owner_id, pipeline_id=pipeline_id)
    rows = rollups.read(session, actor, ["stage_kind", "owner_id", "month"], *which)
    people = {row["owner_id"] for row in rows if row["owner_id"]}
    names = dict(session.execute(sa.select(User.id, User.name).where(User.id.in_(people))).all())
    won = _added([row for row in rows if row["stage_kind"] == "closed_won"])
    return {
        **_stats(_by_stage(rows), currency),
        "average_deal_size": to_major(won["value"] / won["valued"], currency) if won["valued"] else None,
        "by_owner": [
            {"owner_id": owner, "owner_name": names.get(owner), **_stats(_by_stage(own), currency)}
            for owner, own in _grouped(rows, "owner_id", lambda key: (key is None, names.get(key, "")))
        ],
        "by_month": [
            {"month": month, **_stats(_by_stage(own), currency)}
            for month, own in _grouped(rows, "month", lambda key: (key is None, key or ""))
        ],
        "hygiene": hygiene(session, actor, owner_id=owner_id, pipeline_id=pipeline_id),
    }


def hygiene(
    session: Session,
    actor: Actor,
    *,
    owner_id: UUID | None = None,
    pipeline_id: UUID | None = None,
    pushed_times: int = 2,
) -> dict[str, Any]:
    """How many open deals are neglected in which way, and what they are worth. One statement."""
    currency = organisation.currency(session)
    which = [Opportunity.owner_id == owner_id] if owner_id is not None else []
    which += [Opportunity.pipeline_id == pipeline_id] if pipeline_id is not None else []
    row = session.execute(queries.neglected(actor, *which, pushed_times=pushed_times)).mappings().one()
    return {
        "open_opportunities": row["deals"],
        "healthy": int(row["healthy"] or 0),
        "currency": currency,
        "issues": [
            {"issue": name, "count": int(row[name] or 0), "filter": filter_.format(pushed_times=pushed_times),
             "value": to_major(int(row[f"{name}_value"] or 0), currency)}
            for name, filter_ in queries.ISSUES.items()
        ],
    }  # fmt: skip


def _which(actor: Actor, **of: UUID | None) -> list[Any]:
    keys = rollups.columns(actor)
    return [keys[name] == value for name, value in of.items() if value is not None]


def _added(rows: Iterable[Row]) -> Row:
    rows = list(rows)
    return {name: sum(row[name] for row in rows) for name in rollups.SUMS}


def _by_stage(rows: Sequence[Row]) -> list[Row]:
    """One row a kind of stage, in order."""
    kinds = [kind for kind in OPPORTUNITY_KINDS if any(row["stage_kind"] == kind for row in rows)]
    return [
        {"stage_kind": kind, **_added(row for row in rows if row["stage_kind"] == kind)} for kind in kinds
    ]


def _grouped(rows: Iterable[Row], name: str, order: Callable[[Any], Any]) -> list[tuple[Any, list[Row]]]:
    found: dict[Any, list[Row]] = {}
    for row in rows:
        found.setdefault(row[name], []).append(row)
    return sorted(found.items(), key=lambda one: order(one[0]))


def _stats(rows: Sequence[Row], currency: str) -> dict[str, Any]:
    """The figures over rows of one kind of stage each."""
    kinds = {row["stage_kind"]: row for row in rows}
    open_ = _added(row for row in rows if row["stage_kind"] not in CLOSED_KINDS)
    won, lost = (kinds[kind]["deals"] if kind in kinds else 0 for kind in CLOSED_KINDS)
    return {
        "total_opportunities": sum(row["deals"] for row in rows),
        "open_opportunities": open_["deals"],
        "won_opportunities": won,
        "lost_opportunities": lost,
        "total_value": to_major(open_["value"], currency),
        "weighted_value": to_major(round(open_["weighted"] / 100), currency),
        "won_value": to_major(kinds["closed_won"]["value"] if won else 0, currency),
        "win_rate": 100 * won / (won + lost) if won + lost else None,
        "currency": currency,
        "without_value": open_["deals"] - open_["valued"],
        "by_stage": [
            {
                "stage": row["stage_kind"],
                "count": row["deals"],
                "value": to_major(row["value"], currency),
                "weighted_value": to_major(round(row["weighted"] / 100), currency),
            }
            for row in rows
        ],
    }


def lead_summary(
    session: Session, actor: Actor, *, start_date: date | None = None, end_date: date | None = None
) -> dict[str, Any]:
    """Figures of the leads made from `start_date` to `end_date`, both days included, in the actor's zone."""
    if start_date and end_date and end_date < start_date:
        raise Invalid.field("end_date", "cannot be before start_date")
    since = _start(start_date, actor) if start_date else None
    until = _start(end_date + timedelta(days=1), actor) if end_date else None
    counted = {axis: leads.read(session, actor, axis, since=since, until=until) for axis in leads.AXES}
    rows = counted["status"].values()
    total, converted, with_deal, timed, taken, score, hot = (
        sum(row[name] for row in rows)
        for name in ("leads", "converted", "with_deal", "timed", "taken", "score", "hot")
    )
    figures = {
        "start_date": start_date,
        "end_date": end_date,
        "total_leads": total,
        **{
            f"by_{axis}": {word or "none": row["leads"] for word, row in by.items() if row["leads"]}
            for axis, by in counted.items()
        },
        "conversion_rate": 100 * converted / total if total else None,
        "opportunity_rate": 100 * with_deal / total if total else None,
        "avg_days_to_convert": taken / timed / MILLISECONDS_A_DAY if timed else None,
        "average_lead_score": score / total if total else None,
        "hot_leads_count": hot,
    }
    return LeadSummary.vocabulary.beside(figures)


def _start(day: date, actor: Actor) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(actor.time_zone)).astimezone(UTC)
