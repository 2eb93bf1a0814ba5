"""Finding the records that texts in a file stand for, many at a time."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.accounts.models import Account
from crm_api.activities.models import Activity
from crm_api.contacts.models import Contact
from crm_api.core.text import fold
from crm_api.leads.models import Lead
from crm_api.opportunities.models import Opportunity
from crm_api.orders.models import Order
from crm_api.organisation.models import Territory
from crm_api.products.models import Product
from crm_api.users.models import Team, User

# What a record may be called by besides its external id, the surest first.
CALLED: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "account": (Account, (Account.name_key,)),
    "contact": (Contact, (Contact.email_key,)),
    "user": (User, (User.email_key, User.name_key)),
    "product": (Product, (Product.name_key, sa.func.lower(Product.code))),
    "team": (Team, (Team.name_key,)),
    "territory": (Territory, (Territory.name_key,)),
    "lead": (Lead, (sa.func.lower(Lead.number), Lead.email_key)),
    "opportunity": (Opportunity, (sa.func.lower(Opportunity.number),)),
    "order": (Order, (sa.func.lower(Order.number),)),
    "activity": (Activity, ()),
}
_AT_ONCE = 500


@dataclass(slots=True)
class Found:
    """The ids of texts that stand for one record, and the texts that stand for several."""

    ids: dict[str, UUID] = field(default_factory=dict)
    ambiguous: set[str] = field(default_factory=set)


def find(session: Session, kind: str, system: str, texts: Iterable[str]) -> Found:
    """Look texts up among the live records of `kind`: by external id in `system`, then by name or address."""
    model, names = CALLED[kind]
    wanted, found = list(dict.fromkeys(texts)), Found()
    for start in range(0, len(wanted), _AT_ONCE):
        part = wanted[start : start + _AT_ONCE]
        if hasattr(model, "external_id"):
            statement = sa.select(model.external_id, model.id).where(
                model.external_system == system, model.external_id.in_(part), *_live(model)
            )
            found.ids.update(session.execute(statement).all())
        for column in names:
            missing: dict[str, list[str]] = defaultdict(list)
            for text in part:
                if text not in found.ids and text not in found.ambiguous:
                    missing[fold(text)].append(text)
            if missing:
                _by_name(session, model, column, missing, found)
    return found


def _by_name(session: Session, model: Any, column: Any, missing: dict[str, list[str]], found: Found) -> None:
    by_key: dict[str, list[UUID]] = defaultdict(list)
    statement = sa.select(column, model.id).where(column.in_(list(missing)), *_live(model))
    for key, record_id in session.execute(statement):
        by_key[key].append(record_id)
    for key, ids in by_key.items():
        if len(ids) == 1:
            found.ids.update(dict.fromkeys(missing[key], ids[0]))
        else:
            found.ambiguous.update(missing[key])


def _live(model: Any) -> list[Any]:
    return [model.archived_at.is_(None)] if hasattr(model, "archived_at") else []
