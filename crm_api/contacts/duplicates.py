"""Which contact a new one probably is already."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.access import Actor, visible
from crm_api.contacts.models import Contact
from crm_api.core.text import fold
from crm_api.matching import duplicates
from crm_api.matching.duplicates import Match, Place
from crm_api.matching.phones import comparable


def place(actor: Actor) -> Place:
    """Where contacts are looked for."""
    label = Contact.first_name + sa.func.coalesce(" " + Contact.last_name, "")
    return Place(
        "contact", Contact.id, label, sa.null(), Contact.owner_id,
        visible("contact", actor), Contact.archived_at.is_(None),
        {"email": (Contact.email_key,), "phone": (Contact.phone_e164, Contact.mobile_e164)},
    )  # fmt: skip


def keys_of(values: Mapping[str, Any]) -> dict[str, str | None]:
    """What a contact of these values is recognised by."""
    return {
        "email": fold(values.get("email")) or None,
        "phone": comparable(values, "mobile") or comparable(values, "phone"),
    }


def of_values(session: Session, actor: Actor, values: Mapping[str, Any]) -> list[Match]:
    """The contacts that one of these values probably is, the surest first; one statement."""
    return duplicates.find(session, actor, (place,), keys_of(values))
