"""Leads on their way back to what they were before a change set."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api import events
from crm_api.access import Actor
from crm_api.audit.undoing import Back, Refusals
from crm_api.leads.bulk import AMOUNTS
from crm_api.leads.moves import event
from crm_api.leads.service import rescore
from crm_api.organisation import rates
from crm_api.pipelines.models import Stage
from crm_api.tags.service import names_on


def examine(session: Session, actor: Actor, backs: Sequence[Back]) -> Refusals:
    """A converted lead is read-only; a stage may have been deleted."""
    wanted = {back.values["stage_id"] for back in backs if "stage_id" in back.values}
    there = set(session.scalars(sa.select(Stage.id).where(Stage.id.in_(wanted)))) if wanted else set()
    for back in backs:
        _revalue(session, back)
        if back.record.status == "converted" and back.values.get("status", "converted") == "converted":
            yield back, "it was converted, and a converted lead is read-only"
        elif "stage_id" in back.values and back.values["stage_id"] not in there:
            yield back, "the stage it was in is deleted by now"


def _revalue(session: Session, back: Back) -> None:
    """What the lead is worth then: at today's rate, of a converted one at the rate of that day."""
    at = back.values.get("converted_at", back.record.converted_at)
    for amount, into in AMOUNTS:
        rates.follow_values(
            session, back.record, back.values, amount=amount, into=into, on=at, dated_by=["converted_at"]
        )


def settle(session: Session, actor: Actor, backs: Sequence[Back]) -> None:
    """Tell what happened, as the verbs of a lead do; the reasons of a score follow from what it is made of."""
    told = []
    tags = names_on(session, "lead", [back.record.id for back in backs])
    for back in backs:
        lead, was = back.record, back.was
        by_hand = lead.score_is_manual
        rescore(session, lead, tags.get(lead.id, ()), given=lead.score)  # the score itself went back already
        lead.score_is_manual = by_hand
        if back.move is not None:
            told.append(event(f"lead.{back.move}d", lead))
        elif back.told:
            told.append(event("lead.updated", lead, fields=back.told))
        if back.changed("owner_id"):
            told.append(event("lead.assigned", lead, before=was["owner_id"]))
        if back.changed("stage_id"):
            told.append(event("lead.stage_changed", lead, before=was["stage_id"], after=lead.stage_id))
        if back.changed("status"):
            told.append(event("lead.status_changed", lead, before=was["status"], after=lead.status))
    events.record_many(session, told)
