"""Whom a sequence writes to: a lead, or a person at an account. Who plans, checks and writes need not know which."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from crm_api.accounts.models import Account
from crm_api.contacts.models import Contact
from crm_api.followups.models import Enrolment
from crm_api.leads.models import Lead


@dataclass(frozen=True, slots=True)
class Addressee:
    """A lead or a contact, as far as mails go. `owner_id` is that of a lead, who alone writes to it."""

    name: str
    email: str | None
    email_opt_out: bool
    is_gone: bool
    status: str | None
    owner_id: UUID | None
    account_id: UUID | None
    territory_id: UUID | None
    known: dict[str, Any]


def addressee(session: Session, enrolment: Enrolment) -> Addressee:
    """The one behind an enrolment, as they are now."""
    if enrolment.contact_id is not None:
        return of_contact(session, session.get_one(Contact, enrolment.contact_id))
    return of_lead(session.get_one(Lead, enrolment.lead_id))


def of_lead(lead: Lead) -> Addressee:
    """A lead is written to by its owner, and only as long as it stands where it stood."""
    return Addressee(
        name=lead.contact_name or "", email=lead.email, email_opt_out=lead.email_opt_out,
        is_gone=lead.archived_at is not None, status=lead.status, owner_id=lead.owner_id, account_id=None,
        territory_id=lead.territory_id,
        known={
            "first_name": lead.first_name, "last_name": lead.last_name, "company_name": lead.company_name,
            "title": lead.title, "job_title": lead.job_title, "city": lead.city, "requirements": lead.requirements,
        },
    )  # fmt: skip


def of_contact(session: Session, contact: Contact) -> Addressee:
    """A person at an account is written to by whoever was there, owner or not."""
    account = session.get(Account, contact.account_id) if contact.account_id else None
    return Addressee(
        name=contact.full_name, email=contact.email, email_opt_out=contact.email_opt_out,
        is_gone=contact.archived_at is not None or not contact.is_active, status=None, owner_id=None,
        account_id=contact.account_id, territory_id=account.territory_id if account else None,
        known={
            "first_name": contact.first_name, "last_name": contact.last_name,
            "company_name": account.name if account else None, "title": account.name if account else None,
            "job_title": contact.job_title, "city": contact.city, "requirements": None,
        },
    )  # fmt: skip
