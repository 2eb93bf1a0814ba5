"""Targets on their way back to what they were before a change set."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from crm_api import events
from crm_api.audit.undoing import Back
from crm_api.targets.models import Target
from crm_api.targets.service import event


def settle(session: Session, actor: Any, backs: Sequence[Back]) -> None:
    """Tell what happened, as the verbs of a target do."""
    events.record_many(
        session, [event("target.updated" if back.was else "target.created", back.record) for back in backs]
    )


def drop(session: Session, target: Target) -> str | None:
    """A target that was set goes; undoing that sets it again."""
    events.record(session, event("target.deleted", target))
    session.delete(target)
    return None
