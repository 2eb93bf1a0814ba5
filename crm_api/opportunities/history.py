"""How long records stayed in which stage: the moves of leads and opportunities, read as stays."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.access import Actor
from crm_api.audit.models import AuditEntry
from crm_api.conditions import records
from crm_api.core import clock, context
from crm_api.opportunities.models import StageMove
from crm_api.pipelines.models import Stage


def of(session: Session, actor: Actor, kind: str, record_id: UUID) -> dict[str, Any]:
    """The stays of a lead or an opportunity, oldest first; raises NotFound where it is not the actor's to see.

    The last one lasts until now. A stage that was deleted since has the name it had then.
    """
    records.one(session, actor, kind, record_id)
    found = sa.select(StageMove).where(StageMove.kind == kind, StageMove.record_id == record_id)
    moves = session.scalars(found.order_by(StageMove.at, StageMove.id)).all()
    named = _stages(session, {move.to_stage_id for move in moves})
    ends = [*(move.at for move in moves[1:]), None][: len(moves)]
    return {
        "items": [
            {
                "stage_id": move.to_stage_id,
                "stage_name": named.get(move.to_stage_id, (None, None))[0],
                "stage": named.get(move.to_stage_id, (None, None))[1],
                "from_stage_id": move.from_stage_id,
                "entered_at": move.at,
                "left_at": left_at,
                "days": ((left_at or clock.now()) - move.at).total_seconds() / 86_400,
                "actor_id": move.actor_id,
            }
            for move, left_at in zip(moves, ends, strict=True)
        ]
    }


def note(
    session: Session,
    kind: str,
    record_id: UUID,
    before: UUID | None,
    after: UUID,
    *,
    at: datetime | None = None,
) -> None:
    """Keep that a record of a kind went from one stage to another, now unless told when."""
    actor_id = context.current().actor_id
    session.add(
        StageMove(
            kind=kind, record_id=record_id, from_stage_id=before, to_stage_id=after, at=at or clock.now(),
            actor_id=actor_id,
        )
    )  # fmt: skip


def _stages(session: Session, ids: set[UUID]) -> dict[UUID, tuple[str | None, str | None]]:
    """Name and kind of stages, of deleted ones as the trail tells them."""
    rows = session.execute(sa.select(Stage.id, Stage.name, Stage.kind).where(Stage.id.in_(ids)))
    named: dict[UUID, tuple[str | None, str | None]] = {row.id: (row.name, row.kind) for row in rows}
    if gone := ids - named.keys():
        told = sa.select(AuditEntry.record_id, AuditEntry.before).where(
            AuditEntry.kind == "stage", AuditEntry.action == "delete", AuditEntry.record_id.in_(gone)
        )
        for stage_id, before in session.execute(told):
            named[stage_id] = (before.get("name"), before.get("kind"))
    return named
