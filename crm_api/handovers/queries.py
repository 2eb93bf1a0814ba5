"""Who owns what: pure Selects."""

from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from crm_api.access import Actor, visible
from crm_api.followups.models import LIVE, Enrolment
from crm_api.handovers.holdings import Holding
from crm_api.organisation.models import Territory
from crm_api.users.models import ApiKey, Team, User
from crm_api.visits.models import VisitPlan
from crm_api.webhooks.models import Webhook


def owned(holding: Holding, actor: Actor, user_id: UUID, *, closed: bool = False) -> list[Any]:
    """The terms of what a user owns of a kind, as far as `actor` sees it."""
    mine = holding.model.owner_id == user_id
    return [mine, visible(holding.kind, actor), holding.which(closed=closed)]


def lies_in(holding: Holding, territory_id: UUID | None) -> Any:
    """The rows in a territory; all rows for None."""
    return sa.true() if territory_id is None else holding.territory == territory_id


def by_territory(holding: Holding, actor: Actor, user_id: UUID) -> sa.Select[Any]:
    """(territory, its name, live rows, rows that are over), the territory with most rows first."""
    count = sa.func.count()
    place = holding.territory.label("territory_id")
    rows = (
        sa.select(place, holding.live.label("live"))
        .where(*owned(holding, actor, user_id, closed=True))
        .subquery()
    )
    live = sa.func.sum(sa.case((rows.c.live, 1), else_=0))
    return (
        sa.select(rows.c.territory_id, Territory.name, live.label("live"), (count - live).label("closed"))
        .select_from(rows)
        .outerjoin(Territory, Territory.id == rows.c.territory_id)
        .group_by(rows.c.territory_id, Territory.name)
        .order_by(count.desc(), Territory.name, rows.c.territory_id)
    )


def next_rows(
    holding: Holding, actor: Actor, user_id: UUID, *, territory_id: UUID | None, closed: bool, limit: int
) -> sa.Select[Any]:
    """The next rows to move, locked in the order of their ids."""
    return (
        sa.select(holding.model)
        .where(*owned(holding, actor, user_id, closed=closed), lies_in(holding, territory_id))
        .order_by(holding.model.id)
        .limit(limit)
        .with_for_update(of=holding.model)
    )


def live_count(holding: Holding, user_id: UUID) -> sa.Select[Any]:
    """How many live rows of a kind a user owns, whoever asks."""
    return (
        sa.select(sa.func.count())
        .select_from(holding.model)
        .where(holding.model.owner_id == user_id, holding.live)
    )


def plans_ahead(user_id: UUID, today: date) -> sa.Select[VisitPlan]:
    """The planned days of a user from today on."""
    return sa.select(VisitPlan).where(
        VisitPlan.owner_id == user_id, VisitPlan.day >= today, VisitPlan.status != "replaced"
    )


def in_sequences(user_id: UUID) -> sa.Select[Enrolment]:
    """The enrolments that write in a user's name."""
    return sa.select(Enrolment).where(Enrolment.owner_id == user_id, Enrolment.status.in_(LIVE))


def webhooks_of(user_id: UUID) -> sa.Select[Webhook]:
    """The endpoints that see with a user's eyes."""
    return sa.select(Webhook).where(Webhook.owner_id == user_id, Webhook.is_active)


def keys_of(user_id: UUID) -> sa.Select[ApiKey]:
    """The keys that act as a user."""
    return sa.select(ApiKey).where(ApiKey.user_id == user_id, ApiKey.revoked_at.is_(None))


def teams_of(user_id: UUID) -> sa.Select[Team]:
    """The teams a user manages."""
    return sa.select(Team).where(Team.manager_id == user_id, Team.archived_at.is_(None))


def reports_of(user_id: UUID) -> sa.Select[User]:
    """The people who report to a user."""
    return sa.select(User).where(User.manager_id == user_id, User.is_active)


def how_many(statement: sa.Select[Any]) -> sa.Select[Any]:
    """The number of rows of a statement."""
    return sa.select(sa.func.count()).select_from(statement.with_only_columns(sa.literal(1)).subquery())
