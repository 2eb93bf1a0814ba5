"""The statements behind the figures."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from crm_api.access import Actor, visible
from crm_api.accounts.figures import VISIT_STANDING
from crm_api.accounts.models import Account
from crm_api.accounts.rhythms import RHYTHM
from crm_api.core.dialect import Wide
from crm_api.leads.models import Lead, LeadStats
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


def leads_to_follow_up(actor: Actor, *, before: datetime, owner_id: UUID | None = None) -> sa.Select[int]:
    """How many open leads are to be followed up before an instant: as a person has set, else by an open follow-up.

    Each of the two is found by its own index, which a condition over both at once would not use.
    """
    set_by_hand = sa.select(Lead.id).where(Lead.next_follow_up_date < before)
    by_activities = (
        sa.select(Lead.id)
        .join(LeadStats, LeadStats.lead_id == Lead.id)
        .where(LeadStats.next_follow_up_at < before, Lead.next_follow_up_date.is_(None))
    )
    due = sa.union_all(
        *(
            one.where(
                Lead.archived_at.is_(None),
                Lead.status.not_in(("converted", "lost")),
                visible("lead", actor),
                *([Lead.owner_id == owner_id] if owner_id is not None else []),
            )
            for one in (set_by_hand, by_activities)
        )
    ).subquery()
    return sa.select(sa.func.count()).select_from(due)


def accounts(actor: Actor, *, owner_id: UUID | None = None) -> sa.Select[int]:
    """How many accounts there are, of one owner if asked."""
    mine = [Account.owner_id == owner_id] if owner_id is not None else []
    there = Account.archived_at.is_(None)
    return sa.select(sa.func.count()).select_from(Account).where(there, visible("account", actor), *mine)


def visit_standings(actor: Actor, *, owner_id: UUID | None = None) -> sa.Select[Any]:
    """How many accounts that are meant to be visited were in time, are overdue, or never were."""
    standing = VISIT_STANDING.column.label("standing")
    found = sa.select(standing).where(
        RHYTHM.is_not(None),
        Account.archived_at.is_(None),
        visible("account", actor),
        *([Account.owner_id == owner_id] if owner_id is not None else []),
    )
    each = found.subquery()
    return sa.select(each.c.standing, sa.func.count()).group_by(each.c.standing)
