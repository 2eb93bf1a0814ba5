"""The exact timer of a day, against facts by hand and a second timer written differently."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from crm_api.visits.schedule import (
    Broken,
    Day,
    Itinerary,
    Lunch,
    Meal,
    Shift,
    Stop,
    Window,
    earliest_end,
    time_day,
)
from tests.visits.days import HOUR, MINUTE, STEP, days, orders, small_day

OPEN = (Window(8 * HOUR, 18 * HOUR),)


def day_of(*stops: Stop, travel=30 * MINUTE, start=8 * HOUR, end=17 * HOUR, **shift) -> Day:
    """A day among places that are all `travel` seconds and 20 km apart."""
    size = len(stops) + 1
    seconds = [[0 if a == b else travel for b in range(size)] for a in range(size)]
    metres = [[0 if a == b else 20_000 for b in range(size)] for a in range(size)]
    return Day(Shift(start, end, **shift), stops, seconds, metres)


def rules(itinerary: Itinerary) -> list[Broken]:
    return [violation.rule for violation in itinerary.violations]


def test_one_visit_takes_the_drive_there_the_visit_and_the_drive_back():
    itinerary = time_day(day_of(Stop("a", 1, HOUR, OPEN)), [0])
    visit = itinerary.visits[0]
    assert (itinerary.leaves, visit.arrives, visit.ends, itinerary.returns) == (
        8 * HOUR,
        8.5 * HOUR,
        9.5 * HOUR,
        10 * HOUR,
    )


def test_driving_and_distance_count_the_way_home():
    itinerary = time_day(day_of(Stop("a", 1, HOUR, OPEN), Stop("b", 2, HOUR, OPEN)), [1, 0])
    assert (itinerary.driving, itinerary.metres) == (90 * MINUTE, 60_000)


def test_the_rep_leaves_home_only_when_the_first_dealer_opens():
    itinerary = time_day(day_of(Stop("a", 1, HOUR, (Window(11 * HOUR, 14 * HOUR),))), [0])
    assert (itinerary.leaves, itinerary.visits[0].waiting) == (10.5 * HOUR, 0)


def test_the_rep_waits_for_a_dealer_between_two_halves_of_its_day():
    split = (Window(8 * HOUR, 10 * HOUR), Window(14 * HOUR, 16 * HOUR))
    itinerary = time_day(day_of(Stop("a", 1, 2 * HOUR, OPEN), Stop("b", 2, HOUR, split)), [0, 1])
    assert itinerary.visits[1].starts == 14 * HOUR
    assert itinerary.visits[1].waiting == 3 * HOUR


def test_a_visit_must_end_before_the_dealer_closes():
    day = day_of(Stop("a", 1, HOUR, (Window(8 * HOUR, 9 * HOUR + 29 * MINUTE),)))
    assert rules(time_day(day, [0])) == [Broken.CLOSED]
    assert time_day(day, [0]).violations[0].by == MINUTE


def test_a_dealer_closed_all_day_cannot_be_visited():
    assert rules(time_day(day_of(Stop("a", 1, HOUR)), [0])) == [Broken.CLOSED]


def test_an_appointment_starts_on_the_second_even_outside_opening_hours():
    day = day_of(Stop("a", 1, HOUR, OPEN, appointment=7 * HOUR + 55 * MINUTE), start=7 * HOUR)
    itinerary = time_day(day, [0])
    assert itinerary.valid
    assert itinerary.visits[0].starts == 7 * HOUR + 55 * MINUTE


def test_an_appointment_missed_by_a_minute_is_missed():
    day = day_of(Stop("a", 1, HOUR, OPEN, appointment=8 * HOUR + 29 * MINUTE))
    assert time_day(day, [0]).violations[0].by == MINUTE


def test_coming_home_late_is_overtime_by_the_seconds_late():
    itinerary = time_day(day_of(Stop("a", 1, HOUR, OPEN), end=9 * HOUR), [0])
    assert [(v.rule, v.by) for v in itinerary.violations] == [(Broken.OVERTIME, HOUR)]


def test_an_island_without_a_road_is_named():
    stop = Stop("island", 1, HOUR, OPEN)
    day = Day(Shift(8 * HOUR, 17 * HOUR), (stop,), [[0, None], [600, 0]])
    violation = time_day(day, [0]).violations[0]
    assert (violation.rule, violation.key) == (Broken.NO_ROAD, "island")


def test_one_visit_more_than_allowed_is_too_many():
    day = day_of(Stop("a", 1, HOUR, OPEN), Stop("b", 2, HOUR, OPEN), max_visits=1)
    assert rules(time_day(day, [0, 1])) == [Broken.TOO_MANY]


def test_the_same_dealer_twice_is_named():
    day = day_of(Stop("a", 1, HOUR, OPEN))
    assert rules(time_day(day, [0, 0])) == [Broken.TWICE]


LUNCH = Lunch(45 * MINUTE, 12 * HOUR, 14 * HOUR)


def test_lunch_is_eaten_on_arrival_where_its_window_allows():
    day = day_of(Stop("a", 1, 3 * HOUR, OPEN), Stop("b", 2, HOUR, OPEN), lunch=LUNCH)
    itinerary = time_day(day, [0, 1])  # 08:30-11:30 at a, at b 12:00
    assert itinerary.lunch is not None
    assert (itinerary.lunch.starts, itinerary.visits[1].arrives) == (12 * HOUR, 12 * HOUR)
    assert itinerary.visits[1].starts == 12.75 * HOUR


def test_lunch_fits_into_the_wait_for_a_closed_dealer():
    late = (Window(14 * HOUR, 16 * HOUR),)
    day = day_of(Stop("a", 1, 3 * HOUR, OPEN), Stop("b", 2, HOUR, late), lunch=LUNCH)
    itinerary = time_day(day, [0, 1])
    assert itinerary.visits[1].starts == 14 * HOUR
    assert itinerary.visits[1].waiting == 75 * MINUTE


def test_lunch_is_eaten_before_leaving_when_the_drive_would_outlast_its_window():
    day = day_of(Stop("a", 1, HOUR, OPEN), travel=4 * HOUR, lunch=LUNCH, start=7 * HOUR, end=24 * HOUR)
    itinerary = time_day(day, [0])  # at a 11:00-12:00, the way home takes until 16:00
    assert itinerary.lunch is not None
    assert itinerary.lunch.starts == 12 * HOUR
    assert itinerary.valid


def test_lunch_is_eaten_on_the_way_when_the_drive_spans_its_whole_window():
    day = day_of(Stop("a", 1, HOUR, OPEN), travel=7 * HOUR, lunch=LUNCH, start=8 * HOUR, end=26 * HOUR)
    itinerary = time_day(day, [0])
    assert itinerary.lunch is not None
    assert (itinerary.lunch.starts, itinerary.visits[0].arrives) == (12 * HOUR, 15.75 * HOUR)


def test_lunch_may_start_at_the_last_moment_of_its_window_and_no_second_later():
    day = day_of(Stop("a", 1, 5 * HOUR, (Window(9 * HOUR, 14 * HOUR),)), lunch=LUNCH)
    assert time_day(day, [0]).lunch == Meal(14 * HOUR, 14 * HOUR + 45 * MINUTE, 1)
    assert earliest_end(day, [0]) == 15 * HOUR + 15 * MINUTE
    late = day_of(Stop("a", 1, 5 * HOUR + 1, (Window(9 * HOUR, 15 * HOUR),)), lunch=LUNCH)
    assert rules(time_day(late, [0])) == [Broken.NO_LUNCH]
    assert earliest_end(late, [0]) is None


def test_more_driving_than_the_shift_allows_is_told_by_how_much():
    day = day_of(Stop("a", 1, HOUR, OPEN), Stop("b", 2, HOUR, OPEN), max_driving=80 * MINUTE)
    (violation,) = time_day(day, [0, 1]).violations
    assert (violation.rule, violation.by) == (Broken.TOO_MUCH_DRIVING, 10 * MINUTE)


def test_a_day_of_visits_through_all_of_lunch_breaks_lunch():
    day = day_of(Stop("a", 1, 7 * HOUR, OPEN), lunch=Lunch(HOUR, 12 * HOUR, 13 * HOUR), end=20 * HOUR)
    assert rules(time_day(day, [0])) == [Broken.NO_LUNCH]


def test_an_empty_day_is_valid():
    assert time_day(day_of(lunch=LUNCH), []).valid


@given(small_day(), st.data())
def test_the_one_pass_timer_says_what_the_exact_one_says(day, data):
    order = data.draw(orders(day))
    exact = time_day(day, order)
    assert earliest_end(day, order) == (exact.over if exact.valid else None)


@given(days(max_stops=6), st.data())
def test_the_figures_of_an_itinerary_add_up(day, data):
    itinerary = time_day(day, data.draw(orders(day)))
    assert itinerary.idle >= 0
    assert itinerary.leaves >= day.shift.start
    clock = itinerary.leaves
    for leg, visit in enumerate(itinerary.visits):
        eaten = day.shift.lunch_seconds if itinerary.lunch and itinerary.lunch.leg == leg else 0
        assert visit.starts == clock + visit.driving + visit.waiting + eaten + _idle_before_lunch(
            itinerary, leg, clock
        )
        clock = visit.ends
    assert itinerary.over >= itinerary.returns


def _idle_before_lunch(itinerary: Itinerary, leg: int, clock: int) -> int:
    """Seconds on a leg spent waiting for the lunch window to open."""
    meal = itinerary.lunch
    if meal is None or meal.leg != leg:
        return 0
    return max(0, meal.starts - clock - itinerary.visits[leg].driving)


def step_by_step(day: Day, order: list[int]) -> int | None:
    """A second timer with nothing in common with the first: at every step it tries every choice.

    State: visits made x seconds driven on this leg x seconds of lunch eaten. Needs every figure of the
    day to be whole steps.
    """
    shift, lunch = day.shift, day.shift.lunch
    nodes = [shift.start_node, *(day.stops[i].node for i in order), shift.end_node]
    drives = [day.seconds[a][b] for a, b in pairwise(nodes)]
    if None in drives or (shift.max_visits is not None and len(order) > shift.max_visits):
        return None
    if shift.max_driving is not None and sum(drives) > shift.max_driving:
        return None
    done = lunch.seconds if lunch else 0
    states = {(0, 0, 0)}  # visits made, driven on this leg, eaten
    visiting: dict[int, set[tuple[int, int, int]]] = {}
    for now in range(shift.start, shift.end + 1, STEP):
        states |= visiting.pop(now, set())
        following = set()
        for made, driven, eaten in states:
            arrived = driven == drives[made]
            if arrived and made == len(order) and eaten == done:
                return now
            following.add((made, driven, eaten) if eaten in (0, done) else (made, driven, eaten + STEP))
            if eaten in (0, done):
                if not arrived:
                    following.add((made, driven + STEP, eaten))
                elif made < len(order):
                    stop = day.stops[order[made]]
                    if any(w.opens <= now <= w.closes for w in stop.starts):
                        after = (made + 1, 0, eaten)
                        if stop.service == 0:
                            following.add(after)
                        else:
                            visiting.setdefault(now + stop.service, set()).add(after)
            if lunch and eaten == 0 and lunch.earliest <= now <= lunch.latest:
                following.add((made, driven, STEP))
        states = following
    return None


@given(small_day(), st.data())
def test_the_timer_agrees_with_one_that_tries_everything_step_by_step(day, data):
    order = data.draw(orders(day))
    assert earliest_end(day, order) == step_by_step(day, order)


def test_a_visit_starts_at_every_second_its_hours_allow_and_at_no_other():
    windows = (Window(100, 160), Window(200, 230), Window(300, 420))
    stop = Stop("a", 0, 50, windows)
    for ready in range(500):
        wanted = next(
            (s for s in range(ready, 500) if any(w.opens <= s and s + 50 <= w.closes for w in windows)), None
        )
        assert stop.start_from(ready) == wanted
