"""Several days planned together: the exact check, and what every plan keeps whoever proposed it."""

from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm_api.visits import planner, team
from crm_api.visits.engines import pyvrp, week_merit
from crm_api.visits.engines.insertion import InsertionEngine
from crm_api.visits.engines.moves import Slots
from crm_api.visits.engines.offers import Tables, offers
from crm_api.visits.engines.pyvrp import PyvrpEngine
from crm_api.visits.engines.search import Search
from crm_api.visits.engines.vroom import VroomEngine
from crm_api.visits.horizon import Call, Clash, Horizon, Tour, check
from crm_api.visits.planner import plan_week
from crm_api.visits.reasons import Why
from crm_api.visits.schedule import Shift, Stop, Window, earliest_end
from tests.visits.days import HOUR, MINUTE, days, plane_day

calm = settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow])
EVERYTHING = (Window(8 * HOUR, 18 * HOUR),)


@st.composite
def horizons(draw, max_stops: int = 9, max_tours: int = 4) -> Horizon:
    """A few days over the same places; some calls on some days only, some dealers with two calls."""
    day = draw(days(max_stops=max_stops))
    count = draw(st.integers(1, max_tours))
    tours = tuple(Tour(f"day {n}", n * draw(st.integers(1, 3)), day.shift, n % 2) for n in range(count))
    calls = []
    for stop in day.stops:
        on = draw(st.sets(st.integers(0, count - 1), min_size=0 if count > 1 else 1))
        every = draw(st.sampled_from([0, 0, 2, 5]))
        for number in range(draw(st.sampled_from([1, 1, 2]))):
            calls.append(
                Call(
                    f"{stop.key}#{number}", tuple(stop if t in on else None for t in range(count)), stop.value,
                    stop.must, stop.key, every,
                )
            )  # fmt: skip
    return Horizon(tours, tuple(calls), day.seconds, day.metres)


def plane_week(seed: int, stops: int, count: int = 5, *, lunch: bool = True) -> Horizon:
    """A realistic week: dealers strewn over a plane, every third on two days only."""
    day = plane_day(seed, stops, lunch=lunch)
    tours = tuple(Tour(f"day {n}", n, day.shift) for n in range(count))
    calls = tuple(
        Call(
            s.key,
            tuple(s if n % 3 or t in (n % count, (n + 2) % count) else None for t in range(count)),
            s.value,
        )
        for n, s in enumerate(day.stops)
    )
    return Horizon(tours, calls, day.seconds, day.metres)


def one_place(calls: list[Call], *ordinals: int) -> Horizon:
    """Tours on these days, everything in one place."""
    tours = tuple(Tour(str(n), n, Shift(8 * HOUR, 17 * HOUR)) for n in ordinals)
    return Horizon(tours, tuple(calls), [[0, 0], [0, 0]])


def call(key: str, tours: int, dealer: str = "", every: int = 0) -> Call:
    return Call(key, (Stop(dealer or key, 1, HOUR, EVERYTHING),) * tours, 1, dealer=dealer, every=every)


# ── The check ────────────────────────────────────────────────────────────────────────────────────


def test_a_call_on_two_days_is_told():
    found = check(one_place([call("a", 2)], 0, 1), [[0], [0]])
    assert {conflict.clash for conflict in found.conflicts} >= {Clash.TWICE}


@pytest.mark.parametrize(("gap", "valid"), [(6, False), (7, True), (8, True)])
def test_a_dealer_is_seen_again_no_sooner_than_it_wants(gap, valid):
    both = [call("a", 2, "dealer", 7), call("b", 2, "dealer", 7)]
    found = check(one_place(both, 0, gap), [[0], [1]])
    assert found.valid == valid
    assert valid or found.conflicts[0].clash is Clash.TOO_SOON


def test_a_call_on_a_day_it_cannot_be_made_on_is_told():
    only_first = replace(call("a", 2), stops=(call("a", 1).stops[0], None))
    found = check(one_place([only_first], 0, 1), [[], [0]])
    assert Clash.NOT_THERE in {conflict.clash for conflict in found.conflicts}


# ── What every plan keeps ────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "solver", [VroomEngine(), InsertionEngine(), None], ids=lambda e: e.name if e else "default"
)
@calm
@given(horizon=horizons())
def test_every_week_passes_the_check_and_accounts_for_every_call(solver, horizon):
    made = plan_week(horizon, solver, rounds=5)
    empty = check(horizon, [[] for _ in horizon.tours])
    assert made.week.valid or not empty.valid
    planned = [horizon.calls[index].key for order in made.orders for index in order]
    assert sorted([*planned, *(item.key for item in made.left_out)]) == sorted(c.key for c in horizon.calls)


