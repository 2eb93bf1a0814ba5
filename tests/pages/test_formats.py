"""How values read."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_api.core import clock
from crm_api.pages import charts, formats, maps

NOW = datetime(2026, 3, 4, 15, 30, tzinfo=UTC)  # a Wednesday


@pytest.fixture
def _now() -> Iterator[None]:
    with clock.frozen(NOW):
        yield


@pytest.mark.usefixtures("_now")
@pytest.mark.parametrize(
    ("instant", "told"),
    [
        (NOW + timedelta(hours=1), "16:30"),
        (NOW + timedelta(days=1), "tomorrow 15:30"),
        (NOW - timedelta(days=1), "yesterday 15:30"),
        (NOW + timedelta(days=3), "Sat 15:30"),
        (NOW + timedelta(days=30), "3 Apr"),
        (NOW - timedelta(days=365), "4 Mar 2025"),
    ],
)
def test_a_time_is_told_as_near_as_needed(instant: datetime, told: str) -> None:
    assert formats.when(instant, "UTC") == told


@pytest.mark.usefixtures("_now")
def test_times_are_those_of_the_reader() -> None:
    assert formats.wall(NOW, "America/New_York") == "10:30"
    assert formats.greeting("America/New_York") == "Good morning"
    assert formats.greeting("Asia/Tokyo") == "Good evening"


@pytest.mark.parametrize(
    ("seconds", "told"), [(0, "0 min"), (89, "1 min"), (3600, "1 h"), (12_000, "3 h 20 min"), (3599, "1 h")]
)
def test_durations_are_minutes_and_hours(seconds: int, told: str) -> None:
    assert formats.duration(seconds) == told


@pytest.mark.parametrize(
    ("metres", "told"), [(0, "0.0 km"), (4_210, "4.2 km"), (9_960, "10 km"), (235_400, "235 km")]
)
def test_distances_are_kilometres(metres: int, told: str) -> None:
    assert formats.distance(metres) == told


@pytest.mark.parametrize(
    ("value", "unit", "told"),
    [
        (None, None, "–"), (1234567, None, "1,234,567"), (12.5, "%", "12.5 %"), (156375.9, "USD", "156,375.90 USD"),
        (3.0, "days", "3 days"), (91800, "USD", "91,800 USD"),
    ],
)  # fmt: skip
def test_quantities_carry_their_unit(value: float | None, unit: str | None, told: str) -> None:
    assert formats.quantity(value, unit) == told


@pytest.mark.parametrize(
    ("label", "told"),
    [("2026-03", "Mar 2026"), ("2026-Q2", "Q2 2026"), ("2026-03-04", "2026-03-04"), ("Ohio", "Ohio")],
)
def test_periods_are_told_as_people_say_them(label: str, told: str) -> None:
    assert formats.period(label) == told


@pytest.mark.parametrize(
    ("value", "told"),
    [(None, "–"), ("trade_show", "trade show"), ("2026-03", "Mar 2026"), ("ACC_1", "ACC_1")],
)
def test_choices_are_told_without_underscores(value: str | None, told: str) -> None:
    assert formats.words(value) == told


@pytest.mark.parametrize(
    ("name", "letters"),
    [("Ana Ruiz", "AR"), ("Ana", "A"), ("Ana Maria Ruiz", "AR"), ("", ""), ("(x) Óscar", "Ó")],
)
def test_two_letters_stand_for_a_person(name: str, letters: str) -> None:
    assert formats.initials(name) == letters


def test_a_day_is_told_in_full() -> None:
    assert formats.long_day(date(2026, 3, 4)) == "Wednesday 4 March"


@pytest.mark.usefixtures("_now")
@pytest.mark.parametrize(
    ("locale", "time", "near", "far", "day", "amount"),
    [
        ("en-GB", "15:30", "3 Apr", "4 Mar 2025", "Wednesday 4 March", "1,234.50 USD"),
        ("en-US", "3:30 PM", "Apr 3", "Mar 4, 2025", "Wednesday, March 4", "1,234.50 USD"),
        ("de-DE", "15:30", "3. Apr", "4. Mar 2025", "Wednesday, 4. March", "1.234,50 USD"),
    ],
)
def test_dates_and_numbers_are_written_as_the_reader_likes_them(
    locale: str, time: str, near: str, far: str, day: str, amount: str
) -> None:
    style = formats.Style(locale)

    assert formats.wall(NOW, "UTC", style).replace("\u202f", " ") == time
    assert formats.when(NOW + timedelta(days=30), "UTC", style) == near
    assert formats.when(NOW - timedelta(days=365), "UTC", style) == far
    assert formats.long_day(date(2026, 3, 4), style) == day
    assert formats.quantity(1234.5, "USD", style) == amount


@pytest.mark.parametrize(
    ("value", "unit", "told"), [(1234.5, "JPY", "1,234 JPY"), (1234.5, "KWD", "1,234.500 KWD")]
)
def test_an_amount_has_the_decimals_of_its_currency(value: float, unit: str, told: str) -> None:
    assert formats.quantity(value, unit) == told


def test_distances_are_miles_where_the_reader_likes_miles() -> None:
    assert formats.distance(16_093.44, formats.Style(distance_unit="mi")) == "10 mi"


# ── Charts ───────────────────────────────────────────────────────────────────────────────────────

amounts = st.floats(min_value=0, max_value=1e15, allow_subnormal=False)


@given(st.lists(st.tuples(st.text(max_size=5), amounts), min_size=1, max_size=48))
def test_no_column_leaves_the_chart(rows: list[tuple[str, float]]) -> None:
    drawn = charts.columns(rows)

    assert all(charts.TOP - 0.1 <= column.y <= charts.FLOOR for column in drawn.columns)
    assert all(column.x >= 0 and column.x + column.width <= 100.01 for column in drawn.columns)
    assert sum(1 for column in drawn.columns if column.label) <= charts.MOST_LABELS


@given(amounts)
def test_the_scale_is_round_and_no_more_than_twice_the_highest_value(value: float) -> None:
    top = charts.ceiling(value)

    assert top >= value * (1 - 1e-9)
    assert value < charts.SMALLEST or top <= value * 2.0000001


@given(st.lists(st.tuples(st.text(max_size=5), amounts), max_size=12))
def test_the_longest_bar_fills_its_place(rows: list[tuple[str, float]]) -> None:
    widths = [bar.width for bar in charts.bars(rows)]

    assert not any(value for _, value in rows) or max(widths) == 100


def test_a_month_without_rows_is_a_zero_between_its_neighbours() -> None:
    assert charts.without_gaps([("2025-11", 1), ("2026-02", 2)]) == [
        ("2025-11", 1), ("2025-12", 0), ("2026-01", 0), ("2026-02", 2),
    ]  # fmt: skip


def test_a_quarter_without_rows_is_a_zero_too() -> None:
    assert [label for label, _ in charts.without_gaps([("2025-Q4", 1), ("2026-Q2", 2)])] == [
        "2025-Q4", "2026-Q1", "2026-Q2",
    ]  # fmt: skip


def test_other_labels_are_left_alone() -> None:
    assert charts.without_gaps([("2025", 1), ("2027", 2)]) == [("2025", 1), ("2027", 2)]


# ── The sketch of a route ────────────────────────────────────────────────────────────────────────

places = st.lists(
    st.tuples(st.floats(min_value=-70, max_value=70), st.floats(min_value=-170, max_value=170)),
    min_size=1, max_size=12,
)  # fmt: skip


@given(places)
def test_every_stop_lies_inside_the_sketch(route: list[tuple[float, float]]) -> None:
    drawn = maps.sketch(route)

    assert all(0 <= x <= drawn.width and 0 <= y <= drawn.height for x, y in drawn.points)
    assert len(drawn.points) == len(route)


def test_north_is_up_and_east_is_right() -> None:
    south_west, north_east = maps.sketch([(39.0, -83.0), (40.0, -82.0)]).points

    assert north_east[0] > south_west[0]
    assert north_east[1] < south_west[1]


def test_the_scale_measures_the_sketch() -> None:
    drawn = maps.sketch([(39.0, -83.0), (40.0, -83.0)])  # a degree of latitude: 111.32 km

    a_kilometre = drawn.scale_width / drawn.scale_km
    assert abs((drawn.points[0][1] - drawn.points[1][1]) / a_kilometre - 111.32) < 1
