"""The statements behind the figures."""

from typing import Any

import sqlalchemy as sa

from crm_api.access import Actor, visible
from crm_api.core.dialect import Wide
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
