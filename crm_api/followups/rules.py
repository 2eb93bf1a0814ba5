"""Writing rules and sequences, switching rules on and off, and looking at what they would do."""

from collections.abc import Collection
from datetime import timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api import events
from crm_api.access import Actor, require_create, require_role, system, visible
from crm_api.conditions import records, where
from crm_api.core import clock
from crm_api.core.errors import Conflict, Invalid
from crm_api.core.schemas import apply_patch, changes
from crm_api.core.templating import BadTemplate, MissingField, RenderedEmail, render_email
from crm_api.custom_fields.fields import registry
from crm_api.events.models import EventRow
from crm_api.followups import queries, service
from crm_api.followups.author import values_for
from crm_api.followups.models import FollowUpRule, Sequence
from crm_api.followups.people import of_lead
from crm_api.followups.schemas import (
    PreviewItem,
    PreviewOut,
    RuleIn,
    RulePatch,
    SequenceIn,
    SequencePatch,
    Window,
)
from crm_api.leads.models import Lead
from crm_api.organisation import service as organisation
from crm_api.users.models import User

_REACH = ("after_minutes", "where", "sequence_id")


def create(session: Session, actor: Actor, *, data: RuleIn) -> FollowUpRule:
    """A new rule, switched off. Raises Invalid for an unknown sequence or a condition that makes no sense."""
    require_create(actor, "followup_rule")
    if data.sequence_id is None:
        steps = [step.model_dump() for step in data.steps]
        sequence = Sequence(name=data.name, steps=steps)
        session.add(sequence)
        session.flush()
    else:
        sequence = _sequence(session, data.sequence_id)
    rule = FollowUpRule(
        name=data.name, sequence_id=sequence.id, after_minutes=data.after_minutes,
        conditions=_conditions(session, data.where), **_window(data.window),
    )  # fmt: skip
    session.add(rule)
    return rule


def update(
    session: Session, actor: Actor, *, rule_id: UUID, data: RulePatch, if_match: int | None
) -> FollowUpRule:
    """Change just the fields sent. A rule that may reach others by the change is switched off: look first."""
    rule: FollowUpRule = records.get(session, actor, FollowUpRule, rule_id, writing=True, if_match=if_match)
    values = changes(data, leave_out=("where", "window"))
    for required in ("name", "after_minutes", "sequence_id"):
        if required in values and values[required] is None:
            raise Invalid.field(required, "cannot be empty")
    if values.get("sequence_id"):
        _sequence(session, values["sequence_id"])
    if "where" in data.model_fields_set:
        values["conditions"] = _conditions(session, data.where)
    if data.window is not None:
        values |= _window(data.window)
    if apply_patch(rule, values) and rule.is_on and data.model_fields_set & set(_REACH):
        rule.is_on, rule.off_reason = False, "Changed; look at the preview and switch it on again."
    return rule


def switch_on(session: Session, actor: Actor, *, rule_id: UUID) -> FollowUpRule:
    """Let the rule write. It remembers how many leads that means now, and stops itself far beyond."""
    rule: FollowUpRule = records.get(session, actor, FollowUpRule, rule_id, writing=True)
    if rule.is_on:
        return rule
    rule.expected = _count(session, rule)
    rule.is_on, rule.off_reason = True, None
    rule.switched_on_at, rule.switched_on_by = clock.now(), actor.user_id
    events.record(session, events.Event("followup_rule.switched_on", "followup_rule", rule.id, {}))
    return rule


def switch_off(session: Session, actor: Actor, *, rule_id: UUID) -> FollowUpRule:
    """The rule enrols nobody, and the mails it planned wait."""
    rule: FollowUpRule = records.get(session, actor, FollowUpRule, rule_id, writing=True)
    rule.is_on, rule.off_reason = False, None
    return rule


def delete(session: Session, actor: Actor, *, rule_id: UUID, if_match: int | None) -> None:
    """Delete softly, and stop everybody it enrolled: nothing goes on that nobody can see."""
    rule: FollowUpRule = records.get(session, actor, FollowUpRule, rule_id, writing=True, if_match=if_match)
    rule.is_on, rule.archived_at = False, clock.now()
    session.flush()
    found = session.scalars(queries.live_of_rule(rule.id)).all()
    service.stop(session, found, reason="sequence")


