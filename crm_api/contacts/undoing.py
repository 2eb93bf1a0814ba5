"""Contacts on their way back to what they were before a change set."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from crm_api import events
from crm_api.access import Actor
from crm_api.audit.undoing import Back, Refusals
from crm_api.contacts.service import event, require_no_loop
from crm_api.core.errors import Invalid


def examine(session: Session, actor: Actor, backs: Sequence[Back]) -> Refusals:
    """Nobody reports to themselves."""
    for back in backs:
        if back.values.get("reports_to_id") is not None:
            try:
                require_no_loop(session, back.record.id, back.values["reports_to_id"])
            except Invalid:
                yield back, "the contact they reported to reports to them by now"


def settle(session: Session, actor: Actor, backs: Sequence[Back]) -> None:
    """Tell what happened, as the verbs of a contact do."""
    events.record_many(
        session,
        [
            event(session, f"contact.{back.move}d", back.record)
            if back.move
            else event(session, "contact.updated", back.record, fields=back.told)
            for back in backs
        ],
    )
