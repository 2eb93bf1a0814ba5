"""The planner: every plan valid, nothing important lost, every omission explained truthfully."""

from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import given, settings

from crm_api.visits import planner
from crm_api.visits.engines import merit
from crm_api.visits.engines.insertion import InsertionEngine
from crm_api.visits.engines.vroom import VroomEngine
from crm_api.visits.horizon import Horizon
from crm_api.visits.planner import LeftOut, Why, plan
from crm_api.visits.schedule import Day, Stop, Window, earliest_end, time_day
from tests.visits.days import HOUR, MINUTE, days, plane_day
from tests.visits.test_schedule import LUNCH, OPEN, day_of

calm = settings(max_examples=40)
ENGINES = [VroomEngine(), InsertionEngine(), None]


class Proposes:
    """An engine that answers what a test wants to see repaired."""

    name = "stubborn"

    def __init__(self, *order: int) -> None:
        self._order = list(order)

    def propose(self, horizon: Horizon) -> list[list[int]]:
        return [self._order]


def reasons(made: planner.DayPlan) -> dict[str, LeftOut]:
    return {item.key: item for item in made.left_out}


def indices(day: Day, made: planner.DayPlan) -> list[int]:
    where = {stop.key: index for index, stop in enumerate(day.stops)}
    return [where[visit.stop.key] for visit in made.itinerary.visits]


@pytest.mark.parametrize("solver", ENGINES, ids=lambda e: e.name if e else "default")
@calm
@given(day=days(max_stops=10))
def test_every_plan_is_valid_and_accounts_for_every_stop(solver, day):
    made = plan(day, solver)
    visited = [visit.stop.key for visit in made.itinerary.visits]
    assert made.itinerary.valid or (not visited and not time_day(day, []).valid)
    assert sorted([*visited, *reasons(made)]) == sorted(stop.key for stop in day.stops)


@calm
@given(days(max_stops=6))
def test_a_plan_of_up_to_six_stops_is_the_best_there_is(day):
    every = (
        order
        for size in range(1, len(day.stops) + 1)
        for order in permutations(range(len(day.stops)), size)
        if earliest_end(day, order) is not None
    )
    best = max((merit(day, order) for order in every), default=merit(day, []))
    assert merit(day, indices(day, plan(day))) == best


@given(days(max_stops=10, length=120))
def test_the_reason_a_stop_was_left_out_is_true(day):
    made = plan(day)
    route = indices(day, made)
    where = {stop.key: index for index, stop in enumerate(day.stops)}

    def fits(rest: list[int], index: int) -> bool:
        return any(earliest_end(day, [*rest[:p], index, *rest[p:]]) is not None for p in range(len(rest) + 1))

    for item in made.left_out:
        index, stop = where[item.key], day.stops[where[item.key]]
        alone = earliest_end(day, [index]) is not None
        assert not fits(route, index)
        if item.why is Why.WORTH_LESS:
            assert item.instead_of is not None
            victim = day.stops[where[item.instead_of]]
            assert fits([i for i in route if i != where[item.instead_of]], index)
            assert (victim.must, victim.value) >= (stop.must, stop.value)
        elif item.why is Why.NO_TIME:
            assert not any(fits([i for i in route if i != victim], index) for victim in route)
        else:
            assert not alone
        if item.why is Why.CLOSED:
            assert not stop.windows


@pytest.mark.parametrize("stops", [5, 60])
def test_the_same_day_gives_the_same_plan(stops):
    assert plan(plane_day(3, stops)) == plan(plane_day(3, stops))


@pytest.mark.parametrize("seed", range(4))
def test_a_longer_shift_is_never_worth_less(seed):
    values = [plan(plane_day(seed, 30, length=hours * HOUR)).itinerary.value for hours in (5, 7, 9)]
    assert values == sorted(values)


def test_more_than_eight_stops_go_to_vroom():
    assert plan(plane_day(0, 30)).engine == "vroom"


