"""Enrolling leads and people, planning their next mail, and stopping the moment there is a reason to."""

import hashlib
from collections.abc import Container, Iterable
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api import events
from crm_api.access import Actor, require_create, system
from crm_api.conditions import records
from crm_api.contacts.models import Contact
from crm_api.core import clock
from crm_api.core.errors import Conflict, Invalid
from crm_api.custom_fields import definitions
from crm_api.custom_fields.fields import registry
from crm_api.followups import queries
from crm_api.followups.models import Enrolment, FollowUpRule, Sequence
from crm_api.followups.people import Addressee, addressee, of_contact, of_lead
from crm_api.followups.schemas import EnrolmentIn
from crm_api.followups.windows import ALWAYS, SendWindow, local_days_later, next_opening, spread
from crm_api.leads.models import Lead
from crm_api.organisation import service as organisation
from crm_api.organisation.calendars import days_off
from crm_api.outbox import service as outbox
from crm_api.outbox.service import NewMessage
from crm_api.outbox.state import Status
from crm_api.ports import Mailbox
from crm_api.users.models import User

PURPOSE = "followup"
TTL = timedelta(days=7)  # a follow-up that could not leave for a week is not one any more
SPREAD = timedelta(minutes=20)
BLAST_FLOOR = 20
BLAST_FACTOR = 3
BATCH = 100


# ── Rules at work ────────────────────────────────────────────────────────────────────────────────


def apply_rule(session: Session, *, rule_id: UUID, limit: int = BATCH) -> int:
    """Enrol the leads a switched-on rule finds, `limit` at most; returns how many.

    A rule that enrols three times what its preview promised (20 at least) in 24 hours switches itself
    off: somebody has made a mistake, and it is not to reach everybody.
    """
    rule = session.get(FollowUpRule, rule_id, with_for_update=True)
    if rule is None or not rule.is_on or rule.archived_at is not None:
        return 0
    now = clock.now()
    allowed = max(BLAST_FLOOR, BLAST_FACTOR * (rule.expected or 0))
    allowed -= session.scalar(queries.enrolled_since(rule.id, now - timedelta(days=1))) or 0
    try:
        found = session.execute(neglected(session, rule, now).limit(limit)).all()
    except Invalid as error:  # a custom field it asks for was archived since
        _switch_off(session, rule, f"its condition cannot be read any more ({error.detail}) Change it")
        return 0
    if len(found) > allowed:
        wanted = f"it wanted to write to far more leads than the {rule.expected or 0} its preview showed."
        _switch_off(session, rule, f"{wanted} Look at the preview")
        found = found[: max(allowed, 0)]
    for lead, owner in found:
        enrol(session, rule=rule, lead=lead, owner=owner)
    return len(found)


def neglected(session: Session, rule: FollowUpRule, now: datetime) -> sa.Select[Lead, User]:
    """The leads of a rule; a field made a moment ago in another process is looked for once more."""
    try:
        return queries.neglected(rule, now, registry=registry(session), actor=system(session))
    except Invalid:
        definitions.reread(session)
        return queries.neglected(rule, now, registry=registry(session), actor=system(session))


def _switch_off(session: Session, rule: FollowUpRule, reason: str) -> None:
    rule.is_on = False
    rule.off_reason = f"Switched itself off: {reason}, then switch it on again."
    events.record(session, events.Event("followup_rule.stopped_itself", "followup_rule", rule.id, {}))


def rules_at_work(session: Session) -> list[UUID]:
    """The rules that are switched on."""
    statement = sa.select(FollowUpRule.id).where(
        FollowUpRule.is_on.is_(True), FollowUpRule.archived_at.is_(None)
    )
    return list(session.scalars(statement.order_by(FollowUpRule.id)))


def enrol(session: Session, *, rule: FollowUpRule, lead: Lead, owner: User) -> Enrolment:
    """Put a lead into the rule's sequence with the steps as they are now, and plan its first mail."""
    sequence = session.get_one(Sequence, rule.sequence_id)
    enrolment = Enrolment(
        sequence_id=sequence.id, rule_id=rule.id, lead_id=lead.id, owner_id=owner.id, steps=list(sequence.steps),
        address_key=outbox.recipient_key(lead.email or ""), lead_status=lead.status,
        time_zone=owner.time_zone or organisation.zone(session),
    )  # fmt: skip
    return _begin(session, enrolment)


