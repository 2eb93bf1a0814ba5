"""What makes a sequence stop, rest or go on: handlers for events, in the transaction of their cause."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.activities.models import Activity
from crm_api.contacts.models import Contact
from crm_api.core import clock
from crm_api.events import Event
from crm_api.followups import queries, service
from crm_api.followups.models import Enrolment
from crm_api.leads.models import Lead
from crm_api.organisation import service as organisation
from crm_api.organisation.calendars import days_off
from crm_api.outbox.state import Status
from crm_api.outbox.timeline import SYSTEM_NAME

AWAY_DAYS = 3  # days of work to wait where an out-of-office names no date

_LEAD_REASONS = {"lead.status_changed": "status", "lead.assigned": "owner", "lead.archived": "archived"}


def on_lead_changed(session: Session, event: Event) -> None:
    """The lead moved on, changed hands or was deleted: what we had to say is out of date."""
    _stop_lead(session, event.subject_id, _LEAD_REASONS[event.type])


def on_lead_updated(session: Session, event: Event) -> None:
    """An opt-out or a new address ends the sequence; other changes do not."""
    if not {"email_opt_out", "email"} & set(event.data.get("fields", ())):
        return
    lead = session.get_one(Lead, event.subject_id)
    if lead.email_opt_out:
        _stop_lead(session, lead.id, "opt_out", Status.SUPPRESSED)
    elif "email" in event.data["fields"]:
        _stop_lead(session, lead.id, "address")


def on_contact_made(session: Session, event: Event) -> None:
    """Somebody was in touch with the lead or the person; our own automatic mails do not count."""
    lead_id, contact_id = event.data.get("lead_id"), event.data.get("contact_id")
    if lead_id is None and contact_id is None:
        return
    origin = session.scalar(sa.select(Activity.external_system).where(Activity.id == event.subject_id))
    if origin == SYSTEM_NAME:
        return
    if lead_id is not None:
        _stop_lead(session, _uuid(lead_id), "contact")
    if contact_id is not None:
        _stop_contact(session, _uuid(contact_id), "contact")


def on_contact_archived(session: Session, event: Event) -> None:
    """The person was deleted, or is not there any more."""
    _stop_contact(session, event.subject_id, "archived")


def on_contact_updated(session: Session, event: Event) -> None:
    """An opt-out, a new address or a person who has left ends the sequence; other changes do not."""
    changed = {"email_opt_out", "email", "is_active"} & set(event.data.get("fields", ()))
    contact = session.get(Contact, event.subject_id) if changed else None
    if contact is None:
        return
    if contact.email_opt_out:
        _stop_contact(session, contact.id, "opt_out", Status.SUPPRESSED)
    elif not contact.is_active:
        _stop_contact(session, contact.id, "archived")
    elif "email" in changed:
        _stop_contact(session, contact.id, "address")


def on_reply(session: Session, event: Event) -> None:
    """The person answered: a human takes over."""
    service.stop(
        session, session.scalars(queries.live_at_address(event.data["sender"])).all(), reason="reply"
    )
    if event.data.get("lead_id"):
        _stop_lead(session, _uuid(event.data["lead_id"]), "reply")


def on_suppressed(session: Session, event: Event) -> None:
    """The address is kept out from now on."""
    reason = "bounce" if event.data["reason"] == "bounce" else "opt_out"
    found = session.scalars(queries.live_at_address(event.data["address"])).all()
    service.stop(session, found, reason=reason, status=Status.SUPPRESSED)


def on_away(session: Session, event: Event) -> None:
    """An out-of-office is no answer: rest for three days of work, then go on."""
    until = days_off(session, since=organisation.today(session)).later(clock.now(), AWAY_DAYS)
    service.pause(session, session.scalars(queries.live_at_address(event.data["sender"])).all(), until=until)


def on_sent(session: Session, event: Event) -> None:
    """A step has left: plan the next one in the transaction that closes this one."""
    if event.data["purpose"] != service.PURPOSE or event.data["source_id"] is None:
        return
    enrolment = session.get(Enrolment, _uuid(event.data["source_id"]), with_for_update=True)
    if enrolment is not None:
        service.advance(session, enrolment, sent_step=event.data["source_step"])


def on_discarded(session: Session, event: Event) -> None:
    """Somebody gave a step up by hand, and with it the sequence."""
    enrolment = (
        session.get(Enrolment, _uuid(event.data["source_id"])) if event.data.get("source_id") else None
    )
    if enrolment is not None and enrolment.is_live:
        service.stop(session, [enrolment], reason="manual")


def _stop_lead(session: Session, lead_id: UUID, reason: str, status: Status = Status.CANCELLED) -> None:
    service.stop(session, session.scalars(queries.live_of_lead(lead_id)).all(), reason=reason, status=status)


def _stop_contact(session: Session, contact_id: UUID, reason: str, status: Status = Status.CANCELLED) -> None:
    found = session.scalars(queries.live_of_contact(contact_id)).all()
    service.stop(session, found, reason=reason, status=status)


def _uuid(value: UUID | str) -> UUID:
    return value if isinstance(value, UUID) else UUID(value)
