"""The statements behind the figures."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from crm_api.access import Actor, visible
from crm_api.core.dialect import days_between
from crm_api.leads.models import HOT, Lead
from crm_api.opportunities.models import Opportunity


def deals_by_stage(actor: Actor, *, owner_id: UUID | None, pipeline_id: UUID | None) -> Any:
    """Count, value and weighted value (minor units of the organisation's currency) a kind of stage."""
    value = sa.func.coalesce(sa.func.sum(Opportunity.value_base), 0)
    weighted = sa.func.coalesce(sa.func.sum(Opportunity.value_base * Opportunity.probability), 0)
    statement = (
        sa.select(
            Opportunity.stage_kind.label("stage"),
            sa.func.count().label("deals"),
            value.label("value"),
            weighted.label("weighted_hundredfold"),
            sa.func.sum(sa.case((Opportunity.value_base.is_(None), 1), else_=0)).label("without_value"),
        )
        .where(Opportunity.archived_at.is_(None), visible("opportunity", actor))
        .group_by(Opportunity.stage_kind)
    )
    if owner_id is not None:
        statement = statement.where(Opportunity.owner_id == owner_id)
    return statement if pipeline_id is None else statement.where(Opportunity.pipeline_id == pipeline_id)


def leads_by(actor: Actor, column: Any, *, since: Any, until: Any) -> sa.Select[Any]:
    """How many leads a value of `column`, of those made in [since, until)."""
    return _made(sa.select(column, sa.func.count()).group_by(column), actor, since, until)


def lead_figures(actor: Actor, *, since: Any, until: Any) -> sa.Select[Any]:
    """One row: total, converted, with a deal, days to convert, average score, hot ones."""
    hot = sa.or_(Lead.score >= HOT, Lead.rating == "hot")
    deals = sa.select(Opportunity.lead_id).where(
        Opportunity.lead_id.is_not(None), Opportunity.archived_at.is_(None)
    )
    with_deal = sa.or_(Lead.converted_opportunity_id.is_not(None), Lead.id.in_(deals))
    converted = sa.case((Lead.status == "converted", 1), else_=0)
    return _made(
        sa.select(
            sa.func.count().label("total"),
            sa.func.coalesce(sa.func.sum(converted), 0).label("converted"),
            sa.func.coalesce(sa.func.sum(sa.case((with_deal, 1), else_=0)), 0).label("with_deal"),
            sa.func.avg(days_between(Lead.created_at, Lead.converted_at)).label("days"),
            sa.func.avg(Lead.score).label("score"),
            sa.func.coalesce(sa.func.sum(sa.case((hot, 1), else_=0)), 0).label("hot"),
        ),
        actor,
        since,
        until,
    )


def _made(statement: sa.Select[Any], actor: Actor, since: Any, until: Any) -> sa.Select[Any]:
    statement = statement.where(Lead.archived_at.is_(None), visible("lead", actor))
    if since is not None:
        statement = statement.where(Lead.created_at >= since)
    return statement if until is None else statement.where(Lead.created_at < until)
