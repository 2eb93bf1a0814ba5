"""Who is told of which event. Run by the relay: once an event, after it is certain.

Nobody is told of what they did themselves, nor of what an import, a handover or a revert brought along.
"""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.access import actor_of, visible
from crm_api.activities.models import Activity
from crm_api.core.fields import CATALOGUES
from crm_api.events import Event
from crm_api.notifications.mentions import Person, mentioned
from crm_api.notifications.service import News, name_of, tell, who_did
from crm_api.organisation.service import zone
from crm_api.pipelines.models import Stage
from crm_api.users.models import Team, User


def on_assigned(session: Session, event: Event) -> None:
    """Who got a record is told by whom."""
    actor_id = who_did(session, event)
    if actor_id is None or event.data.get("quiet"):
        return
    kind = _word(session, event)
    summary = f"{name_of(session, actor_id)} gave you the {kind} “{_label(session, event)}”"
    tell(session, [_unless(event.owner_id, actor_id)], _news("assignment", event, summary, actor_id))


def on_stage_changed(session: Session, event: Event) -> None:
    """The owner is told where somebody else moved their lead or deal."""
    actor_id = who_did(session, event)
    if actor_id is None:
        return
    stage = session.get(Stage, UUID(str(event.data["after"])))
    where = stage.name if stage else "another stage"
    summary = f"{name_of(session, actor_id)} moved “{_label(session, event)}” to {where}"
    tell(session, [_unless(event.owner_id, actor_id)], _news("stage_change", event, summary, actor_id))


def on_mentioned(session: Session, event: Event) -> None:
    """Those whose name stands behind an @ in a note are told, where they may read the note."""
    note, actor_id = session.get(Activity, event.subject_id), who_did(session, event)
    if note is None or note.is_archived or actor_id is None:
        return
    people = [
        Person(*row)
        for row in session.execute(sa.select(User.id, User.name, User.email).where(User.is_active))
    ]
    found = mentioned(f"{note.subject}\n{note.description or ''}", people) - {actor_id}
    readers = [user_id for user_id in sorted(found) if _may_read(session, user_id, note)]
    summary = f"{name_of(session, actor_id)} mentioned you: {note.subject}"
    news = News("mention", f"mention:{note.id}", "activity", note.id, summary, actor_id)
    tell(session, readers, news)


def on_approval_requested(session: Session, event: Event) -> None:
    """Whoever decides is told: the owner's manager, else the team's, else the administrators."""
    actor_id = who_did(session, event)
    if actor_id is None:
        return
    summary = f"{name_of(session, actor_id)} asks you to approve “{_label(session, event)}”"
    deciding = [user_id for user_id in _deciders(session, event) if user_id != actor_id]
    tell(session, deciding, _news("approval", event, summary, actor_id))


def on_approval_decided(session: Session, event: Event) -> None:
    """The owner is told what was decided."""
    actor_id = who_did(session, event)
    if actor_id is None:
        return
    verdict = event.type.rpartition("_")[2]
    summary = f"{name_of(session, actor_id)} {verdict} “{_label(session, event)}”"
    tell(session, [_unless(event.owner_id, actor_id)], _news("approval", event, summary, actor_id))


def _unless(user_id: UUID | None, actor_id: UUID) -> UUID | None:
    return None if user_id == actor_id else user_id


def _news(type_: str, event: Event, summary: str, actor_id: UUID) -> News:
    return News(type_, f"{type_}:{event.id}", event.kind, event.subject_id, summary, actor_id)


def _word(session: Session, event: Event) -> str:
    return str(event.data.get("activity_type") or event.kind).replace("_", " ")


def _label(session: Session, event: Event) -> str:
    """What people call the record: its name rather than its number."""
    catalogue = CATALOGUES[event.kind]
    named = (catalogue.field(name) for name in ("full_name", "name", catalogue.label))
    field = next(found for found in named if found is not None)
    found = session.scalar(sa.select(field.column).where(catalogue.model.id == event.subject_id))
    return str(found or event.kind)


def _may_read(session: Session, user_id: UUID, note: Activity) -> bool:
    reader = actor_of(session, session.get_one(User, user_id), organisation_zone=zone(session))
    seen = sa.select(Activity.id).where(Activity.id == note.id, visible("activity", reader))
    return session.scalar(seen) is not None


def _deciders(session: Session, event: Event) -> Iterable[UUID]:
    managers: list[Any] = [sa.select(User.manager_id).where(User.id == event.owner_id)]
    managers.append(sa.select(Team.manager_id).where(Team.id == event.team_id))
    for statement in managers:
        found = session.scalar(
            sa.select(User.id).where(User.id == statement.scalar_subquery(), User.is_active)
        )
        if found is not None:
            return [found]
    return session.scalars(sa.select(User.id).where(User.role == "administrator", User.is_active)).all()
