"""Leads: making, changing, deleting and bringing back."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from crm_api import audit
from crm_api.access import Actor, require_create, require_reassign
from crm_api.conditions import records
from crm_api.conditions.filters import Wanted
from crm_api.core import clock, context, stats
from crm_api.core.columns import touch
from crm_api.core.errors import Invalid
from crm_api.core.money import recast, require_currency, to_minor
from crm_api.core.numbering import take
from crm_api.core.schemas import apply_patch, changes, refuse_null
from crm_api.core.text import fold
from crm_api.custom_fields import values as custom_values
from crm_api.events import Event, record
from crm_api.leads import conversion, duplicates, scoring
from crm_api.leads.bulk import AMOUNTS
from crm_api.leads.models import Lead, LeadStats
from crm_api.leads.moves import converts, kind_of, move, require_open
from crm_api.leads.moves import event as event  # what the rooms above tell of leads with
from crm_api.leads.schemas import Convert, LeadIn, LeadPatch
from crm_api.matching.duplicates import Match, find
from crm_api.matching.phones import comparable
from crm_api.organisation import rates
from crm_api.organisation import service as organisation
from crm_api.pipelines import service as pipelines
from crm_api.pipelines.models import Stage
from crm_api.tags.service import names_on, put_on
from crm_api.users.service import team_of
from crm_api.writes import notes
from crm_api.writes.duplicates import made

ARCHIVED_TAG = "archived"
# What has a rule of its own and is not simply set.
_RULED = ("tags", "custom_fields", "notes", "status", "stage_id", "pipeline_id", "score")
_NEVER_EMPTY = ("title", "priority", "is_qualified", "currency", "email_opt_out", "do_not_call")


def create(session: Session, actor: Actor, *, data: LeadIn, alike: Sequence[Match] | None = None) -> Lead:
    """A new lead, owned by its maker where no owner is given.

    `alike` are its duplicates, where they were looked up already. Raises Invalid where neither title, company nor
    person is named, and Conflict where a live lead has the same e-mail address.
    """
    require_create(actor, "lead")
    values = data.model_dump(exclude={"tags", "status", "custom_fields", "notes"})
    values["custom"] = custom_values.fresh(session, actor, "lead", data.custom_fields)
    values["title"] = _title(values)
    values["owner_id"] = values["owner_id"] or (actor.user_id if actor.role != "administrator" else None)
    values["currency"] = require_currency(data.currency or organisation.currency(session))
    _resolve(session, values)
    if alike is None:
        _unique_email(session, actor, data.email, None)
    else:
        duplicates.require_unique_address(alike, data.email)
    stage, status = _begin(session, data)
    values.update(pipeline_id=stage.pipeline_id, stage_id=stage.id, status=status)
    if values["probability"] is None:
        values["probability"] = stage.probability
    values["qualified_at"] = clock.now() if data.is_qualified else None
    number = take(session, "LEAD", organisation.today(session))[0]
    lead = Lead(**values, number=number, origin=context.current().origin)
    rescore(session, lead, data.tags or (), given=data.score)
    session.add(lead)
    session.flush()
    if data.tags:
        put_on(session, "lead", lead.id, data.tags)
    record(session, event("lead.created", lead, status=lead.status))
    notes.append(session, actor, kind="lead", record_id=lead.id, text=data.notes)
    return lead


def make(
    session: Session,
    actor: Actor,
    *,
    data: LeadIn,
    on_duplicate: str = "report",
    wanted: Wanted = records.EVERYTHING,
) -> dict[str, Any]:
    """A new lead as the JSON answer, with the records that it probably is already.

    With `on_duplicate="refuse"` these make it a Conflict.
    """
    alike = duplicates.of_values(session, actor, data.model_dump())
    return made(
        session, actor, alike=alike, on_duplicate=on_duplicate, wanted=wanted,
        create=lambda: create(session, actor, data=data, alike=alike),
    )  # fmt: skip


def update(session: Session, actor: Actor, *, lead_id: UUID, data: LeadPatch, if_match: int | None) -> Lead:
    """Change just the fields sent. A converted lead is read-only."""
    lead: Lead = records.get(session, actor, Lead, lead_id, writing=True, if_match=if_match)
    require_open(lead)
    values = changes(data, leave_out=_RULED)
    values |= custom_values.edited(session, actor, lead, data.custom_fields)
    refuse_null(values, *_NEVER_EMPTY)
    moving = {n: getattr(data, n) for n in data.model_fields_set & {"status", "stage_id", "pipeline_id"}}
    refuse_null(moving, *moving)
    if "currency" in values:
        values["currency"] = require_currency(values["currency"])
    if "owner_id" in values:
        require_reassign(session, actor, lead, values["owner_id"])
    _resolve(session, values, lead)
    if values.get("email"):
        _unique_email(session, actor, values["email"], lead.id)
    if values.get("is_qualified") and not lead.is_qualified:
        values["qualified_at"] = clock.now()
    owner_before = lead.owner_id
    changed = apply_patch(lead, values)
    if data.tags is not None and put_on(session, "lead", lead.id, data.tags):
        touch(lead)
        changed = True
    changed = _settle_score(session, lead, data) or changed
    if changed:
        record(session, event("lead.updated", lead, fields=sorted(data.model_fields_set)))
    if lead.owner_id != owner_before:
        record(session, event("lead.assigned", lead, before=owner_before))
    notes.append(session, actor, kind="lead", record_id=lead.id, text=data.notes)
    if moving and converts(session, lead, **moving):
        return conversion.convert(session, actor, lead, Convert())
    if moving:
        move(session, lead, probability=values.get("probability"), **moving)
    return lead


def rescore(session: Session, lead: Lead, tags: Iterable[str], *, given: int | None = None) -> None:
    """Work the score out from what is known of the lead, or keep the one that somebody gave.

    The reasons are always kept: beside a score set by hand they say what it would be.
    """
    rules = session.info.get("rules") or {}
    lead.score_reasons = scoring.reasons_for(
        source=lead.source,
        company_name=lead.company_name,
        email=lead.email,
        tags=tags,
        high_value_tags=rules.get("high_value_tags", scoring.HIGH_VALUE_TAGS),
        free_mail_domains=rules.get("free_mail_domains", ()),
    )
    lead.score_is_manual = given is not None
    lead.score = scoring.total(lead.score_reasons) if given is None else given


def _settle_score(session: Session, lead: Lead, data: LeadPatch) -> bool:
    """Whether a score given, taken back, or following from what was changed, is another one now."""
    sent = data.model_fields_set
    if "score" not in sent and not sent & scoring.INPUTS:
        return False
    before = lead.score, lead.score_is_manual
    given = data.score if "score" in sent else lead.score if lead.score_is_manual else None
    tags = data.tags if data.tags is not None else names_on(session, "lead", [lead.id]).get(lead.id, [])
    rescore(session, lead, tags, given=given)
    return (lead.score, lead.score_is_manual) != before


def archive(session: Session, actor: Actor, *, lead_id: UUID, if_match: int | None) -> None:
    """Delete softly: out of every list, lost and tagged so, and its e-mail address is free again.

    Where it stood is kept for `restore`; no figure counts it as lost.
    """
    lead: Lead = records.get(session, actor, Lead, lead_id, writing=True, if_match=if_match)
    carried = names_on(session, "lead", [lead.id]).get(lead.id, [])
    lead.archived_from = {"tagged": any(fold(tag) == ARCHIVED_TAG for tag in carried)}
    if not lead.is_closed:
        lead.archived_from |= {
            "status": lead.status, "stage_id": str(lead.stage_id), "probability": lead.probability
        }  # fmt: skip
        lost = pipelines.resolve(session, "lead", pipeline_id=lead.pipeline_id, stage_id=None, kind="lost")
        lead.status, lead.stage_id, lead.probability = "lost", lost.id, 0
    put_on(session, "lead", lead.id, [*carried, ARCHIVED_TAG])
    lead.archived_at = clock.now()
    record(session, event("lead.archived", lead))


def restore(session: Session, actor: Actor, *, lead_id: UUID) -> Lead:
    """Take a soft deletion back; raises Conflict where another live lead has its address by now."""
    lead: Lead = records.get(session, actor, Lead, lead_id, writing=True, archived=True)
    if lead.archived_at is None:
        return lead
    _unique_email(session, actor, lead.email, lead.id)
    before = lead.archived_from or {}
    if "status" in before:
        stood = session.get(Stage, UUID(before["stage_id"]))
        if stood is None or stood.pipeline_id != lead.pipeline_id:  # deleted meanwhile
            kind = kind_of(before["status"])
            stood = pipelines.resolve(session, "lead", pipeline_id=lead.pipeline_id, stage_id=None, kind=kind)
        lead.status, lead.stage_id, lead.probability = before["status"], stood.id, before["probability"]
    if not before.get("tagged"):
        carried = names_on(session, "lead", [lead.id]).get(lead.id, [])
        put_on(session, "lead", lead.id, [tag for tag in carried if fold(tag) != ARCHIVED_TAG])
    lead.archived_at = lead.archived_from = None
    record(session, event("lead.restored", lead))
    return lead


def stats_of(session: Session, lead_ids: Iterable[UUID]) -> list[LeadStats]:
    """The leads' derived figures, held until this transaction ends; made where there are none."""
    return stats.held(session, LeadStats, LeadStats.lead_id, lead_ids)


