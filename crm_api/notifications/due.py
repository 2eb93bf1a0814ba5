"""What has come due: reminders of tasks, follow-ups that were promised.

A row found again after it was told has a notification for that very time; moving it to another time makes it news
again. What came due more than a week ago while nobody looked is no news any more.
"""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.activities.models import Activity
from crm_api.core import clock
from crm_api.leads.models import Lead
from crm_api.notifications.models import Notification
from crm_api.notifications.service import News, tell
from crm_api.users.models import User

LATEST = timedelta(days=7)
SLICE = 100


def remind(session: Session) -> int:
    """Tell the owners of what came due, up to 100 of each sort; returns how many rows were found."""
    now = clock.now()
    return _tasks(session, now) + _follow_ups(session, now) + _leads(session, now)


def _tasks(session: Session, now: datetime) -> int:
    statement = _due(Activity, Activity.remind_at, "reminder", now).where(
        Activity.completed_at.is_(None), Activity.status.in_(("scheduled", "in_progress"))
    )
    return _tell(session, statement, "reminder", "activity", "Reminder: {}")


def _follow_ups(session: Session, now: datetime) -> int:
    statement = _due(Activity, Activity.follow_up_due, "follow_up", now).where(
        Activity.follow_up_date.is_not(None)
    )
    return _tell(session, statement, "follow_up", "activity", "Follow up: {}")


def _leads(session: Session, now: datetime) -> int:
    """The dates that people set on leads themselves."""
    statement = _due(Lead, Lead.next_follow_up_date, "follow_up", now).where(
        Lead.status.not_in(("converted", "lost"))
    )
    return _tell(session, statement, "follow_up", "lead", "Follow up with {}")


def _due(model: Any, at: Any, type_: str, now: datetime) -> sa.Select[Any]:
    label = Activity.subject if model is Activity else Lead.title
    told = sa.exists().where(
        Notification.record_id == model.id, Notification.type == type_, Notification.due_at == at
    )
    return (
        sa.select(model.id, model.owner_id, label.label("label"), at.label("at"))
        .join(User, User.id == model.owner_id)
        .where(at <= now, at > now - LATEST, model.archived_at.is_(None), User.is_active, ~told)
        .order_by(at, model.id)
        .limit(SLICE)
    )


def _tell(session: Session, statement: sa.Select[Any], type_: str, kind: str, sentence: str) -> int:
    found = session.execute(statement).all()
    told = 0
    for row in found:
        key = f"{type_}:{row.id}:{row.at.isoformat()}"
        news = News(type_, key, kind, row.id, sentence.format(row.label), due_at=row.at)
        told += tell(session, [row.owner_id], news)
    return told
