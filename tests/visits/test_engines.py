"""The engines: proposals that are good, always the same, and exact about the rules."""

from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_api.visits.engines import merit
from crm_api.visits.engines.exact import MOST_STOPS, ExactEngine
from crm_api.visits.engines.insertion import InsertionEngine
from crm_api.visits.engines.moves import Slots, exchange, fill, polish, shorten
from crm_api.visits.engines.vroom import VroomEngine
from crm_api.visits.horizon import Horizon
from crm_api.visits.schedule import Day, Shift, Stop, Window, earliest_end
from tests.visits.days import HOUR, MINUTE, days, orders, plane_day

calm = settings(max_examples=40)
many = settings(max_examples=100)


def proposed(engine, day):
    """What an engine makes of a single day."""
    (order,) = engine.propose(Horizon.of(day))
    return order


def valid_order(data, day):
    """Some order the timer passes, made by leaving out what does not fit."""
    route: list[int] = []
    for index in data.draw(orders(day)):
        if earliest_end(day, [*route, index]) is not None:
            route.append(index)
    return route if earliest_end(day, route) is not None else None


@many
@given(days(max_stops=7), st.data())
def test_an_insertion_is_judged_in_one_step_as_the_timer_judges_the_whole_day(day, data):
    route = valid_order(data, day)
    if route is None:
        return
    slots = Slots(day, route)
    for index in set(range(len(day.stops))) - set(route):
        for position in range(len(route) + 1):
            trial = [*route[:position], index, *route[position:]]
            fits = slots.fits(day.stops[index], position) and not slots.full
            assert fits == (earliest_end(day, trial) is not None)


@many
@given(days(max_stops=7), st.data())
def test_the_best_insertion_is_the_shortest_of_those_that_fit(day, data):
    route = valid_order(data, day)
    if route is None:
        return
    slots = Slots(day, route)
    for index in set(range(len(day.stops))) - set(route):
        trials = [[*route[:p], index, *route[p:]] for p in range(len(route) + 1)]
        costs = [-merit(day, t)[2] + merit(day, route)[2] for t in trials if earliest_end(day, t) is not None]
        found = slots.best(day.stops[index])
        assert (found[0] if found else None) == min(costs, default=None)


@many
@given(days(max_stops=7), st.data())
def test_no_move_ever_makes_a_valid_day_invalid_or_worse(day, data):
    route = valid_order(data, day)
    if route is None:
        return
    everything = range(len(day.stops))
    for moved in (
        fill(day, route, everything),
        shorten(day, route),
        exchange(day, route, everything) or route,
    ):
        assert earliest_end(day, moved) is not None
        assert merit(day, moved) >= merit(day, route)


@calm
@given(days(max_stops=5))
def test_the_exact_engine_finds_what_trying_every_order_finds(day):
    every = (
        order
        for size in range(len(day.stops) + 1)
        for order in permutations(range(len(day.stops)), size)
        if size == 0 or earliest_end(day, order) is not None
    )
    assert merit(day, proposed(ExactEngine(), day)) == max(merit(day, order) for order in every)


def test_the_exact_engine_refuses_what_it_could_not_finish():
    with pytest.raises(ValueError, match="too many"):
        proposed(ExactEngine(), plane_day(1, MOST_STOPS + 1))


@pytest.mark.parametrize("solver", [VroomEngine(), InsertionEngine()], ids=lambda e: e.name)
@pytest.mark.parametrize("seed", range(3))
def test_an_engine_proposes_the_same_day_every_time_although_any_tour_could_be_driven_backwards(solver, seed):
    day = plane_day(seed, 40)
    assert len({tuple(proposed(solver, day)) for _ in range(8)}) == 1


@pytest.mark.parametrize("seed", range(5))
def test_what_vroom_proposes_passes_the_timer(seed):
    day = plane_day(seed, 40)
    assert earliest_end(day, proposed(VroomEngine(), day)) is not None


@pytest.mark.parametrize("seed", range(5))
def test_the_pure_python_engine_comes_close_to_vroom(seed):
    day = plane_day(seed, 40)
    ours = merit(day, proposed(InsertionEngine(), day))[1]
    theirs = merit(day, polish(day, proposed(VroomEngine(), day)))[1]
    assert ours >= 0.85 * theirs


def test_vroom_plans_nothing_where_nobody_opens():
    day = plane_day(0, 3)
    closed = type(day)(day.shift, tuple(type(s)(s.key, s.node, s.service) for s in day.stops), day.seconds)
    assert proposed(VroomEngine(), closed) == []


def test_the_exact_engine_keeps_the_later_way_that_drives_less():
    line = [0, 10, 20, 30]  # minutes from home, all on one road
    seconds = [[abs(a - b) * MINUTE for b in line] for a in line]
    late, all_day = (Window(40 * MINUTE, 45 * MINUTE),), (Window(0, 5 * HOUR),)
    first, *others = (Stop(f"s{n}", n, 5 * MINUTE, late if n == 1 else all_day) for n in (1, 2, 3))
    # Second stop first and back is sooner at the third, but drives twenty minutes more.
    assert proposed(ExactEngine(), Day(Shift(0, 5 * HOUR), (first, *others), seconds)) in (
        [0, 1, 2],
        [2, 1, 0],
    )


def test_a_visit_is_not_exchanged_for_one_worth_as_much_that_is_further():
    seconds = [[0, 600, 1200], [600, 0, 600], [1200, 600, 0]]
    stops = tuple(Stop(f"s{n}", n, HOUR, (Window(0, 5 * HOUR),), value=5) for n in (1, 2))
    day = Day(Shift(0, 5 * HOUR, max_visits=1), stops, seconds)
    assert exchange(day, [0], [0, 1]) is None
    assert exchange(day, [1], [0, 1]) == [0]
