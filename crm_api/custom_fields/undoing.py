"""Definitions on their way back to what they were before a change set."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from crm_api.audit.undoing import Back, Refusals
from crm_api.custom_fields import definitions
from crm_api.custom_fields.models import CustomField


def examine(session: Session, actor: Any, backs: Sequence[Back]) -> Refusals:
    """A field whose values are being removed does not come back."""
    for back in backs:
        if back.record.erasing_at is not None:
            yield back, "its values are being removed for good"


def settle(session: Session, actor: Any, backs: Sequence[Back]) -> None:
    """Search follows what the field is now, and so does everybody who knows the definitions."""
    for back in backs:
        field: CustomField = back.record
        if back.changed("searchable") or (field.searchable and back.move is not None):
            field.reindexing = True
    session.flush()
    definitions.changing(session)