@calm
@given(horizon=horizons())
def test_no_dealer_is_seen_twice_in_the_days_it_wants_between(horizon):
    made = plan_week(horizon, rounds=5)
    seen = [
        (horizon.calls[index].who, horizon.calls[index].every, horizon.tours[tour].day)
        for tour, order in enumerate(made.orders)
        for index in order
    ]
    for (who, every, day), (other, _, later) in combinations(seen, 2):
        assert who != other or abs(day - later) >= max(1, every)


@calm
@given(horizons(), st.data())
def test_taking_a_candidate_away_never_makes_a_plan_invalid(horizon, data):
    made = plan_week(horizon, rounds=5)
    planned = [index for order in made.orders for index in order]
    if not planned or not made.week.valid:
        return
    gone = data.draw(st.sampled_from(planned))
    by_the_way = [[index for index in order if index != gone] for order in made.orders]
    # Straight roads would do; random ones may be longer than the detour, so the rest is planned anew.
    rest = replace(horizon, calls=tuple(c for index, c in enumerate(horizon.calls) if index != gone))
    assert plan_week(rest, rounds=5).week.valid
    assert not check(horizon, by_the_way).conflicts


@calm
@given(horizons())
def test_more_rounds_never_give_less(horizon):
    short, long = (plan_search(horizon, rounds) for rounds in (3, 12))
    assert week_merit(horizon, long) >= week_merit(horizon, short)


def test_a_real_week_never_gets_worse_from_round_to_round():
    horizon = plane_week(0, 40)
    search = Search(horizon, [[] for _ in horizon.tours])
    merits = [week_merit(horizon, search.run(1)) for _ in range(60)]
    assert merits == sorted(merits)


def plan_search(horizon: Horizon, rounds: int) -> list[list[int]]:
    return Search(horizon, [[] for _ in horizon.tours]).run(rounds)


@calm
@given(horizons(max_stops=6))
def test_a_search_only_ever_holds_weeks_that_pass_the_check(horizon):
    search = Search(horizon, [[] for _ in horizon.tours])
    for _ in range(8):
        search.run(1)
        if check(horizon, [[] for _ in horizon.tours]).valid:
            assert check(horizon, [route.order for route in search.routes]).valid
            assert check(horizon, search.best).valid
    if check(horizon, [[] for _ in horizon.tours]).valid:
        assert check(horizon, search.polish()).valid


def test_a_visit_stays_where_the_only_way_home_leads_past_others():
    # From place 1 a road leads to place 2 alone, from there to place 3 alone, and from there home.
    seconds = [[0, 600, 600, 600], [None, 0, 600, None], [None, None, 0, 600], [600, None, None, 0]]
    tours = tuple(Tour(str(n), n, Shift(8 * HOUR, 17 * HOUR)) for n in range(2))
    first, second, third = (Stop(str(node), node, HOUR, EVERYTHING) for node in (1, 2, 3))
    calls = (Call("1", (first, None), 1), Call("2", (second, second), 1), Call("3", (third, third), 1))
    horizon = Horizon(tours, calls, seconds, seconds)
    for seed in range(10):
        search = Search(horizon, [[0, 1, 2], []], seed=seed)
        search.run(5)
        assert check(horizon, [route.order for route in search.routes]).valid
        assert search.best == [[0, 1, 2], []]


@calm
@given(days(max_stops=8), st.data())
def test_insertions_on_arrays_are_those_tried_one_by_one(day, data):
    route: list[int] = []
    for index in data.draw(
        st.lists(st.sampled_from(range(len(day.stops))), unique=True) if day.stops else st.just([])
    ):
        if earliest_end(day, [*route, index]) is not None:
            route.append(index)
    if earliest_end(day, route) is None:
        return
    horizon, slots = Horizon.of(day), Slots(day, route)
    import numpy as np

    out = np.array([index for index in range(len(day.stops)) if index not in route], dtype=np.int64)
    found = offers(Tables(horizon), 0, slots, out, by_detour=True)
    for index, cost in zip(out.tolist(), found.cost.tolist(), strict=True):
        best = slots.best(day.stops[index])
        assert (best is None) == (cost == float("inf"))
        assert best is None or max(1, best[0]) == cost


