"""Questions to the opportunities table that are more than one list."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from crm_api.access import Actor, visible
from crm_api.opportunities.models import Opportunity


def by_stage(actor: Actor, *, owner_id: UUID | None = None) -> sa.Select[Any]:
    """Per kind of stage: how many live deals, their value and their weighted value, in base minor units."""
    weighted = Opportunity.value_base * Opportunity.probability
    statement = (
        sa.select(
            Opportunity.stage_kind,
            sa.func.count().label("count"),
            sa.func.coalesce(sa.func.sum(Opportunity.value_base), 0).label("value"),
            sa.func.coalesce(sa.func.sum(weighted), 0).label("weighted_percent"),
        )
        .where(visible("opportunity", actor), Opportunity.archived_at.is_(None))
        .group_by(Opportunity.stage_kind)
    )
    return statement if owner_id is None else statement.where(Opportunity.owner_id == owner_id)
