"""A hand-over of any size: small transactions under one change set, so that nobody waits for it."""

from collections import Counter
from collections.abc import Callable
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from crm_api.access import Actor
from crm_api.core import context
from crm_api.core.database import Database
from crm_api.core.errors import Conflict
from crm_api.handovers import service
from crm_api.handovers.schemas import HandoverIn
from crm_api.handovers.service import Tally

ROUNDS = 3  # over what came in while the rest was moved
Keep = Callable[[Session, dict[str, Any]], None]


async def hand_over(
    db: Database, actor: Actor, *, user_id: UUID, data: HandoverIn, keep: Keep
) -> dict[str, Any]:
    """Move everything, then close the door; `keep` is given the result in the transaction that does.

    Cut off anywhere, it is finished by asking for it again. Raises as `service.begin`, and Conflict where
    somebody goes on giving the user records meanwhile.
    """
    steps, others = await db.read(service.begin, actor, user_id=user_id, data=data)
    tally = Tally(user_id, others, Counter())
    with context.working(label="hand-over"):
        for _ in range(ROUNDS - 1):
            await _move(db, actor, steps, tally, data)
            try:
                return await db.write(_finished, actor, tally, data, keep)
            except Conflict as conflict:
                if "owned" not in conflict.extra:
                    raise
        await _move(db, actor, steps, tally, data)
        return await db.write(_finished, actor, tally, data, keep)


async def _move(
    db: Database, actor: Actor, steps: list[service.Step], tally: Tally, data: HandoverIn
) -> None:
    for step in steps:
        more = True
        while more:
            count, change_set_id = await db.write(
                service.move, actor, step, tally=tally, closed=data.include_closed
            )
            # Counted only here, after the commit.
            tally.count(step, count, change_set_id)
            more = count == service.SLICE


def _finished(session: Session, actor: Actor, tally: Tally, data: HandoverIn, keep: Keep) -> dict[str, Any]:
    result = service.finish(session, actor, tally=tally, data=data)
    keep(session, result)
    return result
