"""Several reps planned together: each dealer goes to whoever fits best, and nobody idles while others rush."""

from dataclasses import replace

from crm_api.visits import planner
from crm_api.visits.engines import Engine
from crm_api.visits.engines.vroom import VroomEngine, available
from crm_api.visits.horizon import Horizon
from crm_api.visits.planner import WeekPlan

MANY_TOURS = 20  # from here on VROOM's first level takes seconds, and its next ones minutes
ROUNDS_OF_MANY = 60  # of the search: with so many days a round is dear, and the polish finds most


def plan(horizon: Horizon, *, rounds: int | None = None) -> WeekPlan:
    """One rep's days as `planner.plan_week` plans them; a team's with the work shared out evenly.

    Driving alone would fill one rep's days and leave the neighbour at home. So a day gets no more than an even share
    of the calls at first, and what that leaves out is offered to every day without the limit.
    """
    if len({tour.rep for tour in horizon.tours}) < 2:
        return planner.plan_week(horizon, rounds=rounds)
    if rounds is None and len(horizon.tours) >= MANY_TOURS:
        rounds = ROUNDS_OF_MANY
    shared = planner.plan_week(_shared(horizon), _engine(horizon), rounds=rounds)
    return planner.finish(horizon, planner.improve(horizon, shared.orders, 0), shared.engine)


def _shared(horizon: Horizon) -> Horizon:
    share = max(1, -(-len(horizon.calls) // len(horizon.tours)))
    tours = tuple(
        replace(tour, shift=replace(tour.shift, max_visits=min(share, tour.shift.max_visits or share)))
        for tour in horizon.tours
    )
    return Horizon(tours, horizon.calls, horizon.seconds, horizon.metres)


def _engine(horizon: Horizon) -> Engine | None:
    """The quick level of VROOM for a crowd."""
    return VroomEngine(0) if available() and len(horizon.tours) >= MANY_TOURS else None
