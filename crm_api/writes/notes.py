"""Notes on records: `notes` in any body appends one. A note is an activity, and activities are a room above all that
they hang on; so the room that keeps them puts itself here at start-up, and the records ask here.
"""

from typing import Any, Protocol
from uuid import UUID

from sqlalchemy.orm import Session

from crm_api.access import Actor


class Keeper(Protocol):
    """Where notes are kept."""

    def append(self, session: Session, actor: Actor, *, kind: str, record_id: UUID, text: str) -> None:
        """Add a note by the actor, now."""

    def of(self, session: Session, kind: str, record_id: UUID) -> list[dict[str, Any]]:
        """The notes on a record, oldest first: id, text, author_id, at."""


_keepers: list[Keeper] = []


def keep_with(keeper: Keeper) -> None:
    """Register where notes are kept; called once at start-up."""
    _keepers[:] = [keeper]


def append(session: Session, actor: Actor, *, kind: str, record_id: UUID, text: str | None) -> None:
    """Add a note to a record, unless there is nothing to say."""
    if text:
        _keepers[0].append(session, actor, kind=kind, record_id=record_id, text=text)


def of(session: Session, kind: str, record_id: UUID) -> list[dict[str, Any]]:
    """The notes on a record, oldest first."""
    return _keepers[0].of(session, kind, record_id)
