"""Dry runs: the whole work with every reaction to it, in a transaction that is rolled back.

Nothing is kept and no number is taken; the answer says what it would have been, and what would follow.
"""

from collections.abc import Callable, Collection
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.audit.models import AuditEntry
from crm_api.events.models import EventRow
from crm_api.events.service import react

Foresight = Callable[[Session, Collection[UUID]], list[dict[str, Any]]]
_foresights: dict[str, Foresight] = {}


class RolledBack(Exception):
    """Ends the transaction of a dry run and carries what it found."""

    def __init__(self, answer: Any) -> None:
        super().__init__("this was a rehearsal")
        self.answer = answer


def foresee(**foresights: Foresight) -> None:
    """Register what tells, from the events of a transaction, what would follow: under its name in the answer."""
    _foresights.update(foresights)


def begin(session: Session) -> None:
    """Make the running transaction a rehearsal: numbers are made up, and its events are noted."""
    session.info["rehearsal"] = True


def consequences(session: Session) -> dict[str, Any]:
    """What the work of this transaction has brought about, and what would follow it after the commit."""
    session.flush()
    change_set = session.info.get("change_set")
    mine = EventRow.id.in_(session.info.get("events", ()))
    react(session, session.scalars(sa.select(EventRow).where(mine).order_by(EventRow.id)).all())
    ids = list(session.info.get("events", ()))
    told = sa.select(EventRow.type, EventRow.kind, EventRow.subject_id).where(EventRow.id.in_(ids))
    changed = sa.select(
        AuditEntry.action, AuditEntry.kind, AuditEntry.record_id, AuditEntry.before, AuditEntry.after
    ).where(AuditEntry.change_set_id == change_set)
    return {
        "changes": [dict(row) for row in session.execute(changed.order_by(AuditEntry.id)).mappings()],
        "events": [dict(row) for row in session.execute(told.order_by(EventRow.id)).mappings()],
        **{name: foresight(session, ids) for name, foresight in _foresights.items()},
    }
