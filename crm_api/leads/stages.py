"""Leads whose stage is deleted: they go where its deletion says, and their status with them."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api import audit
from crm_api.events import Event, record_many
from crm_api.leads import service
from crm_api.leads.models import Lead
from crm_api.opportunities.stages import SLICE, note_moves
from crm_api.pipelines.models import Stage


def leave(session: Session, event: Event) -> None:
    """Move all leads, archived ones too, out of a stage that is going away.

    In a stage of the same kind they keep their status; another kind is a status of its own.
    """
    target = session.get_one(Stage, event.data["move_to"])
    source = session.get_one(Stage, event.subject_id)
    values = {"stage_id": target.id, "pipeline_id": target.pipeline_id, "probability": target.probability}
    if target.kind != source.kind:
        values["status"] = target.kind
    while leads := session.scalars(
        sa.select(Lead).where(Lead.stage_id == source.id).order_by(Lead.id).limit(SLICE)
    ).all():
        before = {lead.id: lead.status for lead in leads}
        audit.bulk_update(session, Lead, [{"id": lead.id, **values} for lead in leads])
        note_moves(session, "lead", list(before), source.id, target.id)
        live = [lead for lead in leads if not lead.is_archived]
        told = [service.event("lead.stage_changed", lead, before=source.id, after=target.id) for lead in live]
        told += [
            service.event("lead.status_changed", lead, before=before[lead.id], after=lead.status)
            for lead in live
            if lead.status != before[lead.id]
        ]
        record_many(session, told)