@pytest.mark.parametrize("seed", range(3))
def test_the_same_week_comes_out_every_time(seed):
    horizon = plane_week(seed, 60)
    first = plan_week(horizon)
    assert all(plan_week(horizon).orders == first.orders for _ in range(2))
    assert first.week.valid


@pytest.mark.parametrize("seed", range(3))
def test_the_search_brings_more_than_the_engine_alone(seed):
    horizon = plane_week(seed, 80)
    proposed = planner.repair_week(horizon, VroomEngine(1).propose(horizon))
    assert plan_week(horizon).week.value >= check(horizon, proposed).value


# ── Reasons ──────────────────────────────────────────────────────────────────────────────────────


def test_every_reason_of_a_week_is_true():
    horizon = plane_week(1, 60)
    made = plan_week(horizon)
    where = {c.key: index for index, c in enumerate(horizon.calls)}
    for item in made.left_out:
        index = where[item.key]
        possible = [t for t, stop in enumerate(horizon.calls[index].stops) if stop and stop.starts]
        for tour in possible:
            assert Slots(horizon.day(tour), made.orders[tour]).best(horizon.day(tour).stops[index]) is None
        if item.why is Why.CLOSED:
            assert not possible
        if item.why is Why.WORTH_LESS:
            assert item.instead_of is not None
            assert item.tour is not None
            rest = [i for i in made.orders[item.tour] if i != where[item.instead_of]]
            assert Slots(horizon.day(item.tour), rest).best(horizon.day(item.tour).stops[index]) is not None
            assert horizon.calls[index].value <= horizon.calls[where[item.instead_of]].value
    assert {item.why for item in made.left_out} <= {
        Why.CLOSED,
        Why.WORTH_LESS,
        Why.NO_TIME,
        Why.TOO_FAR,
        Why.OFF_SHIFT,
    }


# ── Engines ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.skipif(not pyvrp.available(), reason="PyVRP is not installed")
@pytest.mark.parametrize("seed", range(2))
def test_pyvrp_proposes_the_same_valid_week_every_time(seed):
    horizon = plane_week(seed, 40, 3, lunch=False)
    first, second = (PyvrpEngine(iterations=200).propose(horizon) for _ in range(2))
    assert first == second
    assert check(horizon, first).valid
    assert sum(map(len, first)) > 10


@pytest.mark.skipif(not pyvrp.available(), reason="PyVRP is not installed")
def test_pyvrp_goes_on_from_a_week_and_makes_it_no_worse():
    horizon = plane_week(3, 40, 3, lunch=False)
    start = planner.repair_week(horizon, VroomEngine(0).propose(horizon))
    assert week_merit(horizon, planner.second_opinion(horizon, start)) >= week_merit(horizon, start)


def test_pyvrp_is_not_asked_for_days_with_lunch():
    with pytest.raises(ValueError, match="no lunch"):
        PyvrpEngine().propose(plane_week(1, 5))


def test_without_any_solver_installed_a_good_week_comes_out(monkeypatch):
    horizon = plane_week(2, 40, 3)
    with_all = plan_week(horizon).week
    monkeypatch.setattr(planner, "available", lambda: False)
    monkeypatch.setattr(pyvrp, "available", lambda: False)
    monkeypatch.setattr(planner, "find_spec", lambda name: None)
    made = plan_week(horizon)
    assert made.engine == "insertion"
    assert made.week.valid
    assert made.week.value >= 0.9 * with_all.value


# ── Teams ────────────────────────────────────────────────────────────────────────────────────────


def test_a_team_with_few_dealers_shares_them_evenly():
    places = [(0, 0), *((n % 7 * 300, n // 7 * 300) for n in range(28))]
    seconds = [[abs(a - c) + abs(b - d) for c, d in places] for a, b in places]
    tours = tuple(
        Tour(f"{rep}/{day}", day, Shift(8 * HOUR, 17 * HOUR), rep) for rep in range(2) for day in range(2)
    )
    calls = tuple(Call(str(n), (Stop(str(n), n, 30 * MINUTE, EVERYTHING),) * 4, 5) for n in range(1, 29))
    made = team.plan(Horizon(tours, calls, seconds))
    assert made.week.valid
    assert not made.left_out
    assert max(map(len, made.orders)) - min(map(len, made.orders)) <= 4
