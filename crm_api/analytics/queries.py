"""The statements behind the figures."""

from typing import Any

import sqlalchemy as sa

from crm_api.access import Actor, visible
from crm_api.core.dialect import Wide, days_between
from crm_api.leads.models import HOT, Lead
from crm_api.opportunities import catalogue as deals
from crm_api.opportunities.models import Opportunity
from crm_api.pipelines.models import OPPORTUNITY_KINDS

# What may be wrong with an open deal, and the list filter that shows which.
ISSUES = {
    "no_next_step": "without_next_step=true",
    "close_date_passed": "close_date_passed=true",
    "no_close_date": "without_close_date=true",
    "pushed": "push_count__gte={pushed_times}&stage__in=" + ",".join(OPPORTUNITY_KINDS[:-2]),
    "single_contact": "single_contact=true",
    "rotting": "is_rotting=true",
}


def neglected(actor: Actor, *which: sa.ColumnElement[bool], pushed_times: int) -> sa.Select[Any]:
    """One row over the open deals for which `which` holds: how many, how many without any issue, and count and value
    (minor units of the organisation's currency) of each issue."""
    found = {
        "no_next_step": deals.WITHOUT_NEXT_STEP,
        "close_date_passed": deals.CLOSE_DATE_PASSED,
        "no_close_date": deals.WITHOUT_CLOSE_DATE,
        "pushed": sa.and_(deals.OPEN, Opportunity.push_count >= pushed_times),
        "single_contact": deals.SINGLE_CONTACT,
        "rotting": deals.ROTTING,
    }
    flags = sa.select(
        *(sa.case((found[name], 1), else_=0).label(name) for name in ISSUES),
        sa.cast(sa.func.coalesce(Opportunity.value_base, 0), Wide).label("worth"),
    ).where(deals.OPEN, Opportunity.archived_at.is_(None), visible("opportunity", actor), *which)
    one = flags.subquery()
    healthy = sa.and_(*(one.c[name] == 0 for name in ISSUES))
    sums: list[Any] = [sa.func.count().label("deals")]
    sums += [sa.func.sum(sa.case((healthy, 1), else_=0)).label("healthy")]
    sums += [sa.func.sum(one.c[name]).label(name) for name in ISSUES]
    sums += [sa.func.sum(one.c[name] * one.c.worth).label(f"{name}_value") for name in ISSUES]
    return sa.select(*sums)


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
