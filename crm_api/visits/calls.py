"""The visits that days could hold: an account's one, or as many as its frequency asks for, each where it may be."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta
from uuid import UUID

from crm_api.visits.candidates import Candidate
from crm_api.visits.horizon import Call
from crm_api.visits.outings import Outing
from crm_api.visits.schedule import Stop, Window
from crm_api.visits.schemas import Appointment, PlanIn, WeekIn

AGAIN = "#"  # separates an account's id from the number of its visit, where one plan holds several


def calls(
    candidate: Candidate,
    node: int,
    outings: Sequence[Outing],
    crew_of: Sequence[int],
    crews: set[int],
    data: PlanIn | WeekIn,
    planned: Mapping[UUID, Collection[date]],
    fixed: set[UUID],
    wanted: set[UUID],
) -> list[Call]:
    """The visits to an account that the days could hold: one, or as many as its frequency asks for."""
    account_id = candidate.account_id
    must = account_id in data.must_see
    stops: list[Stop | None] = []
    known: dict[tuple[Window, ...], Stop] = {}
    agreed: list[int] = []
    for tour, outing in enumerate(outings):
        stop = None
        if crew_of[tour] in crews:
            # A visit agreed with the company is one rep's: the first who may go there.
            stop = _appointed(candidate, node, outing, data.agreed if crew_of[tour] == min(crews) else ())
            if stop is not None:
                agreed.append(tour)
            elif account_id in wanted or _is_time(candidate, outing.clock.day, planned.get(account_id, ())):
                windows = candidate.windows(outing.clock, any_day=must)
                stop = known.setdefault(windows, _stop(candidate, node, windows, must))
        stops.append(stop)
    if agreed:  # an appointment is the visit: on any other day it would be a second one
        return [
            Call(
                _key(account_id, n),
                tuple(stop if at == tour else None for at, stop in enumerate(stops)),
                candidate.worth.points, True, str(account_id), 1,
            )
            for n, tour in enumerate(agreed)
        ]  # fmt: skip
    span = outings[-1].clock.day - outings[0].clock.day + timedelta(days=1)
    times = 1 if must else max(1, -(-span.days // candidate.every))
    return [
        Call(
            _key(account_id, n), tuple(stops), candidate.worth.points, must, str(account_id), candidate.every
        )
        for n in range(times)
    ]


def far_from(day: date, planned: Collection[date], every: int) -> bool:
    """Whether no visit planned elsewhere lies within `every` days of this one."""
    return all(abs((day - other).days) >= max(1, every) for other in planned)


def _key(account_id: UUID, number: int) -> str:
    return f"{account_id}{AGAIN}{number + 1}" if number else str(account_id)


def _is_time(candidate: Candidate, day: date, planned: Collection[date]) -> bool:
    early = candidate.not_before is not None and day < candidate.not_before
    return not early and far_from(day, planned, candidate.every)


def _stop(candidate: Candidate, node: int, windows: tuple[Window, ...], must: bool) -> Stop:
    return Stop(
        str(candidate.account_id),
        node,
        candidate.minutes * 60,
        windows,
        value=candidate.worth.points,
        must=must,
    )


def _appointed(
    candidate: Candidate, node: int, outing: Outing, agreed: Sequence[tuple[date, Appointment]]
) -> Stop | None:
    """The visit agreed for this day, in the request or in the rep's calendar."""
    clock, held = outing.clock, outing.agenda.at_accounts.get(candidate.account_id)
    for day, wish in agreed:
        if day == clock.day and wish.account_id == candidate.account_id:
            at, minutes = clock.seconds(wish.at), wish.minutes or candidate.minutes
            break
    else:
        if held is None:
            return None
        at, minutes = clock.less_busy(held.starts), held.minutes
    return Stop(
        str(candidate.account_id), node, minutes * 60, candidate.windows(clock, any_day=True),
        appointment=at, value=candidate.worth.points, must=True,
    )  # fmt: skip
