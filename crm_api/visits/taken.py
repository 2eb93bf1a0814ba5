"""What only the connected calendars know: the times at which somebody is not free. Asked for before a plan is made.

Nothing but times is asked for: whose meeting it is and what it is about stays in the calendar.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from crm_api.access import Actor
from crm_api.core.database import Database
from crm_api.ports import BusyTime, Calendar, PortFailure
from crm_api.visits.drafts import valuer_of
from crm_api.visits.hours import DayClock
from crm_api.visits.outings import Frame, Taken, crews
from crm_api.visits.schemas import PlanIn, WeekIn

AT_ONCE = 4
PORT_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class _Asked:
    """Whose calendar is to be read, from when to when."""

    user_id: UUID
    name: str
    mailbox: str
    since: datetime
    until: datetime


async def taken(
    db: Database,
    calendar: Calendar | None,
    actor: Actor,
    *,
    data: PlanIn | WeekIn,
    frame: Frame | None = None,
) -> Taken:
    """The taken times of everybody who is to be planned for. A calendar that cannot be read is told in a note.

    Nothing without a connected calendar, or where the plan is not to look into it. Raises what `gather` raises.
    """
    if calendar is None or not data.calendar:
        return Taken()
    asked = await db.read(_asked, actor, data=data, frame=frame or Frame())
    turns = asyncio.Semaphore(AT_ONCE)

    async def one(whose: _Asked) -> Sequence[BusyTime] | str:
        try:
            async with turns, asyncio.timeout(PORT_SECONDS):
                return await calendar.busy(whose.mailbox, since=whose.since, until=whose.until)
        except (PortFailure, TimeoutError) as failure:
            reason = str(failure).rstrip(".") or "no answer in time"
            return (
                f"The calendar of {whose.name} could not be read ({reason}); its meetings are not kept free."
            )

    found = await asyncio.gather(*(one(whose) for whose in asked))
    times = {who.user_id: told for who, told in zip(asked, found, strict=True) if not isinstance(told, str)}
    return Taken(times, tuple(told for told in found if isinstance(told, str)))


def _asked(session: Session, actor: Actor, *, data: PlanIn | WeekIn, frame: Frame) -> list[_Asked]:
    first = DayClock(data.calendar_days[0], actor.time_zone)
    _, wishes = valuer_of(session, first)
    return [
        _Asked(
            crew.rep.user_id,
            crew.rep.name,
            crew.rep.email,
            crew.clocks[0].midnight,
            crew.clocks[-1].next_midnight,
        )
        for crew in crews(session, actor, data, wishes, frame)
        if crew.rep.user_id is not None and crew.rep.email
    ]
