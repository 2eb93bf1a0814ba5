"""Converting a lead: into an account that is there, or an account of its own; with its person, and a deal if asked."""

from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.access import Actor
from crm_api.accounts import duplicates as account_duplicates
from crm_api.accounts import service as accounts
from crm_api.accounts.schemas import AccountIn
from crm_api.conditions import records
from crm_api.contacts import service as contacts
from crm_api.contacts.models import Contact
from crm_api.contacts.schemas import ContactIn
from crm_api.core import clock
from crm_api.core.errors import Conflict, Invalid
from crm_api.core.money import to_major
from crm_api.core.schemas import Body
from crm_api.core.text import fold
from crm_api.custom_fields import definitions
from crm_api.events import record
from crm_api.leads.models import Lead
from crm_api.leads.moves import destination, enter, event, require_open
from crm_api.leads.schemas import Convert
from crm_api.matching.duplicates import find
from crm_api.matching.names import company_key, domain_of
from crm_api.opportunities import service as opportunities
from crm_api.opportunities.schemas import OpportunityIn
from crm_api.tags.service import names_on
from crm_api.writes import notes
from crm_api.writes.duplicates import told


def by_id(
    session: Session, actor: Actor, *, lead_id: UUID, data: Convert, if_match: int | None = None
) -> Lead:
    """Convert a lead; raises Conflict where it is converted already, as `convert` does otherwise."""
    lead: Lead = records.get(session, actor, Lead, lead_id, writing=True, if_match=if_match)
    return convert(session, actor, lead, data)


def convert(session: Session, actor: Actor, lead: Lead, data: Convert) -> Lead:
    """Make of a lead what it became, and close it: from then on it is read-only.

    What is known comes along: address and wishes (opt-outs too), tags, budget and requirements, custom fields that
    the other kind has under the same key; its activities follow by `lead.converted`. Raises Conflict, with the
    candidates, where the new account would be one of a name or domain that is there.
    """
    if lead.is_converted:
        raise Conflict("This lead is converted already.", account_id=lead.converted_account_id)
    require_open(lead)
    stage = destination(session, lead, status="converted")
    tags = names_on(session, "lead", [lead.id]).get(lead.id, [])
    account_id, is_new = _account(session, actor, lead, data, tags)
    contact_id = _contact(session, actor, lead, data, tags, account_id, primary=is_new)
    deal_id = _deal(session, actor, lead, data, tags, account_id, contact_id)
    lead.converted_at = clock.now()
    lead.converted_account_id, lead.converted_contact_id = account_id, contact_id
    lead.converted_opportunity_id = deal_id
    enter(session, lead, stage, status="converted")
    notes.append(session, actor, kind="lead", record_id=lead.id, text=data.notes)
    made = {"account_id": account_id, "contact_id": contact_id, "opportunity_id": deal_id}
    record(session, event("lead.converted", lead, **made))
    return lead


def _account(session: Session, actor: Actor, lead: Lead, data: Convert, tags: list[str]) -> tuple[UUID, bool]:
    """The account it joins, or a new one; and whether it is new."""
    if data.account_id is not None:
        if data.create_account:
            raise Invalid.field("create_account", "goes without an account_id")
        records.require_link(session, actor, "account", data.account_id, field="account_id")
        return data.account_id, False
    if data.create_account is False:
        raise Invalid.field("account_id", "name the account, or let one be made")
    name = data.account_name or lead.company_name or lead.contact_name or lead.title
    if not data.allow_duplicate:
        _refuse_twin(session, actor, name, lead)
    account = accounts.create(
        session, actor, data=_body(AccountIn, _account_values(session, lead, name, tags))
    )
    session.flush()
    return account.id, True


def _refuse_twin(session: Session, actor: Actor, name: str, lead: Lead) -> None:
    keys = {"company": company_key(name), "domain": domain_of(lead.website, lead.email)}
    found = find(session, actor, (account_duplicates.place,), keys)
    if found:
        candidates = told(found)
        raise Conflict(
            "An account of that name or domain is there: convert into it with account_id, or send allow_duplicate.",
            candidates=candidates,
        )


