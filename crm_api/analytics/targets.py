"""What was to be won: the monthly targets the asker sees, of one person, of a team, or of all people."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.access import Actor, visible
from crm_api.targets.models import Target


def won_by(
    session: Session,
    actor: Actor,
    key: Any,
    months: Sequence[date],
    *,
    owner_id: UUID | None = None,
    team_id: UUID | None = None,
    of_the_team: bool = False,
) -> dict[Any, int]:
    """Monthly targets of won value in minor units, by a column of Target.

    A team's target is not added to those of its people, who aim at the same deals: `of_the_team` asks for its own.
    """
    statement = sa.select(key, sa.func.sum(Target.amount)).where(
        Target.measure == "won_value",
        Target.period == "month",
        Target.starts_on.in_(months),
        visible("target", actor),
    )
    if owner_id is not None:
        statement = statement.where(Target.user_id == owner_id)
    elif team_id is not None and of_the_team:
        statement = statement.where(Target.team_id == team_id, Target.user_id.is_(None))
    else:
        statement = statement.where(Target.user_id.is_not(None))
        if team_id is not None:
            statement = statement.where(Target.team_id == team_id)
    return {key: int(amount) for key, amount in session.execute(statement.group_by(key))}


def won_by_month(
    session: Session, actor: Actor, months: Sequence[date], *, owner_id: UUID | None = None
) -> dict[date, int]:
    """What was to be won in each month that has a target."""
    return won_by(session, actor, Target.starts_on, months, owner_id=owner_id)


def won(
    session: Session, actor: Actor, months: Sequence[date], *, owner_id: UUID | None = None
) -> int | None:
    """What was to be won in all these months together; None where no target is set."""
    by_month = won_by_month(session, actor, months, owner_id=owner_id) if months else {}
    return sum(by_month.values()) if by_month else None
