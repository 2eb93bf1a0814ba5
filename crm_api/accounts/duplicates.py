"""Which account a new one probably is already."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from crm_api.access import Actor, visible
from crm_api.accounts.models import Account
from crm_api.matching import duplicates
from crm_api.matching.duplicates import Match, Place
from crm_api.matching.names import company_key, domain_of
from crm_api.matching.phones import comparable


def place(actor: Actor) -> Place:
    """Where accounts are looked for."""
    return Place(
        "account", Account.id, Account.name, Account.number, Account.owner_id,
        visible("account", actor), Account.archived_at.is_(None),
        {"phone": (Account.phone_e164,), "company": (Account.company_key,), "domain": (Account.domain_key,)},
    )  # fmt: skip


def keys_of(values: Mapping[str, Any]) -> dict[str, str | None]:
    """What an account of these values is recognised by."""
    return {
        "phone": comparable(values, "phone"),
        "company": company_key(values.get("name")),
        "domain": domain_of(values.get("website"), values.get("email")),
    }


def of_values(session: Session, actor: Actor, values: Mapping[str, Any]) -> list[Match]:
    """The accounts that one of these values probably is, the surest first; one statement."""
    return duplicates.find(session, actor, (place,), keys_of(values))
