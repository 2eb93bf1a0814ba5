"""What other rooms do to values past the unit of work: find again, write anew, let go; and whether they may return."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.core import search
from crm_api.core.fields import CATALOGUES
from crm_api.custom_fields import definitions
from crm_api.custom_fields.models import CustomField, field_values
from crm_api.custom_fields.values import checked, every, rows_of


def rebuild(session: Session, each: CustomField, ids: Sequence[UUID]) -> None:
    """Bring the search documents of some records up to date."""
    model = CATALOGUES[each.kind].model
    records = list(session.scalars(sa.select(model).where(model.id.in_(ids))))
    search.index_flush(session, records, [])


def why_not(session: Session, kind: str, key: str, value: Any) -> str | None:
    """Why a field cannot hold again what it held once, or None: it may be gone, or another one by now."""
    each = every(session, kind).get(key)
    if each is None or each.is_going:
        return f"its custom field '{key}' is not there any more"
    try:
        if value is not None:
            checked(each, value, value)
    except ValueError as error:
        return f"its custom field '{key}' takes something else by now ({error})"
    return None


def rewrite(session: Session, records: Iterable[Any]) -> None:
    """Write the rows beside some records anew, after their values were changed past the unit of work."""
    for record in records:
        fields = [each.id for each in every(session, record.__kind__).values()]
        held = field_values.c.definition_id.in_(fields) & (field_values.c.record_id == record.id)
        session.execute(sa.delete(field_values).where(held))
        unique = record.archived_at is None
        rows = list(rows_of(session, record.__kind__, record.id, record.custom or {}, unique=unique))
        if rows:
            session.execute(sa.insert(field_values), rows)


def drop_references(session: Session, kind: str, ids: Sequence[UUID]) -> None:
    """Empty the custom fields that point to these records of a kind, as an ordinary change."""
    found = definitions.known(session).by_kind
    pointing = [each for fields in found.values() for each in fields.values() if each.target == kind]
    for each in pointing:
        held = sa.select(field_values.c.record_id).where(
            field_values.c.definition_id == each.id, field_values.c.reference.in_(ids)
        )
        model = CATALOGUES[each.kind].model
        for record in session.scalars(sa.select(model).where(model.id.in_(held))):
            record.custom = {k: v for k, v in record.custom.items() if k != each.key} or None
