"""A hand-over of any size: small transactions under one change set, so that nobody waits for it."""

from collections import Counter
from typing import Any
from uuid import UUID

from crm_api.access import Actor
from crm_api.core import context
from crm_api.core.database import Database
from crm_api.core.errors import Conflict
from crm_api.handovers import service
from crm_api.handovers.schemas import HandoverIn

ROUNDS = 3  # over what came in while the rest was moved


async def hand_over(db: Database, actor: Actor, *, user_id: UUID, data: HandoverIn) -> dict[str, Any]:
    """Move everything, then close the door. Cut off anywhere, it is finished by asking for it again.

    Raises as `service.begin`, and Conflict where somebody goes on giving the user records meanwhile.
    """
    steps, others = await db.read(service.begin, actor, user_id=user_id, data=data)
    moved: Counter[tuple[str, UUID]] = Counter()
    change_set_id: UUID | None = None
    with context.working(label="hand-over"):
        for round_ in range(ROUNDS):
            for step in steps:
                while True:
                    count, change_set_id = await db.write(
                        service.move, actor, step, user_id=user_id, closed=data.include_closed,
                        change_set_id=change_set_id,
                    )  # fmt: skip
                    moved[step.holding.kind, step.successor_id] += count
                    if count < service.SLICE:
                        break
            try:
                is_active = await db.write(
                    service.finish, actor, user_id=user_id, data=data, change_set_id=change_set_id
                )
                break
            except Conflict as conflict:
                if "owned" not in conflict.extra or round_ == ROUNDS - 1:
                    raise
    return {
        "user_id": user_id,
        "moved": service.told(moved),
        "total": moved.total(),
        "others": others,
        "is_active": is_active,
        "change_set_id": change_set_id,
    }