def enrol_by_hand(session: Session, actor: Actor, *, data: EnrolmentIn) -> Enrolment:
    """Write to a lead or a person in the actor's own name, from now on, at any hour of a day that is worked.

    Raises Invalid where nobody can be written to, Conflict where somebody writes to them already or the lead is
    another's, NotFound for what the actor does not see.
    """
    require_create(actor, "enrolment")
    owner = session.get(User, actor.user_id) if actor.user_id else None
    if owner is None or not owner.email:
        raise Conflict("A sequence writes in your name; give yourself an e-mail address first.")
    sequence: Sequence = records.get(session, actor, Sequence, data.sequence_id)
    if sequence.archived_at is not None:
        raise Invalid.field("sequence_id", "this sequence is deleted")
    if data.contact_id is not None:
        person = of_contact(session, records.get(session, actor, Contact, data.contact_id))
        _require_reachable(session, person, "contact_id")
        found = session.scalar(queries.live_with(Enrolment.contact_id == data.contact_id))
    else:
        assert data.lead_id is not None, "it is one of the two"
        person = of_lead(records.get(session, actor, Lead, data.lead_id))
        if person.owner_id != owner.id:
            raise Conflict("A lead is written to by its owner; take it over first.")
        _require_reachable(session, person, "lead_id")
        found = session.scalar(queries.live_with(Enrolment.lead_id == data.lead_id))
    if found is not None:
        raise Conflict(
            f"{person.name or 'This lead'} is in the sequence “{found}” already; stop that one first."
        )
    return _begin(
        session,
        Enrolment(
            sequence_id=sequence.id, lead_id=data.lead_id, contact_id=data.contact_id, owner_id=owner.id,
            steps=list(sequence.steps), address_key=outbox.recipient_key(person.email or ""), lead_status=person.status,
            time_zone=owner.time_zone or organisation.zone(session),
        ),
    )  # fmt: skip


def _require_reachable(session: Session, person: Addressee, field: str) -> None:
    if person.is_gone:
        raise Invalid.field(field, "this one is deleted or not there any more")
    if not person.email:
        raise Invalid.field(field, "there is no e-mail address to write to")
    if person.email_opt_out or outbox.is_suppressed(session, outbox.recipient_key(person.email)):
        raise Invalid.field(field, "this one wants no mails")


def _begin(session: Session, enrolment: Enrolment) -> Enrolment:
    session.add(enrolment)
    session.flush()
    _record(session, "enrolment.started", enrolment)
    plan_step(session, enrolment)
    return enrolment


def plan_step(session: Session, enrolment: Enrolment) -> None:
    """Hand the next step to the outbox, at the first opening of the window; ends the enrolment where none is left."""
    if enrolment.step >= len(enrolment.steps):
        _end(session, enrolment, "completed", None)
        return
    step, person = enrolment.steps[enrolment.step], addressee(session, enrolment)
    owner = session.get_one(User, enrolment.owner_id)
    due_at = opening_for(
        window_of(session, enrolment), enrolment.zone, step.get("delay_days", 0), str(enrolment.id),
        closed=closed_for(session, person),
    )  # fmt: skip
    if due_at is None or not owner.email or not person.email:
        _end(session, enrolment, "failed", None)
        return
    outbox.enqueue(
        session,
        NewMessage(
            purpose=PURPOSE,
            idem_key=idem_key(enrolment),
            sender=Mailbox(owner.email, owner.name),
            recipient=Mailbox(person.email, person.name),
            sender_id=owner.id,
            team_id=owner.team_id,
            due_at=due_at,
            expires_at=due_at + TTL,
            template=step["template"],
            account_id=person.account_id,
            contact_id=enrolment.contact_id,
            lead_id=enrolment.lead_id,
            source_id=enrolment.id,
            source_step=enrolment.step,
            source_epoch=enrolment.stop_epoch,
        ),
    )


