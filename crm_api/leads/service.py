"""Leads: making, changing, moving. Status and stage move together."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api import audit
from crm_api.access import Actor, require_create, require_reassign, visible
from crm_api.conditions import records
from crm_api.core import clock, context
from crm_api.core.columns import touch
from crm_api.core.errors import Conflict, Invalid
from crm_api.core.money import recast, require_currency, to_minor
from crm_api.core.numbering import take
from crm_api.core.schemas import apply_patch, changes, refuse_null
from crm_api.core.text import fold
from crm_api.custom_fields import values as custom_values
from crm_api.events import Event, record
from crm_api.leads.models import Lead, LeadStats
from crm_api.leads.schemas import LeadIn, LeadPatch
from crm_api.matching.phones import e164
from crm_api.organisation import rates
from crm_api.organisation import service as organisation
from crm_api.pipelines import service as pipelines
from crm_api.pipelines.models import Stage
from crm_api.tags.service import put_on
from crm_api.users.service import team_of

# A stage New holds three statuses; every other stage holds the one of its kind.
STAGE_OF_STATUS = {"contacted": "new", "callback": "new"}


def create(session: Session, actor: Actor, *, data: LeadIn) -> Lead:
    """A new lead, owned by its maker where no owner is given.

    Raises Invalid where neither title, company nor person is named, and Conflict where a live lead has
    the same e-mail address.
    """
    require_create(actor, "lead")
    values = data.model_dump(exclude={"tags", "status", "custom_fields"})
    values["custom"] = custom_values.fresh(session, actor, "lead", data.custom_fields)
    values["title"] = _title(values)
    values["owner_id"] = values["owner_id"] or (actor.user_id if actor.role != "administrator" else None)
    values["currency"] = require_currency(data.currency or organisation.currency(session))
    _resolve(session, values)
    _unique_email(session, actor, data.email, None)
    stage = pipelines.resolve(
        session, "lead", pipeline_id=data.pipeline_id, stage_id=data.stage_id, kind=_kind(data.status)
    )
    status = data.status or stage.kind
    if _kind(status) != stage.kind:
        raise Invalid.field("status", f"does not go with the stage '{stage.name}'")
    if status == "converted":
        raise Invalid.field("status", "a lead becomes converted by being converted, not by being made so")
    values.update(pipeline_id=stage.pipeline_id, stage_id=stage.id, status=status)
    if values["probability"] is None:
        values["probability"] = stage.probability
    number = take(session, "LEAD", organisation.today(session))[0]
    lead = Lead(**values, number=number, origin=context.current().origin)
    session.add(lead)
    session.flush()
    session.add(LeadStats(lead_id=lead.id))
    if data.tags:
        put_on(session, "lead", lead.id, data.tags)
    record(session, event("lead.created", lead, status=lead.status))
    return lead


def update(session: Session, actor: Actor, *, lead_id: UUID, data: LeadPatch, if_match: int | None) -> Lead:
    """Change just the fields sent. A converted lead is read-only."""
    lead: Lead = records.get(session, actor, Lead, lead_id, writing=True, if_match=if_match)
    if lead.status == "converted":
        raise Conflict("A converted lead is read-only; change the account, contact or opportunity it became.")
    values = changes(data, leave_out=("tags", "custom_fields", "status", "stage_id", "pipeline_id"))
    values |= custom_values.edited(session, actor, lead, data.custom_fields)
    refuse_null(
        values, "title", "priority", "score", "is_qualified", "currency", "email_opt_out", "do_not_call"
    )
    if "currency" in values:
        values["currency"] = require_currency(values["currency"])
    moving = {
        name: getattr(data, name) for name in data.model_fields_set & {"status", "stage_id", "pipeline_id"}
    }
    refuse_null(moving, *moving)
    if "owner_id" in values:
        require_reassign(session, actor, lead, values["owner_id"])
    _resolve(session, values, lead)
    if values.get("email"):
        _unique_email(session, actor, values["email"], lead.id)
    owner_before = lead.owner_id
    changed = apply_patch(lead, values)
    if data.tags is not None and put_on(session, "lead", lead.id, data.tags):
        touch(lead)
        changed = True
    if changed:
        record(session, event("lead.updated", lead, fields=sorted(data.model_fields_set)))
    if lead.owner_id != owner_before:
        record(session, event("lead.assigned", lead, before=owner_before))
    if moving:
        move(session, lead, probability=values.get("probability"), **moving)
    return lead


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
    stage. Raises Invalid where they clash, and Conflict for converting: that is more than a move.
    """
    stage = _destination(session, lead, status, stage_id, pipeline_id)
    if stage.is_won:
        raise Conflict("Moving a lead does not convert it; converting it makes its account.")
    if status is not None and _kind(status) != stage.kind:
        raise Invalid.field("status", f"does not go with the stage '{stage.name}'")
    before, stage_before = lead.status, lead.stage_id
    lead.status = status or (before if _kind(before) == stage.kind else stage.kind)
    if stage.id != stage_before:
        lead.pipeline_id, lead.stage_id = stage.pipeline_id, stage.id
        lead.probability = stage.probability if probability is None else probability
        record(session, event("lead.stage_changed", lead, before=stage_before, after=stage.id))
    if lead.status != before:
        record(session, event("lead.status_changed", lead, before=before, after=lead.status))


