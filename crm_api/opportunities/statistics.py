"""The pipeline in figures; each has the one definition that API, pages and questions share."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from crm_api.access import Actor
from crm_api.core.money import to_major
from crm_api.opportunities import queries
from crm_api.opportunities.models import CLOSED_KINDS
from crm_api.organisation import service as organisation
from crm_api.pipelines.models import OPPORTUNITY_KINDS


def pipeline(session: Session, actor: Actor, *, owner_id: UUID | None = None) -> dict[str, Any]:
    """How many deals the actor sees, what the open ones are worth, per stage and in all, and the win rate.

    Values are in major units of the organisation's currency; a deal in another currency without a rate
    counts but adds no value. `weighted_value` is value x probability / 100, and like `total_value` of open
    deals only. `win_rate` is won / (won + lost) as a percentage, None before the first is closed.
    """
    found = {row.stage_kind: row for row in session.execute(queries.by_stage(actor, owner_id=owner_id))}
    currency = organisation.currency(session)
    stages = [
        {
            "stage": kind,
            "count": found[kind].count,
            "value": to_major(found[kind].value, currency),
            "weighted_value": to_major(Decimal(found[kind].weighted_percent) / 100, currency),
        }
        for kind in OPPORTUNITY_KINDS
        if kind in found
    ]
    still_open = [row for kind, row in found.items() if kind not in CLOSED_KINDS]
    won, lost = (found[kind].count if kind in found else 0 for kind in CLOSED_KINDS)
    return {
        "total_opportunities": sum(row.count for row in found.values()),
        "total_value": to_major(sum(row.value for row in still_open), currency),
        "weighted_value": to_major(Decimal(sum(row.weighted_percent for row in still_open)) / 100, currency),
        "currency": currency,
        "win_rate": 100 * won / (won + lost) if won + lost else None,
        "by_stage": stages,
    }
