"""The board of deals."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from crm_api.access import Actor
from crm_api.opportunities import rollups
from crm_api.opportunities.models import Opportunity, PipelineRollup
from crm_api.pipelines import board
from crm_api.pipelines.board import Asked, Sums


def _sums(session: Session, actor: Actor, pipeline_id: UUID) -> Mapping[UUID, Sums] | None:
    if not rollups.serves(actor):
        return None
    rows = rollups.read(session, actor, ["stage_id"], PipelineRollup.pipeline_id == pipeline_id)
    return {row["stage_id"]: Sums(row["deals"], row["value"], row["weighted"]) for row in rows}


KIND = board.Kind("opportunity", Opportunity.value_base, Opportunity.probability, "-stage_entered_at", _sums)


def read(session: Session, actor: Actor, asked: Asked) -> dict[str, Any]:
    """The board as the JSON answer; see `pipelines.board.read`."""
    return board.read(session, actor, KIND, asked)