def _destination(
    session: Session, lead: Lead, status: str | None, stage_id: UUID | None, pipeline_id: UUID | None
) -> Stage:
    kind = _kind(status or lead.status)
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


def archive(session: Session, actor: Actor, *, lead_id: UUID, if_match: int | None) -> None:
    """Delete softly: out of every list, and its e-mail address is free again."""
    lead = records.get(session, actor, Lead, lead_id, writing=True, if_match=if_match)
    lead.archived_at = clock.now()
    record(session, event("lead.archived", lead))


def restore(session: Session, actor: Actor, *, lead_id: UUID) -> Lead:
    """Take a soft deletion back; raises Conflict where another live lead has its address by now."""
    lead: Lead = records.get(session, actor, Lead, lead_id, writing=True, archived=True)
    if lead.archived_at is not None:
        _unique_email(session, actor, lead.email, lead.id)
        lead.archived_at = None
        record(session, event("lead.restored", lead))
    return lead


def stats_of(session: Session, lead_ids: Iterable[UUID]) -> list[LeadStats]:
    """The leads' derived figures, held until this transaction ends; made where there are none."""
    wanted = sorted(set(lead_ids))
    held = sa.select(LeadStats).where(LeadStats.lead_id.in_(wanted))
    found = list(session.scalars(held.order_by(LeadStats.lead_id).with_for_update()))
    missing = set(wanted) - {stats.lead_id for stats in found}
    made = [LeadStats(lead_id=lead_id) for lead_id in sorted(missing)]
    session.add_all(made)
    return found + made


def follow_owner(session: Session, event: Event) -> None:
    """An owner who changes teams takes their leads along; a derived figure, so no version rises."""
    audit.follow(session, Lead, Lead.owner_id == event.subject_id, team_id=event.team_id)


def _kind(status: str | None) -> str | None:
    return STAGE_OF_STATUS.get(status, status) if status else None


def _title(values: dict[str, Any]) -> str:
    person = " ".join(part for part in (values.get("first_name"), values.get("last_name")) if part)
    title = values.get("title") or values.get("company_name") or person
    if not title:
        raise Invalid.field("title", "a lead needs a title, a company or a person")
    return str(title)


def _resolve(session: Session, values: dict[str, Any], lead: Lead | None = None) -> None:
    before = lead.currency if lead else values["currency"]
    after = values.get("currency", before)
    if "estimated_value" in values:
        values["estimated_value"] = to_minor(values["estimated_value"], after, field="estimated_value")
    elif lead and after != before:
        values["estimated_value"] = recast(lead.estimated_value, before, after, field="estimated_value")
    if "estimated_value" in values:
        closed_at = lead.converted_at if lead else None
        values["value_base"] = rates.convert(session, values["estimated_value"], after, on=closed_at)
    if "phone" in values:
        values["phone_e164"] = e164(values["phone"])
    if "owner_id" in values:
        values["team_id"] = team_of(session, values["owner_id"])
    if values.get("territory_id"):
        organisation.require_territory(session, values["territory_id"])


def _unique_email(session: Session, actor: Actor, email: str | None, own_id: UUID | None) -> None:
    """Refuse the same e-mail on two live leads; of a lead one may not see, tell only that it is there."""
    if not email:
        return
    other = session.execute(
        sa.select(Lead.id, Lead.number, visible("lead", actor).label("seen")).where(
            Lead.email_key == fold(email), Lead.archived_at.is_(None)
        )
    ).first()
    if other is not None and other.id != own_id:
        which = f"{other.number}" if other.seen else "a lead of a colleague"
        raise Conflict(
            f"The address {email} belongs to {which} already.",
            **({"lead_id": other.id} if other.seen else {}),
        )


def event(type_: str, lead: Lead, **data: Any) -> Event:
    """An event about a lead, with who was responsible for it."""
    return Event(type_, "lead", lead.id, data, lead.owner_id, lead.team_id, lead.territory_id)
