"""Opening hours, and the wall clock of a day with and without a clock change."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_api.core.errors import Invalid
from crm_api.visits.hours import DEALER_HOURS, DayClock, check_hours
from crm_api.visits.schedule import Window

ZONE = "America/New_York"
ORDINARY = DayClock(date(2026, 11, 20), ZONE)
SPRING = DayClock(date(2026, 3, 8), ZONE)  # clocks go from 02:00 to 03:00
AUTUMN = DayClock(date(2026, 11, 1), ZONE)  # clocks go from 02:00 back to 01:00


@pytest.mark.parametrize(
    ("clock", "hours"), [(ORDINARY, 8), (SPRING, 7), (AUTUMN, 9)], ids=["ordinary", "spring", "autumn"]
)
def test_eight_in_the_morning_is_as_many_hours_after_midnight_as_really_passed(clock, hours):
    assert clock.seconds("08:00") == hours * 3600


def test_eight_in_the_morning_of_the_spring_change_is_noon_in_utc():
    assert SPRING.instant(SPRING.seconds("08:00")) == datetime(2026, 3, 8, 12, 0, tzinfo=UTC)


def test_a_time_the_clock_skips_means_the_one_an_hour_later():
    assert SPRING.wall(SPRING.seconds("02:30")) == "03:30"


def test_a_time_the_clock_shows_twice_means_the_first():
    assert AUTUMN.seconds("01:30") == 90 * 60


@pytest.mark.parametrize(("clock", "hours"), [(ORDINARY, 24), (SPRING, 23), (AUTUMN, 25)])
def test_the_day_ends_at_the_next_midnight(clock, hours):
    assert clock.seconds("24:00") == hours * 3600


@given(
    st.dates(date(2000, 1, 1), date(2040, 1, 1)),
    st.sampled_from([ZONE, "Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe", "UTC"]),
    st.integers(0, 22 * 3600),
)
def test_seconds_and_instants_are_each_others_inverse(day, zone, seconds):
    clock = DayClock(day, zone)
    assert clock.seconds_at(clock.instant(seconds)) == seconds


def test_the_windows_of_a_day_are_those_of_its_weekday_in_order():
    hours = {"5": [["13:30", "18:00"], ["08:00", "12:00"]], "6": [["09:00", "14:00"]]}
    assert ORDINARY.windows(hours) == (
        Window(8 * 3600, 12 * 3600),
        Window(int(13.5 * 3600), 18 * 3600),
    )


def test_a_weekday_that_is_not_there_is_closed():
    assert DayClock(date(2026, 11, 22), ZONE).windows(DEALER_HOURS) == ()


def test_windows_are_stored_in_order():
    assert check_hours({"6": [["09:00", "14:00"]], "1": [["13:00", "24:00"], ["08:00", "12:00"]]}) == {
        "1": [["08:00", "12:00"], ["13:00", "24:00"]],
        "6": [["09:00", "14:00"]],
    }


@pytest.mark.parametrize(
    ("hours", "field", "message"),
    [
        ([], "opening_hours", "object"),
        ({"8": []}, "opening_hours.8", "weekdays"),
        ({"monday": []}, "opening_hours.monday", "weekdays"),
        ({"1": "08:00-18:00"}, "opening_hours.1", "list of windows"),
        ({"1": [["08:00"]]}, "opening_hours.1", "two times"),
        ({"1": [["8:00", "18:00"]]}, "opening_hours.1", "'8:00' is not a time of day"),
        ({"1": [["08:00", "25:00"]]}, "opening_hours.1", "'25:00' is not a time of day"),
        ({"1": [["18:00", "08:00"]]}, "opening_hours.1", "closes before it opens"),
        ({"1": [["08:00", "12:00"], ["11:00", "18:00"]]}, "opening_hours.1", "overlaps 08:00 to 12:00"),
    ],
)
def test_hours_that_make_no_sense_name_their_weekday(hours, field, message):
    with pytest.raises(Invalid) as caught:
        check_hours(hours)
    assert caught.value.errors[0].field == field
    assert message in caught.value.errors[0].message
