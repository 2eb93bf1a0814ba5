"""Telling people, and what they do with it: look, tick off, choose what reaches them how."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.access import Actor
from crm_api.core import clock, dialect
from crm_api.core.errors import NotAllowed, NotFound
from crm_api.core.ids import new_id
from crm_api.core.schemas import changes
from crm_api.events import Event
from crm_api.events.models import EventRow
from crm_api.events.service import undoes
from crm_api.notifications.models import TYPES, Notification, NotificationPreference
from crm_api.notifications.schemas import PreferencesPatch, ReadAll
from crm_api.users.models import User

_MANY_AT_ONCE = ("import", "demo")
SOMEBODY = "Somebody"
LONGEST = 300
KEPT = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class News:
    """What to tell: `key` is the occasion, the same however often it is found. `due_at` is what a reminder is for."""

    type: str
    key: str
    kind: str
    record_id: UUID
    summary: str
    actor_id: UUID | None = None
    due_at: datetime | None = None


def tell(session: Session, user_ids: Iterable[UUID | None], news: News) -> int:
    """Tell people, each as they want it and once; returns how many were new to it. Who has left hears nothing."""
    wanted = sorted({user_id for user_id in user_ids if user_id is not None})
    active = sa.select(User.id).where(User.id.in_(wanted), User.is_active).order_by(User.id)
    told = 0
    for user_id in session.scalars(active).all() if wanted else ():
        channel = _channel(session, user_id, news.type)
        row = {
            **asdict(news), "id": new_id(), "user_id": user_id, "at": clock.now(),
            "summary": news.summary[:LONGEST], "in_app": channel != "off", "by_mail": channel == "email",
        }  # fmt: skip
        told += dialect.insert_if_absent(session, Notification.__table__, row, key=["user_id", "key"])
    return told


def who_did(session: Session, event: Event) -> UUID | None:
    """Who did it, where that is news; None for what came about in bulk or is undone."""
    row = session.get(EventRow, event.id)
    return None if row is None or row.origin in _MANY_AT_ONCE or undoes(event) else row.actor_id


def name_of(session: Session, user_id: UUID) -> str:
    """What a person is called in what others are told."""
    return session.scalar(sa.select(User.name).where(User.id == user_id)) or SOMEBODY


def _channel(session: Session, user_id: UUID, type_: str) -> str:
    preference = sa.select(NotificationPreference.channel).where(
        NotificationPreference.user_id == user_id, NotificationPreference.type == type_
    )
    return session.scalar(preference) or "in_app"


def unread(session: Session, actor: Actor) -> dict[str, Any]:
    """How many the actor has not looked at, in all and by type."""
    counted = (
        sa.select(Notification.type, sa.func.count())
        .where(_own(actor), Notification.read_at.is_(None))
        .group_by(Notification.type)
    )
    by_type: dict[str, int] = dict(session.execute(counted).all())
    return {"unread": sum(by_type.values()), "by_type": {t: by_type.get(t, 0) for t in TYPES}}


def mark(session: Session, actor: Actor, *, notification_id: UUID, read: bool) -> Notification:
    """Tick one off, or put it back among the unread ones."""
    statement = sa.select(Notification).where(Notification.id == notification_id, _own(actor))
    found = session.scalars(statement.with_for_update()).first()
    if found is None:
        raise NotFound(f"There is no notification {notification_id}, or it is not yours to see.")
    if found.is_read != read:
        found.read_at = clock.now() if read else None
    return found


def mark_all(session: Session, actor: Actor, *, data: ReadAll) -> dict[str, int]:
    """Tick off all, those of one type, or those of one record; returns how many were unread."""
    statement = sa.update(Notification).where(_own(actor), Notification.read_at.is_(None))
    if data.type is not None:
        statement = statement.where(Notification.type == data.type)
    if data.record_id is not None:
        statement = statement.where(Notification.record_id == data.record_id)
    done: Any = session.execute(statement.values(read_at=clock.now()))
    return {"marked": done.rowcount}


def preferences(session: Session, actor: Actor) -> dict[str, str]:
    """How each type reaches the actor."""
    chosen = sa.select(NotificationPreference.type, NotificationPreference.channel)
    rows = session.execute(chosen.where(NotificationPreference.user_id == actor.user_id))
    return dict.fromkeys(TYPES, "in_app") | {row.type: row.channel for row in rows}


def choose(session: Session, actor: Actor, *, data: PreferencesPatch) -> dict[str, str]:
    """Set how some types reach the actor; what is not sent, or null, stays as it is."""
    if actor.user_id is None:
        raise NotAllowed("Only a person has preferences.")
    now = clock.now()
    rows = [
        {
            "id": new_id(),
            "user_id": actor.user_id,
            "type": name,
            "channel": channel,
            "created_at": now,
            "updated_at": now,
        }
        for name, channel in sorted(changes(data).items())
        if channel is not None
    ]
    dialect.upsert(
        session, NotificationPreference.__table__, rows,
        key=["user_id", "type"], update=["channel", "updated_at"],
    )  # fmt: skip
    return preferences(session, actor)


def forget_old(session: Session) -> int:
    """Remove what was told three months ago; returns how many."""
    old = sa.select(Notification.id).where(Notification.at < clock.now() - KEPT).limit(1000)
    done: Any = session.execute(
        sa.delete(Notification).where(Notification.id.in_(old)),
        execution_options={"synchronize_session": False},
    )
    return int(done.rowcount)


def _own(actor: Actor) -> sa.ColumnElement[bool]:
    return sa.and_(Notification.user_id == actor.user_id, Notification.in_app)
