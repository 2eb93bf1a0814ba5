"""When accounts are open on one day, as the planner takes it: own hours, else what is usual for their kind."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy.orm import Session

from crm_api.access import Actor
from crm_api.ports import Coordinates
from crm_api.visits import queries
from crm_api.visits.candidates import by_id
from crm_api.visits.drafts import valuer_of
from crm_api.visits.hours import DayClock

Hours = list[tuple[str, str]]


def opening(
    session: Session, actor: Actor, *, account_ids: Sequence[UUID], day: date, zone: str
) -> dict[UUID, Hours]:
    """Opening windows by account, as (opens, closes) on the wall clock of `zone`; an empty list is a closed day.

    Accounts that the actor may not see, or that nobody has placed on the map, are not in it.
    """
    clock = DayClock(day, zone)
    valuer, _ = valuer_of(session, clock)
    terms = queries.reachable((actor,), territory_id=None, account_type=None)
    # The centre only matters for distances, which nobody asks for here.
    found = by_id(session, actor, valuer, centre=Coordinates(0, 0), ids=account_ids, terms=terms)
    return {
        account_id: [
            (clock.wall(w.opens), clock.wall(w.closes)) for w in candidate.windows(clock, any_day=True)
        ]
        for account_id, candidate in found.items()
    }
