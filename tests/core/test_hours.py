"""Opening hours and weekdays, in the ways people write them."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from crm_api.core.hours import opening_hours, said_days, said_hours, weekdays
from crm_api.core.schemas import OpeningHours
from crm_api.exports.formats import _cells

DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
WORK = [["08:00", "18:00"]]
ADAPTER = TypeAdapter(OpeningHours)


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("Mo-Tu 08:00-12:00,13:00-18:00; Sa 09:00-14:00",
         {"1": [["08:00", "12:00"], ["13:00", "18:00"]], "2": [["08:00", "12:00"], ["13:00", "18:00"]],
          "6": [["09:00", "14:00"]]}),
        ("Mon 8:00 AM - 6:00 PM, Tue 8am-6pm, Sun closed", {"1": WORK, "2": WORK}),
        ("Monday, Wednesday 8-18", {"1": WORK, "3": WORK}),
        ("Sat–Mon: 08:00 – 18:00", {"1": WORK, "6": WORK, "7": WORK}),
        ("08:00-18:00; We 08:00-12:00; Th-Su off", {"1": WORK, "2": WORK, "3": [["08:00", "12:00"]]}),
        ("Fr 16:00-24:00; Sa 8am-12am", {"5": [["16:00", "24:00"]], "6": [["08:00", "24:00"]]}),
        ("24/7", {str(day): [["00:00", "24:00"]] for day in range(1, 8)}),
        ('{"5": [["13:00", "17:00"], ["08:00", "12:00"]]}', {"5": [["08:00", "12:00"], ["13:00", "17:00"]]}),
        ("closed", {}),
    ],
)  # fmt: skip
def test_hours_are_read_as_people_and_maps_write_them(text, hours):
    assert opening_hours(text) == hours


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Mo-Fr", "not read from 'Mo-Fr' on"),
        ("Mo 08:00-12:00 by appointment", "not read from 'by appointment' on"),
        ("PH off", "not read from 'PH off' on"),
        ("Mo 22:00-02:00", "after midnight is the next day's"),
        ("Mo 09:00-05:00", "open from 09:00 to 05:00, which is no time"),
        ("Mo 08:00-12:00,11:00-14:00", "open twice from 11:00 on"),
        ("Mo 08:00-25:00", "not a time of day at '25:00'"),
        ('{"8": [["08:00", "12:00"]]}', "not JSON such as"),
        ('{"1": "08:00-12:00"}', "not JSON such as"),
    ],
)
def test_hours_that_are_not_surely_meant_are_refused_with_a_reason(text, why):
    with pytest.raises(ValueError, match=why):
        opening_hours(text)


@st.composite
def weeks(draw):
    """Windows of some days, apart from each other."""
    found = {}
    for day in draw(st.sets(st.integers(1, 7), min_size=1)):
        marks = sorted(draw(st.sets(st.integers(0, 96), min_size=2, max_size=6)))
        times = [f"{mark // 4:02}:{mark % 4 * 15:02}" for mark in marks]
        found[str(day)] = [list(pair) for pair in zip(times[::2], times[1::2], strict=False)]
    return found


@given(weeks())
def test_what_is_written_by_a_map_or_an_export_is_read_back(week):
    by_map = "; ".join(
        f"{DAYS[int(day) - 1]} {','.join('-'.join(window) for window in week[day])}" for day in week
    )
    (by_export,) = _cells([week])
    assert opening_hours(by_map) == opening_hours(str(by_export)) == opening_hours(said_hours(week)) == week
    assert weekdays(said_days(map(int, week))) == sorted(map(int, week))
    assert ADAPTER.validate_python(week)


@given(st.text(alphabet='MoTuFrSa0123456789:-–,;& apm{}[]"', max_size=40))
def test_whatever_stands_in_a_cell_is_hours_or_a_reason(text):
    found = {}
    with suppress(ValueError):
        found = opening_hours(text)
    ADAPTER.validate_python(found)


@pytest.mark.parametrize(
    ("text", "days"),
    [("Tue, Thu", [2, 4]), ("Mo-Fr", [1, 2, 3, 4, 5]), ("Fri - Mon", [1, 5, 6, 7]), ("4;2", [2, 4]),
     ("[2, 4]", [2, 4])],
)  # fmt: skip
def test_weekdays_are_names_or_numbers(text, days):
    assert weekdays(text) == days


@pytest.mark.parametrize("text", ["8", "someday", "Mo-", "Mo--Fr"])
def test_what_is_no_weekday_is_refused(text):
    with pytest.raises(ValueError, match="not a weekday"):
        weekdays(text)


def test_days_that_are_alike_are_said_together():
    both = [["08:00", "12:00"], ["13:00", "18:00"]]
    week = {"1": both, "2": both, "3": both, "5": both, "6": [["09:00", "14:00"]], "7": []}
    assert said_hours(week) == "Mon-Wed, Fri 08:00-12:00, 13:00-18:00; Sat 09:00-14:00"
    assert said_hours({}) == "closed"
