"""Periods as people write them; today is Saturday 21 November 2026 and the fiscal year begins in April."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_api.questions.period_reader import read
from crm_api.questions.periods import Period

TODAY = date(2026, 11, 21)


def window(text: str, fiscal_start: int = 4) -> tuple[str, str]:
    found = read(text)
    assert found, f"not read: {text}"
    assert found[1] == len(text), f"read only {text[: found[1]]!r}"
    resolved = found[0].resolve(TODAY, fiscal_start)
    return str(resolved.start), str(resolved.end)


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("this week", "2026-11-15", "2026-11-22"),
        ("last week", "2026-11-08", "2026-11-15"),
        ("week of 5 june 2017", "2017-06-04", "2017-06-11"),
        ("last monday", "2026-11-09", "2026-11-10"),
        ("friday", "2026-11-20", "2026-11-21"),
    ],
)
def test_a_week_begins_on_the_day_the_asker_chose(text: str, start: str, end: str) -> None:
    found = read(text)
    assert found

    resolved = found[0].resolve(TODAY, week_start=7)
    assert (str(resolved.start), str(resolved.end)) == (start, end)


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("q3 2017", "2017-07-01", "2017-10-01"),
        ("2017-q3", "2017-07-01", "2017-10-01"),
        ("third quarter of 2017", "2017-07-01", "2017-10-01"),
        ("second half of 2017", "2017-07-01", "2018-01-01"),
        ("h1 2017", "2017-01-01", "2017-07-01"),
        ("may 2017", "2017-05-01", "2017-06-01"),
        ("oct '17", "2017-10-01", "2017-11-01"),
        ("2017-05", "2017-05-01", "2017-06-01"),
        ("2017", "2017-01-01", "2018-01-01"),
        ("1st of october 2017", "2017-10-01", "2017-10-02"),
        ("october 5th, 2017", "2017-10-05", "2017-10-06"),
        ("31/12/2017", "2017-12-31", "2018-01-01"),
        ("03/04/2017", "2017-04-03", "2017-04-04"),
        ("2017-12-31", "2017-12-31", "2018-01-01"),
        ("between march and may 2017", "2017-03-01", "2017-06-01"),
        ("from 1 october to 31 december 2017", "2017-10-01", "2018-01-01"),
        ("q1 to q3 2017", "2017-01-01", "2017-10-01"),
        ("since november 2017", "2017-11-01", "None"),
        ("after may 2017", "2017-06-01", "None"),
        ("before march 2017", "None", "2017-03-01"),
        ("through june 2017", "None", "2017-07-01"),
        ("week of 5 june 2017", "2017-06-05", "2017-06-12"),
        ("dec", "2025-12-01", "2026-01-01"),
        ("november", "2026-11-01", "2026-12-01"),
        ("this month", "2026-11-01", "2026-12-01"),
        ("last month", "2026-10-01", "2026-11-01"),
        ("next quarter", "2027-01-01", "2027-04-01"),
        ("last week", "2026-11-09", "2026-11-16"),
        ("last 60 days", "2026-09-23", "2026-11-22"),
        ("the past three months", "2026-08-22", "2026-11-22"),
        ("next 2 weeks", "2026-11-21", "2026-12-05"),
        ("last fortnight", "2026-11-08", "2026-11-22"),
        ("yesterday", "2026-11-20", "2026-11-21"),
        ("60 days ago", "2026-09-22", "2026-09-23"),
        ("ytd", "2026-01-01", "2026-11-22"),
        ("quarter to date", "2026-10-01", "2026-11-22"),
        ("this fiscal year", "2026-04-01", "2027-04-01"),
        ("fy2025-26", "2025-04-01", "2026-04-01"),
        ("q1 fy2026", "2025-04-01", "2025-07-01"),
        ("last friday", "2026-11-13", "2026-11-14"),
    ],
)
def test_a_period_means_these_days(text: str, start: str, end: str) -> None:
    assert window(text) == (start, end)


@pytest.mark.parametrize("text", ["31/02/2017", "diwali", "soon", "31 february 2017", "q5 2017", ""])
def test_what_is_no_period_is_not_read(text: str) -> None:
    found = read(text)
    assert found is None or found[1] < len(text)


def test_a_month_before_the_day_is_read_where_the_asker_writes_so() -> None:
    found = read("03/04/2017", day_first=False)
    assert found
    assert found[0].day == date(2017, 3, 4)


def test_a_year_starts_at_midnight_where_the_asker_is() -> None:
    found = read("2017")
    assert found
    start, _ = found[0].resolve(TODAY).instants("Asia/Kolkata")
    assert start
    assert start.isoformat() == "2017-01-01T00:00:00+05:30"


DAYS = st.dates(date(1990, 1, 1), date(2090, 1, 1))
UNITS = st.sampled_from(["day", "week", "month", "quarter", "half", "year"])


@given(DAYS, UNITS, st.integers(-5, 5), st.integers(1, 12), st.booleans())
def test_neighbouring_periods_share_a_border(
    today: date, unit: str, offset: int, month: int, fiscal: bool
) -> None:
    here = Period(form="relative", unit=unit, offset=offset, fiscal=fiscal).resolve(today, month)
    after = Period(form="relative", unit=unit, offset=offset + 1, fiscal=fiscal).resolve(today, month)
    assert here.start
    assert here.end
    assert here.start < here.end == after.start


@given(DAYS, UNITS, st.integers(1, 12))
def test_the_current_period_holds_today(today: date, unit: str, month: int) -> None:
    window = Period(form="relative", unit=unit, offset=0, fiscal=True).resolve(today, month)
    assert window.start
    assert window.end
    assert window.start <= today < window.end


@given(DAYS, st.integers(1, 400))
def test_the_last_n_days_are_n_days_that_end_with_today(today: date, n: int) -> None:
    window = Period(form="rolling", unit="day", n=-n).resolve(today)
    assert window.end == today + timedelta(days=1)
    assert window.start
    assert (window.end - window.start).days == n


@given(DAYS, st.integers(1990, 2089), st.integers(1, 12), st.integers(1, 12))
def test_the_quarters_of_a_year_fill_it(today: date, year: int, month: int, fiscal_start: int) -> None:
    for fiscal in (False, True):
        quarters = [
            Period(form="calendar", unit="quarter", year=year, index=n, fiscal=fiscal) for n in range(1, 5)
        ]
        windows = [q.resolve(today, fiscal_start) for q in quarters]
        whole = Period(form="calendar", unit="year", year=year, fiscal=fiscal).resolve(today, fiscal_start)
        assert (windows[0].start, windows[3].end) == (whole.start, whole.end)
        assert all(a.end == b.start for a, b in pairwise(windows))


@given(DAYS)
def test_a_month_without_a_year_has_begun(today: date) -> None:
    for month in ("march", "december"):
        found = read(month)
        assert found
        start = found[0].resolve(today).start
        assert start
        assert start <= today < start + timedelta(days=366)


@given(DAYS, DAYS)
def test_a_range_is_ordered_however_it_was_said(first: date, last: date) -> None:
    found = read(f"between {first} and {last}")
    assert found
    window = found[0].resolve(TODAY)
    assert window.start
    assert window.end
    assert window.start < window.end


@given(st.text(max_size=40))
def test_reading_never_fails(text: str) -> None:
    if found := read(text.lower()):
        found[0].resolve(TODAY, 4)
        assert found[0].words()


@pytest.mark.parametrize(
    ("text", "start"),
    [("december", date(2026, 12, 1)), ("october", date(2026, 10, 1)), ("march", date(2027, 3, 1))],
)
def test_a_month_of_a_date_that_is_set_beforehand_is_the_nearest(text: str, start: date) -> None:
    found = read(text)
    assert found
    assert found[0].planned().resolve(date(2026, 11, 20)).start == start
    assert (read(f"before {text}") or found)[0].planned().resolve(date(2026, 11, 20)).end == start


@pytest.mark.parametrize("text", ["by the end of the year", "before the end of this year", "by year-end"])
def test_the_end_of_a_period_is_part_of_it(text: str) -> None:
    found = read(text)
    assert found
    assert found[0].resolve(date(2026, 11, 20)).end == date(2027, 1, 1)
