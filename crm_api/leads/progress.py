"""What people do with a lead on its way: looking closer, moving it on, giving it up; one or many at once."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from crm_api.access import Actor
from crm_api.conditions import records
from crm_api.core.errors import Conflict, Invalid, NotFound, Problem
from crm_api.core.schemas import changes, refuse_null
from crm_api.events import record
from crm_api.leads import conversion, service
from crm_api.leads.models import Lead
from crm_api.leads.moves import converts, event, move, require_open
from crm_api.leads.schemas import (
    BulkAssign,
    BulkStatus,
    Convert,
    LeadPatch,
    MarkLost,
    MoveStage,
    Qualify,
)
from crm_api.writes import notes


def qualify(
    session: Session, actor: Actor, *, lead_id: UUID, data: Qualify, if_match: int | None = None
) -> Lead:
    """Note what came of looking closer: a score that stays, whether it is qualified, what is known by now.

    A qualified lead that is still new moves on to the stage Qualified; one that is not stays where it is.
    """
    given = changes(data) | {"is_qualified": data.is_qualified}
    refuse_null(given, "is_qualified")
    before: Lead = records.get(session, actor, Lead, lead_id, writing=True, if_match=if_match)
    was = before.is_qualified
    lead = service.update(session, actor, lead_id=lead_id, data=LeadPatch(**given), if_match=None)
    if lead.is_qualified and lead.status in ("new", "contacted", "callback"):
        move(session, lead, status="qualified")
    if lead.is_qualified and not was:
        record(session, event("lead.qualified", lead, score=lead.score))
    return lead


def move_stage(
    session: Session, actor: Actor, *, lead_id: UUID, data: MoveStage, if_match: int | None = None
) -> Lead:
    """Put a lead's card into another stage; a won one converts it. Raises Invalid where no stage is named."""
    where = {name: value for name in ("stage_id", "status") if (value := getattr(data, name)) is not None}
    if not where:
        raise Invalid.field("stage_id", "name the stage, or the status, to move to")
    lead: Lead = records.get(session, actor, Lead, lead_id, writing=True, if_match=if_match)
    require_open(lead)
    notes.append(session, actor, kind="lead", record_id=lead.id, text=data.notes)
    if converts(session, lead, **where):
        return conversion.convert(session, actor, lead, Convert())
    move(session, lead, probability=data.probability, **where)
    return lead


def mark_lost(
    session: Session, actor: Actor, *, lead_id: UUID, data: MarkLost, if_match: int | None = None
) -> Lead:
    """Give a lead up, with the reason if there is one. Raises Conflict for one that is lost already."""
    lead: Lead = records.get(session, actor, Lead, lead_id, writing=True, if_match=if_match)
    require_open(lead)
    if lead.status == "lost":
        raise Conflict("This lead is lost already; change its reason, or move it to another stage.")
    if data.lost_reason is not None:
        lead.lost_reason = data.lost_reason
    move(session, lead, status="lost")
    notes.append(session, actor, kind="lead", record_id=lead.id, text=data.notes)
    return lead


def set_status(session: Session, actor: Actor, *, data: BulkStatus) -> dict[str, Any]:
    """One status for many leads, all or none; each gets the note. Returns them as they now are."""

    def change(lead_id: UUID) -> Lead:
        patch = LeadPatch(status=data.new_status, **({"notes": data.note} if data.note else {}))
        return service.update(session, actor, lead_id=lead_id, data=patch, if_match=None)

    return _each(session, data.lead_ids, change)


def assign(session: Session, actor: Actor, *, data: BulkAssign) -> dict[str, Any]:
    """One owner for many leads, all or none; each gets the note. Returns them as they now are."""

    def change(lead_id: UUID) -> Lead:
        patch = LeadPatch(owner_id=data.agent_user_id, **({"notes": data.note} if data.note else {}))
        return service.update(session, actor, lead_id=lead_id, data=patch, if_match=None)

    return _each(session, data.lead_ids, change)


def _each(session: Session, lead_ids: Sequence[UUID], change: Callable[[UUID], Lead]) -> dict[str, Any]:
    """Change the leads in the order of their ids, so that two such requests never wait for each other in a circle.

    The first refusal is that of all; it names the lead.
    """
    wanted = list(dict.fromkeys(lead_ids))
    for lead_id in sorted(wanted):
        try:
            change(lead_id)
        except NotFound as refusal:
            raise NotFound(f"Nothing was changed: {refusal.detail}", lead_id=lead_id) from refusal
        except (Conflict, Invalid) as refusal:
            raise _of_one(refusal, lead_id) from refusal
    session.flush()
    return {"updated": len(wanted), "items": records.several(session, "lead", wanted)}


def _of_one(refusal: Problem, lead_id: UUID) -> Problem:
    told = {**refusal.extra, "lead_id": lead_id}
    return type(refusal)(f"Nothing was changed: {refusal.detail}", errors=refusal.errors, **told)
