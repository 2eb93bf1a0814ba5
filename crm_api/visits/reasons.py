"""Why a call is not in a plan: told by trying it, in every finished day it could be on."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from importlib.util import find_spec

from crm_api.visits.engines.moves import Slots
from crm_api.visits.horizon import Horizon, Orders
from crm_api.visits.schedule import Broken, Day, time_day


class Why(StrEnum):
    """Why a stop is not in the plan."""

    NO_COORDINATES = "no_coordinates"
    CLOSED = "closed"  # not open at all that day, or on none of the days
    SHORT_HOURS = "short_hours"  # open, but never as long as the visit takes
    OFF_SHIFT = "off_shift"  # open, but not when the rep could be there
    NO_ROAD = "no_road"
    TOO_FAR = "too_far"  # there and back does not fit into the shift
    WORTH_LESS = "worth_less"  # fits only in place of a visit worth at least as much
    NO_TIME = "no_time"  # fits neither beside nor in place of any one visit
    TOO_SOON = "too_soon"  # another visit to the same dealer lies too near
    VISITED_RECENTLY = "visited_recently"
    PLANNED_ELSEWHERE = "planned_elsewhere"  # on an accepted plan of these days already
    NOT_CONSIDERED = "not_considered"  # too many candidates: others are worth more for their distance


# Of the reasons that different days give, the one that comes nearest to a visit is told.
_NEAREST = (
    Why.WORTH_LESS, Why.NO_TIME, Why.TOO_SOON, Why.TOO_FAR, Why.NO_ROAD, Why.OFF_SHIFT, Why.SHORT_HOURS, Why.CLOSED,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A call that is not in the plan; `instead_of` is the visit it would have pushed out, on tour `tour`."""

    key: str
    why: Why
    instead_of: str | None = None
    tour: int | None = None


@dataclass(frozen=True)
class _Trial:
    """A tour without one of its visits."""

    tour: int
    dropped: int
    slots: Slots


def explain(horizon: Horizon, orders: Orders, calls: Iterable[int] | None = None) -> tuple[LeftOut, ...]:
    """The reason of every call (or of `calls`) that is on no tour, found by real trial insertions.

    A call worth more than a visit it could replace does not occur in a polished plan. In one that was kept as it
    was (on slower roads, or by hand) it may, and the visit is named all the same: that is what it would cost.
    """
    held = {index: tour for tour, order in enumerate(orders) for index in order}
    wanted = [i for i in (range(len(horizon.calls)) if calls is None else calls) if i not in held]
    instead = _would_push_out(horizon, orders, held, wanted)
    return tuple(instead.get(index) or _impossible(horizon, index, held) for index in wanted)


def _would_push_out(
    horizon: Horizon, orders: Orders, held: dict[int, int], wanted: list[int]
) -> dict[int, LeftOut]:
    """Try each call in place of every visit, the least valuable first; the first that makes room is the answer."""
    by_value = sorted(held, key=lambda i: (horizon.calls[i].must, horizon.calls[i].value, i))
    found: dict[int, LeftOut] = {}
    fits = _fitter(horizon)
    for dropped in by_value:
        tour = held[dropped]
        left = [index for index in wanted if index not in found and _open(horizon, index, tour)]
        if not left:
            continue
        slots = Slots(horizon.day(tour), [i for i in orders[tour] if i != dropped])
        for index in fits(tour, slots, left):
            others = ((o, held[o]) for o in horizon.siblings(index) if o in held and o != dropped)
            if all(horizon.apart(index, tour, other, at) for other, at in others):
                keys = horizon.calls[index].key, horizon.calls[dropped].key
                found[index] = LeftOut(keys[0], Why.WORTH_LESS, keys[1], tour)
    return found


def _fitter(horizon: Horizon) -> Callable[[int, Slots, list[int]], list[int]]:
    """Which calls fit somewhere into a tour: on arrays where NumPy is there, else one by one."""
    if find_spec("numpy") is None:
        return lambda tour, slots, calls: [
            index for index in calls if slots.best(horizon.day(tour).stops[index]) is not None
        ]
    import numpy as np

    from crm_api.visits.engines.offers import Tables, offers

    tables = Tables(horizon)

    def on_arrays(tour: int, slots: Slots, calls: list[int]) -> list[int]:
        cost = offers(tables, tour, slots, np.array(calls)).cost
        return [index for index, one in zip(calls, cost.tolist(), strict=True) if math.isfinite(one)]

    return on_arrays


def _open(horizon: Horizon, index: int, tour: int) -> bool:
    stop = horizon.calls[index].stops[tour]
    return stop is not None and bool(stop.starts)


def _impossible(horizon: Horizon, index: int, held: dict[int, int]) -> LeftOut:
    """No single visit would have to go: what stands in the way is the same on an empty day, or there is no time."""
    call = horizon.calls[index]
    others = [(other, held[other]) for other in horizon.siblings(index) if other in held]
    found = {
        _on(horizon.day(tour), index, near=any(not horizon.apart(index, tour, o, at) for o, at in others))
        for tour in range(len(horizon.tours))
        if call.stops[tour] is not None
    }
    return LeftOut(call.key, next((why for why in _NEAREST if why in found), Why.CLOSED))


def _on(day: Day, index: int, *, near: bool) -> Why:
    """Why a call is not on this day, though it may have it for itself."""
    stop = day.stops[index]
    if not stop.starts:
        return Why.SHORT_HOURS if stop.windows else Why.CLOSED
    broken = {violation.rule for violation in time_day(day, (index,)).violations}
    if not broken:
        return Why.TOO_SOON if near else Why.NO_TIME
    if Broken.NO_ROAD in broken:
        return Why.NO_ROAD
    if Broken.TOO_MANY in broken:
        return Why.NO_TIME
    open_in_shift = any(
        window.opens + stop.service <= day.shift.end and window.closes >= day.shift.start
        for window in stop.starts
    )
    return Why.TOO_FAR if open_in_shift else Why.OFF_SHIFT