def _account_values(session: Session, lead: Lead, name: str, tags: list[str]) -> dict[str, Any]:
    address = {
        f"billing_{part}": getattr(lead, part) for part in ("street", "city", "state", "zip", "country")
    }
    return {
        "name": name,
        "account_type": "customer",
        "industry": lead.industry,
        "rating": lead.rating,
        "website": lead.website,
        "email": lead.email,
        "phone": lead.phone,
        "description": _brief(lead),
        "owner_id": lead.owner_id,
        "territory_id": lead.territory_id,
        "tags": tags,
        "custom_fields": _shared_values(session, lead, "account"),
        **address,
    }


def _contact(
    session: Session,
    actor: Actor,
    lead: Lead,
    data: Convert,
    tags: list[str],
    account_id: UUID,
    *,
    primary: bool,
) -> UUID | None:
    """The contact the person is or becomes; None where nobody is named."""
    if data.contact_id is not None:
        records.require_link(session, actor, "contact", data.contact_id, field="contact_id")
        return data.contact_id
    if not data.create_contact or not (lead.first_name or lead.last_name):
        return None
    known = _known_contact(session, account_id, lead.email)
    if known is not None:
        return known
    values = {
        "first_name": lead.first_name or lead.last_name,
        "last_name": lead.last_name if lead.first_name else None,
        "account_id": account_id,
        "is_primary": primary,
        "owner_id": lead.owner_id,
        "tags": tags,
        "custom_fields": _shared_values(session, lead, "contact"),
    }
    same = "email phone mobile job_title street city state zip country email_opt_out do_not_call".split()
    values |= {name: getattr(lead, name) for name in same}
    contact = contacts.create(session, actor, data=_body(ContactIn, values))
    session.flush()
    return contact.id


def _known_contact(session: Session, account_id: UUID, email: str | None) -> UUID | None:
    """The contact of the account who has this address already."""
    if not email:
        return None
    return session.scalars(
        sa.select(Contact.id).where(
            Contact.email_key == fold(email), Contact.account_id == account_id, Contact.archived_at.is_(None)
        )
    ).first()


def _deal(
    session: Session,
    actor: Actor,
    lead: Lead,
    data: Convert,
    tags: list[str],
    account_id: UUID,
    contact_id: UUID | None,
) -> UUID | None:
    if not data.create_opportunity:
        return None
    values = {
        "name": data.opportunity_name or lead.title,
        "account_id": account_id,
        "contact_id": contact_id,
        "lead_id": lead.id,
        "owner_id": lead.owner_id,
        "priority": lead.priority,
        "estimated_value": _major(lead.estimated_value, lead.currency),
        "currency": lead.currency,
        "expected_close_date": data.expected_close_date or lead.estimated_close_date,
        "started_at": lead.created_at,
        "description": _brief(lead),
        "requirements": lead.requirements,
        "tags": tags,
        "custom_fields": _shared_values(session, lead, "opportunity"),
    }
    deal = opportunities.create(session, actor, data=_body(OpportunityIn, values))
    session.flush()
    return deal.id


def _body(schema: type[Any], values: dict[str, Any]) -> Any:
    """A body of what is known: what is empty here is left to the other kind's defaults."""
    body: Body = schema.model_validate({name: value for name, value in values.items() if value is not None})
    return body


def _brief(lead: Lead) -> str | None:
    """What was found out, as the description of what the lead becomes."""
    told = {
        "Requirements": lead.requirements,
        "Budget": lead.budget and f"{to_major(lead.budget, lead.currency):,} {lead.currency}",
        "Authority": lead.authority,
        "Need": lead.need,
        "Timeline": lead.timeline,
    }
    lines = [f"{title}: {text}" for title, text in told.items() if text]
    return "\n".join(([lead.description] if lead.description else []) + lines)[:20_000] or None


def _shared_values(session: Session, lead: Lead, kind: str) -> dict[str, Any] | None:
    """The lead's custom values for which the other kind has a field of the same key and type."""
    held = lead.custom or {}
    mine, theirs = definitions.live(session, "lead"), definitions.live(session, kind)
    return {
        key: value
        for key, value in held.items()
        if key in mine and key in theirs and mine[key].type == theirs[key].type
    } or None


def _major(minor: int | None, currency: str) -> Decimal | None:
    return None if minor is None else Decimal(str(to_major(minor, currency)))
