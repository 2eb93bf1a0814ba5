"""Deals whose stage is deleted: they go where its deletion says, each move kept with its time."""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api import audit
from crm_api.core import clock, context
from crm_api.core.ids import new_id
from crm_api.events import Event, record_many
from crm_api.opportunities import moves
from crm_api.opportunities.models import Opportunity, StageMove, category_of
from crm_api.pipelines.models import Stage

SLICE = 500


def leave(session: Session, event: Event) -> None:
    """Move all deals, archived ones too, out of a stage that is going away."""
    target = session.get_one(Stage, event.data["move_to"])
    values = {"stage_id": target.id, "pipeline_id": target.pipeline_id, "stage_kind": target.kind}
    if not (target.is_won or target.is_lost):
        values |= {
            "probability": target.probability,
            "forecast_category": category_of(target.probability),
        }
    while ids := session.scalars(
        sa.select(Opportunity.id)
        .where(Opportunity.stage_id == event.subject_id)
        .order_by(Opportunity.id)
        .limit(SLICE)
    ).all():
        values["stage_entered_at"] = clock.now()
        audit.bulk_update(session, Opportunity, [{"id": deal_id, **values} for deal_id in ids])
        note_moves(session, "opportunity", ids, event.subject_id, target.id)
        moved = session.scalars(sa.select(Opportunity).where(Opportunity.id.in_(ids)))
        told = {"before": event.subject_id, "after": target.id, "kind": target.kind}
        record_many(
            session,
            [
                moves.event("opportunity.stage_changed", deal, **told)
                for deal in moved
                if not deal.is_archived
            ],
        )


def note_moves(session: Session, kind: str, ids: Sequence[UUID], before: UUID, after: UUID) -> None:
    """Keep that records of a kind went from one stage to another, now."""
    now, actor_id = clock.now(), context.current().actor_id
    rows = [
        {"id": new_id(), "kind": kind, "record_id": record_id, "from_stage_id": before, "to_stage_id": after,
         "at": now, "actor_id": actor_id}
        for record_id in ids
    ]  # fmt: skip
    session.execute(sa.insert(StageMove), rows)
