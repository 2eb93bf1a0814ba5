from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_api.followups.windows import (
    ALWAYS,
    LONGEST_SEARCH,
    SendWindow,
    bounds,
    is_open,
    local_days_later,
    next_opening,
    spread,
)

NEW_YORK = ZoneInfo("America/New_York")
ZONES = sorted(zone for zone in available_timezones() if "/" in zone)

zones = st.sampled_from(ZONES).map(ZoneInfo)
windows = st.builds(
    SendWindow,
    st.frozensets(st.integers(1, 7), min_size=1),
    st.times().map(lambda t: t.replace(second=0, microsecond=0)),
    st.times().map(lambda t: t.replace(second=0, microsecond=0)),
)
instants = st.integers(0, 20 * 365 * 24 * 60).map(
    lambda n: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(minutes=n)
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def test_an_open_window_opens_now():
    now = at("2026-11-20T10:00:00-05:00")
    assert next_opening(SendWindow(), NEW_YORK, now) == now


def test_a_friday_evening_waits_for_monday_morning():
    assert next_opening(SendWindow(), NEW_YORK, at("2026-11-20T18:00-05:00")) == at("2026-11-23T09:00-05:00")


def test_the_end_of_a_window_is_outside():
    assert not is_open(SendWindow(), NEW_YORK, at("2026-11-20T17:00-05:00"))


def test_a_holiday_is_skipped():
    opening = next_opening(SendWindow(), NEW_YORK, at("2026-11-26T08:00-05:00"), closed={date(2026, 11, 26)})
    assert opening == at("2026-11-27T09:00-05:00")


def test_a_window_over_midnight_belongs_to_the_day_it_starts_on():
    night = SendWindow(frozenset({5}), time(22), time(2))
    assert is_open(night, NEW_YORK, at("2026-11-21T01:59-05:00"))
    assert not is_open(night, NEW_YORK, at("2026-11-20T01:59-05:00"))


def test_a_window_in_the_hour_that_does_not_exist_is_taken_a_day_later():
    window = SendWindow(frozenset(range(1, 8)), time(2, 30), time(3, 30))
    assert next_opening(window, NEW_YORK, at("2027-03-14T00:00-05:00")) == at("2027-03-15T02:30-04:00")


def test_the_hour_that_exists_twice_opens_at_its_first_turn_and_closes_after_its_second():
    window = SendWindow(frozenset(range(1, 8)), time(1, 30), time(1, 45))
    start, end = bounds(window, date(2026, 11, 1), NEW_YORK)
    assert (start, end) == (at("2026-11-01T01:30-04:00"), at("2026-11-01T01:45-05:00"))


def test_a_calendar_that_never_opens_is_given_up():
    class Everything:
        def __contains__(self, day):
            return True

    assert next_opening(ALWAYS, NEW_YORK, at("2026-11-20T10:00-05:00"), closed=Everything()) is None


def test_a_day_later_is_the_same_time_on_the_clock_even_when_the_clock_changes():
    assert local_days_later(at("2027-03-13T09:00-05:00"), 1, NEW_YORK) == at("2027-03-14T09:00-04:00")


@pytest.mark.parametrize("days", [frozenset(), frozenset({0}), frozenset({8})])
def test_a_window_has_days_of_the_week(days):
    with pytest.raises(ValueError, match="weekdays"):
        SendWindow(days)


@given(zones, instants)
def test_all_week_is_always_open(zone, now):
    assert is_open(ALWAYS, zone, now)


@given(windows, zones, instants)
def test_an_opening_lies_in_the_window_and_not_before_it_was_asked_for(window, zone, now):
    opening = next_opening(window, zone, now)
    assert opening is not None, "every weekday comes back within the search"
    assert opening >= now
    local = opening.astimezone(zone)
    starts = [local.date(), local.date() - timedelta(days=1)]
    assert any(
        day.isoweekday() in window.days and (b := bounds(window, day, zone))[0] <= opening < b[1]
        for day in starts
    )


@given(windows, zones, instants)
def test_no_earlier_opening_is_missed(window, zone, now):
    opening = next_opening(window, zone, now)
    for minutes in (1, 30, 60, 6 * 60):
        earlier = opening - timedelta(minutes=minutes)
        assert earlier < now or not is_open(window, zone, earlier)


@given(windows, zones, instants, st.timedeltas(timedelta(0), timedelta(days=10)))
def test_asking_later_never_opens_earlier(window, zone, now, wait):
    assert next_opening(window, zone, now) <= next_opening(window, zone, now + wait)


@given(windows, zones, instants, st.text(max_size=5))
def test_spreading_keeps_a_mail_inside_its_window_and_is_repeatable(window, zone, now, key):
    opening = next_opening(window, zone, now)
    moved = spread(opening, window, zone, key=key, within=timedelta(minutes=30))
    assert opening <= moved <= opening + timedelta(minutes=30)
    assert is_open(window, zone, moved)
    assert moved == spread(opening, window, zone, key=key, within=timedelta(minutes=30))


def test_the_search_covers_more_than_a_year():
    assert LONGEST_SEARCH >= 366