def idem_key(enrolment: Enrolment) -> str:
    """What a step is, for ever: planning it again, by whomever and however often, sends nothing new."""
    parts = (enrolment.id, enrolment.run_no, enrolment.step, enrolment.address_key)
    return hashlib.sha256("|".join(map(str, parts)).encode()).hexdigest()


def opening_for(
    window: SendWindow, zone: ZoneInfo, delay_days: int, key: str, *, closed: Container[date]
) -> datetime | None:
    """When a step may leave: `delay_days` calendar days from now, at the next opening of the window.

    Nothing leaves on a day that is `closed`. Mails that wait for the same opening are spread over its first
    20 minutes; one that may go now goes now.
    """
    now = clock.now()
    not_before = local_days_later(now, delay_days, zone) if delay_days else now
    opening = next_opening(window, zone, not_before, closed=closed)
    if opening is None or opening == now:
        return opening
    return spread(opening, window, zone, key=key, within=SPREAD)


def closed_for(session: Session, person: Addressee) -> Container[date]:
    """The days on which nothing automatic is sent to somebody: days off everywhere, and in their territory."""
    since = organisation.today(session) - timedelta(days=2)  # somewhere it is still yesterday
    return days_off(session, since=since, territory_ids=[person.territory_id])


def window_of(session: Session, enrolment: Enrolment) -> SendWindow:
    """The send window of the rule that enrolled; always open where somebody enrolled by hand."""
    rule = session.get(FollowUpRule, enrolment.rule_id) if enrolment.rule_id else None
    return rule.window if rule else ALWAYS


# ── Stopping ─────────────────────────────────────────────────────────────────────────────────────


def stop(
    session: Session, enrolments: Iterable[Enrolment], *, reason: str, status: Status = Status.CANCELLED
) -> int:
    """Stop enrolments and take back their mails, in this transaction; returns how many were stopped.

    The epoch rises before the messages are touched, and `sending` is only committed under the same row
    lock and epoch: whichever commits first wins, and never both.
    """
    stopped = 0
    for enrolment in enrolments:
        enrolment.stop_epoch += 1
        _end(session, enrolment, "stopped", reason)
        outbox.stop(session, source_id=enrolment.id, reason=reason, status=status)
        stopped += 1
    return stopped


def stop_by_hand(session: Session, actor: Actor, *, enrolment_id: UUID) -> Enrolment:
    """Somebody who looks after the lead stops it; raises Conflict where it is over already."""
    enrolment: Enrolment = records.get(session, actor, Enrolment, enrolment_id, writing=True)
    if not enrolment.is_live:
        raise Conflict(f"This is {enrolment.status} already.")
    stop(session, [enrolment], reason="manual")
    return enrolment


def pause(session: Session, enrolments: Iterable[Enrolment], *, until: datetime) -> None:
    """Let a sequence rest while somebody is away."""
    for enrolment in enrolments:
        enrolment.status, enrolment.resume_at = "paused", until
        session.flush()
        _record(session, "enrolment.paused", enrolment, until=until)


def sweep(session: Session) -> int:
    """End enrolments whose last mail expired or was taken back; returns how many."""
    orphans = session.scalars(queries.without_a_next_mail()).all()
    for enrolment in orphans:
        _end(session, enrolment, "stopped", "expired")
    return len(orphans)


def advance(session: Session, enrolment: Enrolment, *, sent_step: int) -> None:
    """A step was sent: plan the one after it. A stopped enrolment stays stopped."""
    if enrolment.is_live and sent_step == enrolment.step:
        enrolment.step += 1
        enrolment.status, enrolment.resume_at = "active", None
        plan_step(session, enrolment)


def _end(session: Session, enrolment: Enrolment, status: str, reason: str | None) -> None:
    enrolment.status, enrolment.stop_reason, enrolment.ended_at = status, reason, clock.now()
    session.flush()
    _record(session, f"enrolment.{status}", enrolment, reason=reason)


def _record(session: Session, type_: str, enrolment: Enrolment, **data: Any) -> None:
    links = {name: getattr(enrolment, name) for name in ("lead_id", "contact_id", "rule_id", "sequence_id")}
    events.record(
        session, events.Event(type_, "enrolment", enrolment.id, links | data, owner_id=enrolment.owner_id)
    )