def test_without_pyvroom_the_pure_python_engine_plans(monkeypatch):
    monkeypatch.setattr(planner, "available", lambda: False)
    made = plan(plane_day(0, 30))
    assert made.engine == "insertion"
    assert made.itinerary.valid


def test_a_proposal_that_breaks_the_day_is_repaired_by_dropping_the_least_valuable():
    stops = [Stop(f"s{n}", n, 2 * HOUR, OPEN, value=n) for n in range(1, 6)]
    made = plan(day_of(*stops), Proposes(0, 1, 2, 3, 4))
    assert made.itinerary.valid
    assert [v.stop.value for v in made.itinerary.visits] == [3, 4, 5]


def test_a_proposal_with_strangers_and_repetitions_is_repaired():
    stops = [Stop(f"s{n}", n, HOUR, OPEN) for n in (1, 2)]
    made = plan(day_of(*stops), Proposes(1, 1, 7, -1, 0))
    assert [v.stop.key for v in made.itinerary.visits] == ["s2", "s1"]


def test_a_must_see_stop_pushes_out_any_value():
    stops = [Stop(f"s{n}", n, 2 * HOUR, OPEN, value=90) for n in range(1, 10)]
    must = Stop("must", 10, 2 * HOUR, OPEN, value=1, must=True)
    for engine in (Proposes(0, 1, 2), *ENGINES):
        made = plan(day_of(*stops, must), engine)
        assert "must" in [v.stop.key for v in made.itinerary.visits]


def test_an_appointment_in_the_middle_of_everything_is_kept():
    day = plane_day(5, 40)
    fixed = replace(day.stops[7], appointment=13 * HOUR, must=True, windows=())
    made = plan(replace(day, stops=(*day.stops[:7], fixed, *day.stops[8:])))
    assert [v.starts for v in made.itinerary.visits if v.stop.key == fixed.key] == [13 * HOUR]


def test_must_see_stops_that_exclude_each_other_keep_the_better_one_and_say_so():
    at_nine = Stop("nine", 1, 2 * HOUR, appointment=9 * HOUR, must=True, value=5)
    at_ten = Stop("ten", 2, 2 * HOUR, appointment=10 * HOUR, must=True, value=9)
    made = plan(day_of(at_nine, at_ten))
    assert [v.stop.key for v in made.itinerary.visits] == ["ten"]
    assert reasons(made)["nine"] == LeftOut("nine", Why.WORTH_LESS, instead_of="ten", tour=0)


@pytest.mark.parametrize(
    ("stop", "why"),
    [
        (Stop("x", 1, HOUR), Why.CLOSED),
        (Stop("x", 1, HOUR, (Window(9 * HOUR, 9 * HOUR + 20 * MINUTE),)), Why.SHORT_HOURS),
        (Stop("x", 1, HOUR, (Window(5 * HOUR, 7 * HOUR),)), Why.OFF_SHIFT),
        (Stop("x", 1, HOUR, (Window(18 * HOUR, 22 * HOUR),)), Why.OFF_SHIFT),
        (Stop("x", 1, 9 * HOUR, (Window(0, 24 * HOUR),)), Why.TOO_FAR),
    ],
    ids=["closed", "short hours", "before the shift", "after the shift", "too long"],
)
def test_a_stop_that_no_day_could_hold_says_why(stop, why):
    assert reasons(plan(day_of(stop, lunch=LUNCH)))["x"].why is why


def test_an_island_is_left_out_for_want_of_a_road():
    day = day_of(Stop("x", 1, HOUR, OPEN))
    island = replace(day, seconds=[[0, None], [None, 0]])
    assert reasons(plan(island))["x"].why is Why.NO_ROAD


def test_a_stop_that_is_worth_less_names_the_visit_it_would_push_out():
    stops = [Stop(f"s{n}", n, 7 * HOUR, OPEN, value=n) for n in (1, 2)]
    assert plan(day_of(*stops)).left_out == (LeftOut("s1", Why.WORTH_LESS, instead_of="s2", tour=0),)


def test_a_day_without_stops_is_an_empty_plan():
    made = plan(day_of())
    assert made.itinerary.visits == ()
    assert made.left_out == ()
