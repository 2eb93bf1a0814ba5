"""Who could be visited: accounts with what a plan needs to know of them."""

import math
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from crm_api.access import Actor, visible
from crm_api.accounts.models import VISIT_CITY, Account, AccountStats
from crm_api.opportunities.models import Opportunity
from crm_api.pipelines.models import CLOSED_KINDS
from crm_api.ports import Coordinates
from crm_api.visits.models import VisitPlanStop

METRES_A_DEGREE = 111_195  # of latitude


def around(centre: Coordinates, metres: float) -> sa.ColumnElement[bool]:
    """The box around a circle: the index finds it, the caller measures what is in it exactly.

    Near the poles and across the date line a box of longitudes is none, and only latitude is used.
    """
    reach = metres / METRES_A_DEGREE * 1.01
    terms = [Account.latitude.between(centre.latitude - reach, centre.latitude + reach)]
    narrowing = math.cos(math.radians(min(90.0, abs(centre.latitude) + reach)))
    if narrowing > 0.01:
        width = reach / narrowing
        if centre.longitude - width >= -180 and centre.longitude + width <= 180:
            terms.append(Account.longitude.between(centre.longitude - width, centre.longitude + width))
    return sa.and_(*terms)


def has_place() -> sa.ColumnElement[bool]:
    """Coordinates are there; 0,0 lies in the Gulf of Guinea and is what a failed look-up leaves."""
    there = sa.and_(Account.latitude.is_not(None), Account.longitude.is_not(None))
    return sa.and_(there, sa.or_(Account.latitude != 0, Account.longitude != 0))


def reachable(
    actors: tuple[Actor, ...], *, territory_id: UUID | None, account_type: str | None
) -> list[sa.ColumnElement[bool]]:
    """Live accounts that every one of `actors` may see."""
    terms = [Account.archived_at.is_(None), *(visible("account", actor) for actor in actors)]
    if territory_id is not None:
        terms.append(Account.territory_id == territory_id)
    if account_type is not None:
        terms.append(Account.account_type == account_type)
    return terms


def candidates(actor: Actor, *terms: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """Accounts for which `terms` hold, with last visit and the open deals that `actor` may see, by id."""
    open_deals = (
        sa.select(
            Opportunity.account_id,
            sa.func.count().label("open_deals"),
            sa.func.coalesce(sa.func.sum(Opportunity.value_base), 0).label("open_value"),
        )
        .where(
            Opportunity.stage_kind.not_in(CLOSED_KINDS),
            Opportunity.archived_at.is_(None),
            visible("opportunity", actor),
        )
        .group_by(Opportunity.account_id)
        .subquery()
    )
    return (
        sa.select(
            Account.id,
            Account.name,
            Account.account_type,
            Account.tier,
            VISIT_CITY.label("city"),
            Account.phone,
            Account.latitude,
            Account.longitude,
            Account.opening_hours,
            Account.visit_minutes,
            Account.visit_every_days,
            AccountStats.last_visit_at,
            sa.func.coalesce(open_deals.c.open_deals, 0).label("open_deals"),
            sa.func.coalesce(open_deals.c.open_value, 0).label("open_value"),
        )
        .outerjoin(AccountStats, AccountStats.account_id == Account.id)
        .outerjoin(open_deals, open_deals.c.account_id == Account.id)
        .where(*terms)
        .order_by(Account.id)
    )


def stops_of(plan_ids: Sequence[UUID]) -> sa.Select[VisitPlanStop, str]:
    """The stops of these plans in their order, each with its account's name as it is now."""
    return (
        sa.select(VisitPlanStop, Account.name)
        .join(Account, Account.id == VisitPlanStop.account_id)
        .where(VisitPlanStop.plan_id.in_(plan_ids))
        .order_by(VisitPlanStop.plan_id, VisitPlanStop.position)
    )
