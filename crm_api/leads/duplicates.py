"""Who a new lead probably is already: another lead, a contact, an account."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.access import Actor, visible
from crm_api.accounts.models import Account
from crm_api.contacts.models import Contact
from crm_api.core.errors import Conflict
from crm_api.core.text import fold
from crm_api.leads.models import Lead
from crm_api.matching import duplicates
from crm_api.matching.duplicates import Match, Place
from crm_api.matching.names import company_key, domain_of, person_key
from crm_api.matching.phones import e164
from crm_api.users.models import User

_LEAD_KEYS: dict[str, tuple[Any, ...]] = {
    "email": (Lead.email_key,),
    "phone": (Lead.phone_e164,),
    "company": (Lead.company_key,),
    "domain": (Lead.domain_key,),
    "person": (Lead.person_key,),
}


def keys_of(values: Mapping[str, Any]) -> dict[str, str | None]:
    """What a lead of these values is recognised by."""
    return {
        "email": fold(values.get("email")) or None,
        "phone": e164(values.get("phone")) or e164(values.get("mobile")),
        "company": company_key(values.get("company_name")),
        "domain": domain_of(values.get("website"), values.get("email")),
        "person": person_key(values.get("first_name"), values.get("last_name")),
    }


def leads(actor: Actor) -> Place:
    """Where leads are looked for."""
    return Place(
        "lead", Lead.id, Lead.title, Lead.number, Lead.owner_id,
        visible("lead", actor), Lead.archived_at.is_(None), _LEAD_KEYS,
    )  # fmt: skip


def contacts(actor: Actor) -> Place:
    """Where contacts are looked for."""
    label = Contact.first_name + sa.func.coalesce(" " + Contact.last_name, "")
    return Place(
        "contact", Contact.id, label, sa.null(), Contact.owner_id,
        visible("contact", actor), Contact.archived_at.is_(None),
        {"email": (Contact.email_key,), "phone": (Contact.phone_e164, Contact.mobile_e164)},
    )  # fmt: skip


def accounts(actor: Actor) -> Place:
    """Where accounts are looked for."""
    return Place(
        "account", Account.id, Account.name, Account.number, Account.owner_id,
        visible("account", actor), Account.archived_at.is_(None),
        {"phone": (Account.phone_e164,), "company": (Account.company_key,), "domain": (Account.domain_key,)},
    )  # fmt: skip


def of_values(
    session: Session, actor: Actor, values: Mapping[str, Any], *, own_id: UUID | None = None
) -> list[Match]:
    """The records that a lead of these values probably is, the surest first; one statement."""
    own = ("lead", own_id) if own_id else None
    places = [leads(actor), contacts(actor), accounts(actor)]
    return duplicates.find(session, places, keys_of(values), own=own)


def require_unique_address(matches: Sequence[Match], email: str | None) -> None:
    """Raise Conflict where a live lead has the address; of one that may not be seen, only that it is there."""
    for match in matches:
        if match.kind == "lead" and "email" in match.reasons:
            which = f"{match.number}" if match.seen else "a lead of a colleague"
            told: dict[str, Any] = {"lead_id": match.id} if match.seen else {}
            raise Conflict(f"The address {email} belongs to {which} already.", **told)


def told(session: Session, matches: Sequence[Match]) -> list[dict[str, Any]]:
    """Duplicates as an answer shows them; of one that may not be seen, only that it is there and whose it is."""
    owners = {match.owner_id for match in matches} - {None}
    statement = sa.select(User.id, User.name).where(User.id.in_(owners))
    names: dict[UUID | None, str] = dict(session.execute(statement).all()) if owners else {}
    return [
        {
            "kind": match.kind,
            "id": match.id if match.seen else None,
            "number": match.number if match.seen else None,
            "label": match.label if match.seen else None,
            "score": match.score,
            "reasons": list(match.keys),
            "owner_id": match.owner_id,
            "owner": names.get(match.owner_id),
        }
        for match in matches
    ]


def refuse(session: Session, matches: Sequence[Match], what: str) -> None:
    """Raise Conflict telling the records that are there already, if any are."""
    if matches:
        raise Conflict(
            f"There is probably such a {what} already; see possible_duplicates.",
            possible_duplicates=told(session, matches),
        )