def preview(session: Session, actor: Actor, *, rule_id: UUID, limit: int = 20) -> PreviewOut:
    """Who would get a mail now, when, and how it would read. Writes nothing, sends nothing.

    The total is that of the rule; shown are the leads among them that the actor may see.
    """
    require_role(actor, "manager")
    rule: FollowUpRule = records.get(session, actor, FollowUpRule, rule_id)
    steps = session.get_one(Sequence, rule.sequence_id).steps
    neglected = service.neglected(session, rule, clock.now()).where(visible("lead", actor))
    found = session.execute(neglected.limit(limit)).all()
    items = [_preview_item(session, rule, steps[0]["template"], lead, owner) for lead, owner in found]
    return PreviewOut(total=_count(session, rule), items=items)


def foreseen(session: Session, event_ids: Collection[UUID]) -> list[dict[str, Any]]:
    """Which switched-on rules would write to the leads of these events, and from when on if nobody is in touch."""
    now, found = clock.now(), []
    leads = sa.select(EventRow.subject_id).where(EventRow.id.in_(event_ids), EventRow.kind == "lead")
    for rule_id in service.rules_at_work(session):
        rule = session.get_one(FollowUpRule, rule_id)
        patience = timedelta(minutes=rule.after_minutes)
        neglected = service.neglected(session, rule, now + patience)
        for lead, _ in session.execute(neglected.where(Lead.id.in_(leads))):
            found.append(
                {"rule_id": rule.id, "rule": rule.name, "lead_id": lead.id, "not_before": now + patience}
            )
    return found


def _preview_item(
    session: Session, rule: FollowUpRule, template: str, lead: Lead, owner: User
) -> PreviewItem:
    letter: RenderedEmail | None = None
    problem, person = None, of_lead(lead)
    try:
        letter = render_email(template, values_for(session, person, owner))
    except (MissingField, BadTemplate) as error:
        problem = str(error)
    zone = ZoneInfo(owner.time_zone or organisation.zone(session))
    return PreviewItem(
        lead_id=lead.id, lead=lead.title, recipient=lead.email or "", owner=owner.name,
        would_leave_at=service.opening_for(
            rule.window, zone, 0, str(lead.id), closed=service.closed_for(session, person)
        ),
        subject=letter and letter.subject, text=letter and letter.text, problem=problem,
    )  # fmt: skip


def _count(session: Session, rule: FollowUpRule) -> int:
    neglected = service.neglected(session, rule, clock.now())
    found = neglected.with_only_columns(Lead.id).order_by(None).subquery()
    return session.scalar(sa.select(sa.func.count()).select_from(found)) or 0


# ── Sequences ────────────────────────────────────────────────────────────────────────────────────


def create_sequence(session: Session, actor: Actor, *, data: SequenceIn) -> Sequence:
    """A new sequence."""
    require_create(actor, "sequence")
    sequence = Sequence(**data.model_dump())
    session.add(sequence)
    return sequence


def update_sequence(
    session: Session, actor: Actor, *, sequence_id: UUID, data: SequencePatch, if_match: int | None
) -> Sequence:
    """Change a sequence for those who enter from now on."""
    sequence: Sequence = records.get(session, actor, Sequence, sequence_id, writing=True, if_match=if_match)
    values = {name: value for name, value in changes(data).items() if value is not None}
    if data.steps is not None:
        values["steps"] = [step.model_dump() for step in data.steps]
    apply_patch(sequence, values)
    return sequence


def delete_sequence(session: Session, actor: Actor, *, sequence_id: UUID, if_match: int | None) -> None:
    """Delete softly, and stop everybody in it; raises Conflict where a rule still leads into it."""
    sequence: Sequence = records.get(session, actor, Sequence, sequence_id, writing=True, if_match=if_match)
    rule = session.scalar(
        sa.select(FollowUpRule.name).where(
            FollowUpRule.sequence_id == sequence.id, FollowUpRule.archived_at.is_(None)
        )
    )
    if rule is not None:
        raise Conflict(f"The rule '{rule}' leads into this sequence; delete the rule first.")
    sequence.archived_at = clock.now()
    session.flush()
    service.stop(session, session.scalars(queries.live_in_sequence(sequence.id)).all(), reason="sequence")


def _sequence(session: Session, sequence_id: UUID) -> Sequence:
    found = session.get(Sequence, sequence_id)
    if found is None or found.archived_at is not None:
        raise Invalid.field("sequence_id", "there is no such sequence")
    return found


def _conditions(session: Session, tree: Any) -> dict[str, Any] | None:
    """The tree as it is stored; compiled once here, so that a wrong field is said now and not at night."""
    if tree is None:
        return None
    where(registry(session), "lead", tree, system(session))
    stored: dict[str, Any] = tree.model_dump(mode="json", by_alias=True)
    return stored


def _window(window: Window) -> dict[str, Any]:
    return {
        "window_days": sorted(set(window.days)),
        "window_start": window.start.isoformat("minutes"),
        "window_end": window.end.isoformat("minutes"),
    }
