"""Who a new lead probably is already: another lead, a contact, an account."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from crm_api.access import Actor, visible
from crm_api.accounts import duplicates as accounts
from crm_api.contacts import duplicates as contacts
from crm_api.core.errors import Conflict
from crm_api.core.text import fold
from crm_api.leads.models import Lead
from crm_api.matching import duplicates
from crm_api.matching.duplicates import Match, Place
from crm_api.matching.names import company_key, domain_of, person_key
from crm_api.matching.phones import comparable

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
        "phone": comparable(values, "phone") or comparable(values, "mobile"),
        "company": company_key(values.get("company_name")),
        "domain": domain_of(values.get("website"), values.get("email")),
        "person": person_key(values.get("first_name"), values.get("last_name")),
    }


def place(actor: Actor) -> Place:
    """Where leads are looked for."""
    return Place(
        "lead", Lead.id, Lead.title, Lead.number, Lead.owner_id,
        visible("lead", actor), Lead.archived_at.is_(None), _LEAD_KEYS,
    )  # fmt: skip


def of_values(
    session: Session, actor: Actor, values: Mapping[str, Any], *, own_id: UUID | None = None
) -> list[Match]:
    """The records that a lead of these values probably is, the surest first; one statement."""
    own = ("lead", own_id) if own_id else None
    places = (place, contacts.place, accounts.place)
    return duplicates.find(session, actor, places, keys_of(values), own=own)


def require_unique_address(matches: Sequence[Match], email: str | None) -> None:
    """Raise Conflict where a live lead has the address; of one that may not be seen, only that it is there."""
    for match in matches:
        if match.kind == "lead" and "email" in match.reasons:
            which = f"{match.number}" if match.seen else "a lead of a colleague"
            told: dict[str, Any] = {"lead_id": match.id} if match.seen else {}
            raise Conflict(f"The address {email} belongs to {which} already.", **told)
