"""The board of leads."""

from typing import Any

from sqlalchemy.orm import Session

from crm_api.access import Actor
from crm_api.leads import rollups
from crm_api.leads.models import Lead
from crm_api.pipelines import board
from crm_api.pipelines.board import Asked

KIND = board.Kind("lead", Lead.value_base, Lead.probability, "-created_at", rollups.on_board)


def read(session: Session, actor: Actor, asked: Asked) -> dict[str, Any]:
    """The board as the JSON answer; see `pipelines.board.read`."""
    return board.read(session, actor, KIND, asked)
