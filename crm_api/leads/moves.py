"""A lead's way through its stages: status and stage move together."""

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from crm_api.core.errors import Conflict, Invalid
from crm_api.events import Event, record
from crm_api.leads.models import Lead
from crm_api.opportunities import history
from crm_api.pipelines import service as pipelines
from crm_api.pipelines.models import Stage

# A stage New holds three statuses; every other stage holds the one of its kind.
STAGE_OF_STATUS = {"contacted": "new", "callback": "new"}


def kind_of(status: str | None) -> str | None:
    """The kind of stage a status belongs to."""
    return STAGE_OF_STATUS.get(status, status) if status else None


def require_open(lead: Lead) -> None:
    """Raise Conflict for a converted lead: it is read-only."""
    if lead.is_converted:
        raise Conflict("A converted lead is read-only; change the account, contact or opportunity it became.")


def move(
    session: Session,
    lead: Lead,
    *,
    status: str | None = None,
    stage_id: UUID | None = None,
    pipeline_id: UUID | None = None,
    probability: int | None = None,
) -> None:
    """Set status and stage together; whichever is given decides the other.

    A status of the stage it stands in moves no card; another pipeline is entered at the same kind of
    stage. Raises Invalid where they clash. Entering a won stage is converting: `converts` tells beforehand.
    """
    stage = destination(session, lead, status=status, stage_id=stage_id, pipeline_id=pipeline_id)
    if status is not None and kind_of(status) != stage.kind:
        raise Invalid.field("status", f"does not go with the stage '{stage.name}'")
    enter(session, lead, stage, status=status, probability=probability)


def converts(session: Session, lead: Lead, **where: Any) -> bool:
    """Whether a move to this status, stage or pipeline would convert the lead."""
    if where.get("status") == "converted":
        return True
    return where.get("stage_id") is not None and destination(session, lead, **where).is_won


def enter(
    session: Session, lead: Lead, stage: Stage, *, status: str | None = None, probability: int | None = None
) -> None:
    """Put the lead's card into a stage, keep the move with its time, and tell what changed."""
    before, stage_before = lead.status, lead.stage_id
    lead.status = status or (before if kind_of(before) == stage.kind else stage.kind)
    if stage.id != stage_before:
        lead.pipeline_id, lead.stage_id = stage.pipeline_id, stage.id
        lead.probability = stage.probability if probability is None else probability
        history.note(session, "lead", lead.id, stage_before, stage.id)
        record(session, event("lead.stage_changed", lead, before=stage_before, after=stage.id))
    if lead.status != before:
        record(session, event("lead.status_changed", lead, before=before, after=lead.status))


def destination(
    session: Session,
    lead: Lead,
    *,
    status: str | None = None,
    stage_id: UUID | None = None,
    pipeline_id: UUID | None = None,
) -> Stage:
    """The stage meant: the one given, that of a status, or that of the present kind in another pipeline."""
    kind = kind_of(status or lead.status)
    if stage_id is None and pipeline_id in (None, lead.pipeline_id):
        present = session.get_one(Stage, lead.stage_id)
        if present.kind == kind:
            return present
    return pipelines.resolve(
        session,
        "lead",
        pipeline_id=pipeline_id or (lead.pipeline_id if stage_id is None else None),
        stage_id=stage_id,
        kind=kind,
    )


def event(type_: str, lead: Lead, **data: Any) -> Event:
    """An event about a lead, with who was responsible for it."""
    return Event(type_, "lead", lead.id, data, lead.owner_id, lead.team_id, lead.territory_id)
