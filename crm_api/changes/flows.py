"""Undoing for real, or in a transaction that is rolled back."""

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from crm_api.access import Actor
from crm_api.changes import service
from crm_api.core.database import Database


class _Rehearsed(Exception):
    """Carries the outcome of a dry run past the rollback."""

    def __init__(self, outcome: dict[str, Any]) -> None:
        self.outcome = outcome


async def revert(db: Database, actor: Actor, *, change_set_id: UUID, dry_run: bool) -> dict[str, Any]:
    """Undo one change set; with `dry_run` only say what that would do. Raises as `service.revert` does."""
    if not dry_run:
        return await db.write(service.revert, actor, change_set_id=change_set_id)

    def rehearse(session: Session) -> None:
        raise _Rehearsed(service.revert(session, actor, change_set_id=change_set_id))

    try:
        await db.write(rehearse)
    except _Rehearsed as done:
        return {**done.outcome, "id": None, "dry_run": True}
    raise AssertionError("a rehearsal always ends in its exception")
