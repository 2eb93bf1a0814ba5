"""Notes are activities of the type note: what other rooms append and read of them."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.access import Actor
from crm_api.activities import service
from crm_api.activities.models import Activity
from crm_api.core import context

SHOWN = 50


class ActivityNotes:
    """The keeper of notes for `writes.notes`."""

    def append(self, session: Session, actor: Actor, *, kind: str, record_id: UUID, text: str) -> None:
        """Log a note on a record. Its subject is the first line, shortened."""
        subject = (text.strip().splitlines() or ["Note"])[0][:80]
        links: dict[str, UUID | None] = {f"{kind}_id": record_id}
        links.setdefault("account_id", service.account_of(session, links))
        note = Activity(
            activity_type="note",
            subject=subject,
            description=text,
            owner_id=actor.user_id,
            team_id=actor.team_id,
            origin=context.current().origin,
            **{name: linked for name, linked in links.items() if linked is not None},
        )
        # Whoever may change a record may say why, even where the same change takes it out of their sight.
        service.add(session, note, actor_id=actor.user_id)

    def of(self, session: Session, kind: str, record_id: UUID) -> list[dict[str, Any]]:
        """The last notes on a record, oldest first."""
        statement = (
            sa.select(
                Activity.id,
                sa.func.coalesce(Activity.description, Activity.subject).label("text"),
                Activity.owner_id.label("author_id"),
                sa.func.coalesce(Activity.occurred_at, Activity.created_at).label("at"),
            )
            .where(
                getattr(Activity, f"{kind}_id") == record_id,
                Activity.activity_type == "note",
                Activity.archived_at.is_(None),
            )
            .order_by(Activity.created_at.desc(), Activity.id.desc())
            .limit(SHOWN)
        )
        return [dict(row) for row in session.execute(statement).mappings()][::-1]
