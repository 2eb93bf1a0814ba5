"""`DELETE …?hard=true`: the routes of every kind of record ask here, the room `privacy` above them does it."""

from typing import Annotated, Protocol
from uuid import UUID

from fastapi import Query
from sqlalchemy.orm import Session

from crm_api.access import Actor

Hard = Annotated[
    bool,
    Query(
        description="Erase it for good, with its traces and all that hangs on it alone; for administrators."
    ),
]


class Eraser(Protocol):
    """Deletes one record for good."""

    def __call__(
        self, session: Session, actor: Actor, *, kind: str, record_id: UUID, if_match: int | None
    ) -> None: ...


_erasers: list[Eraser] = []


def erase_with(eraser: Eraser) -> None:
    """Register what erases records; called once at start-up."""
    _erasers[:] = [eraser]


def erase(session: Session, actor: Actor, *, kind: str, record_id: UUID, if_match: int | None) -> None:
    """Delete one record for good. Raises NotAllowed for all but administrators, NotFound, Stale, Conflict."""
    (eraser,) = _erasers
    eraser(session, actor, kind=kind, record_id=record_id, if_match=if_match)
