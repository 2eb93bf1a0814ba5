"""Pipeline statistics and the lead summary."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from crm_api.access import Actor
from crm_api.analytics import queries
from crm_api.analytics.schemas import LeadSummary
from crm_api.core.errors import Invalid
from crm_api.core.money import to_major
from crm_api.leads.models import Lead
from crm_api.opportunities.models import CLOSED_KINDS
from crm_api.organisation import service as organisation
from crm_api.pipelines.models import OPPORTUNITY_KINDS


def pipeline_stats(
    session: Session, actor: Actor, *, owner_id: UUID | None = None, pipeline_id: UUID | None = None
) -> dict[str, Any]:
    """Figures of the deals the actor may see; see `schemas.PipelineStats` for each definition."""
    currency = organisation.currency(session)
    found = {
        row.stage: row
        for row in session.execute(queries.deals_by_stage(actor, owner_id=owner_id, pipeline_id=pipeline_id))
    }
    rows = [found[kind] for kind in OPPORTUNITY_KINDS if kind in found]
    open_rows = [row for row in rows if row.stage not in CLOSED_KINDS]
    won, lost = (sum(row.deals for row in rows if row.stage == kind) for kind in CLOSED_KINDS)
    return {
        "total_opportunities": sum(row.deals for row in rows),
        "open_opportunities": sum(row.deals for row in open_rows),
        "won_opportunities": won,
        "lost_opportunities": lost,
        "total_value": to_major(sum(int(row.value) for row in open_rows), currency),
        "weighted_value": to_major(_weighted(open_rows), currency),
        "won_value": to_major(sum(int(row.value) for row in rows if row.stage == "closed_won"), currency),
        "win_rate": 100 * won / (won + lost) if won + lost else None,
        "currency": currency,
        "without_value": sum(row.without_value for row in open_rows),
        "by_stage": [
            {
                "stage": row.stage,
                "count": row.deals,
                "value": to_major(int(row.value), currency),
                "weighted_value": to_major(_weighted([row]), currency),
            }
            for row in rows
        ],
    }


def _weighted(rows: list[Any]) -> int:
    return round(sum(int(row.weighted_hundredfold) for row in rows) / 100)


def lead_summary(
    session: Session, actor: Actor, *, start_date: date | None = None, end_date: date | None = None
) -> dict[str, Any]:
    """Figures of the leads made from `start_date` to `end_date`, both days included, in the actor's zone."""
    if start_date and end_date and end_date < start_date:
        raise Invalid.field("end_date", "cannot be before start_date")
    since = _start(start_date, actor) if start_date else None
    until = _start(end_date + timedelta(days=1), actor) if end_date else None
    total, converted, with_deal, days, score, hot = session.execute(
        queries.lead_figures(actor, since=since, until=until)
    ).one()
    counts = {
        name: {
            value or "none": count
            for value, count in session.execute(queries.leads_by(actor, column, since=since, until=until))
        }
        for name, column in (
            ("by_status", Lead.status),
            ("by_source", Lead.source),
            ("by_priority", Lead.priority),
        )
    }
    figures = {
        "start_date": start_date,
        "end_date": end_date,
        "total_leads": total,
        **counts,
        "conversion_rate": 100 * int(converted) / total if total else None,
        "opportunity_rate": 100 * int(with_deal) / total if total else None,
        "avg_days_to_convert": None if days is None else float(days),
        "average_lead_score": None if score is None else float(score),
        "hot_leads_count": int(hot),
    }
    return LeadSummary.vocabulary.beside(figures)


def _start(day: date, actor: Actor) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(actor.time_zone)).astimezone(UTC)