def follow_owner(session: Session, event: Event) -> None:
    """An owner who changes teams takes their leads along; a derived figure, so no version rises."""
    audit.follow(session, Lead, Lead.owner_id == event.subject_id, team_id=event.team_id)


def _begin(session: Session, data: LeadIn) -> tuple[Stage, str]:
    """The stage and status a new lead begins with."""
    stage = pipelines.resolve(
        session, "lead", pipeline_id=data.pipeline_id, stage_id=data.stage_id, kind=kind_of(data.status)
    )
    status = data.status or stage.kind
    if kind_of(status) != stage.kind:
        raise Invalid.field("status", f"does not go with the stage '{stage.name}'")
    if status == "converted":
        raise Invalid.field("status", "a lead becomes converted by being converted, not by being made so")
    return stage, status


def _title(values: dict[str, Any]) -> str:
    person = " ".join(part for part in (values.get("first_name"), values.get("last_name")) if part)
    title = values.get("title") or values.get("company_name") or person
    if not title:
        raise Invalid.field("title", "a lead needs a title, a company or a person")
    return str(title)[:200]


def _resolve(session: Session, values: dict[str, Any], lead: Lead | None = None) -> None:
    before = lead.currency if lead else values["currency"]
    after = values.get("currency", before)
    for amount, base in AMOUNTS:
        if amount in values:
            values[amount] = to_minor(values[amount], after, field=amount)
        elif lead and after != before:
            values[amount] = recast(getattr(lead, amount), before, after, field=amount)
        if amount in values:
            closed_at = lead.converted_at if lead else None
            values[base] = rates.convert(session, values[amount], after, on=closed_at)
    if "phone" in values:
        values["phone_e164"] = comparable({"country": lead and lead.country, **values}, "phone")
    if "owner_id" in values:
        values["team_id"] = team_of(session, values["owner_id"])
    if values.get("territory_id"):
        organisation.require_territory(session, values["territory_id"])


def _unique_email(session: Session, actor: Actor, email: str | None, own_id: UUID | None) -> None:
    """Refuse the same e-mail on two live leads; of a lead one may not see, tell only that it is there."""
    if email:
        own = ("lead", own_id) if own_id else None
        found = find(session, actor, (duplicates.place,), {"email": fold(email)}, own=own)
        duplicates.require_unique_address(found, email)
