"""Writing many contacts at once, for imports and the demo company."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api import audit
from crm_api.accounts.bulk import with_e164
from crm_api.contacts.models import Contact, ContactStats
from crm_api.core.ids import new_id

Row = dict[str, Any]


def insert(session: Session, rows: Sequence[Row]) -> list[UUID]:
    """New contacts from complete, valid rows; returns their ids in order."""
    ids = audit.bulk_insert(session, Contact, [with_e164(row, "phone", "mobile") for row in rows])
    if ids:
        session.execute(
            sa.insert(ContactStats), [{"id": new_id(), "contact_id": contact_id} for contact_id in ids]
        )
    return ids


def update(session: Session, rows: Sequence[Row]) -> int:
    """Change contacts: rows with `id` and what to set. Returns how many really changed."""
    return audit.bulk_update(session, Contact, [with_e164(row, "phone", "mobile") for row in rows])
