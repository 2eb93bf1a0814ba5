"""How much each person has to do: one grouped statement over the open tasks that the asker sees."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.access import Actor, visible
from crm_api.activities.models import Activity
from crm_api.core import clock
from crm_api.users.models import User

LATELY = timedelta(days=7)


def by_person(session: Session, actor: Actor) -> dict[str, Any]:
    """The open, overdue, urgent and today's tasks of each person, and what they finished in seven days.

    Today ends at midnight in the asker's own zone; what is due today is not counted as overdue as well.
    """
    now = clock.now()
    here = now.astimezone(ZoneInfo(actor.time_zone))
    tomorrow = (
        (here + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0).astimezone(now.tzinfo)
    )
    is_open = Activity.status.in_(("scheduled", "in_progress"))
    lately = sa.and_(Activity.status == "completed", Activity.completed_at >= now - LATELY)

    def counted(*which: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
        return sa.func.sum(sa.case((sa.and_(*which), 1), else_=0))

    figures = (
        counted(is_open).label("open"),
        counted(is_open, Activity.due_at < now).label("overdue"),
        counted(is_open, Activity.due_at >= now, Activity.due_at < tomorrow).label("due_today"),
        counted(is_open, Activity.priority == "urgent").label("urgent"),
        counted(lately).label("completed_last_7_days"),
    )
    statement = (
        sa.select(Activity.owner_id, User.name.label("owner_name"), *figures)
        .outerjoin(User, User.id == Activity.owner_id)
        .where(
            Activity.activity_type == "task",
            Activity.archived_at.is_(None),
            sa.or_(is_open, lately),
            visible("activity", actor),
        )
        .group_by(Activity.owner_id, User.name)
        .order_by(sa.desc("open"), User.name, Activity.owner_id)
    )
    return {"items": [dict(row) for row in session.execute(statement).mappings()]}
