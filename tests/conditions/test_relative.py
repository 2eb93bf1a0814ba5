"""Times that move along, at the edges of the calendar and of the clock."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from crm_api.conditions.relative import moment
from crm_api.conditions.values import parse
from crm_api.core import clock
from crm_api.core.errors import Invalid
from crm_api.core.fields import Field, FieldType

NEW_YORK = "America/New_York"


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("now", "2026-03-31T22:15:00-04:00"),
        ("now-36h", "2026-03-30T10:15:00-04:00"),
        ("today", "2026-03-31T00:00:00-04:00"),
        ("Today-1", "2026-03-30T00:00:00-04:00"),
        ("today+1w", "2026-04-07T00:00:00-04:00"),
        ("today-1m", "2026-02-28T00:00:00-05:00"),
        ("today-23d", "2026-03-08T00:00:00-05:00"),  # the clocks changed at two in the morning of that day
        ("this_week", "2026-03-30T00:00:00-04:00"),
        ("this_month", "2026-03-01T00:00:00-05:00"),
        ("this_month-1m", "2026-02-01T00:00:00-05:00"),
        ("this_quarter", "2026-01-01T00:00:00-05:00"),
        ("this_quarter-1q", "2025-10-01T00:00:00-04:00"),
        ("this_year+1y", "2027-01-01T00:00:00-05:00"),
    ],
)
def test_a_relative_time_is_read_in_the_zone_of_whoever_looks(text: str, meant: str) -> None:
    # In London it is the first of April already.
    with clock.frozen(datetime(2026, 3, 31, 22, 15, tzinfo=ZoneInfo(NEW_YORK))):
        found = moment(text, NEW_YORK)

    assert found is not None
    assert found == datetime.fromisoformat(meant)
    assert found.isoformat() == meant


@pytest.mark.parametrize(
    "text", ["", "today-", "today--1", "today-1x", "day", "now-99999d", "2026-01-01", "todayish"]
)
def test_any_other_text_is_none(text: str) -> None:
    assert moment(text, "UTC") is None


@pytest.mark.parametrize("text", ["today-9999y", "now+9999y", "this_year-9999q"])
@pytest.mark.parametrize("kind", [FieldType.DATE, FieldType.DATETIME])
def test_beyond_the_calendar_is_a_fault_of_the_input(text: str, kind: FieldType) -> None:
    with pytest.raises(Invalid):
        parse(Field("at", kind, None), text)


def test_a_week_begins_on_the_day_that_whoever_looks_chose() -> None:
    day = Field("on", FieldType.DATE, None)
    with clock.frozen(datetime(2026, 3, 31, 12, tzinfo=ZoneInfo(NEW_YORK))):  # a Tuesday
        found = [parse(day, "this_week", zone=NEW_YORK, week_starts_on=first).day for first in range(1, 8)]

    assert found == [30, 31, 25, 26, 27, 28, 29]


def test_a_day_is_the_day_where_the_reader_is() -> None:
    day = Field("on", FieldType.DATE, None)
    with clock.frozen(datetime(2026, 3, 31, 22, 15, tzinfo=ZoneInfo(NEW_YORK))):
        assert parse(day, "today", zone=NEW_YORK).isoformat() == "2026-03-31"
        assert parse(day, "today", zone="Europe/London").isoformat() == "2026-04-01"
