"""What the two databases compute differently by themselves comes out the same."""

import random
import statistics
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from crm_api.core import search
from crm_api.core.columns import UTCDateTime
from crm_api.core.database import Database
from crm_api.core.dialect import bucket, days_between, lower, median
from crm_api.core.ids import new_id
from crm_api.core.text import fold, words
from tests.factories import make_lead

# Zones with clocks that change, a half-hour one, and one that skipped a day.
ZONES = ("America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia", "UTC")
UNITS = ("day", "week", "month", "quarter", "year")
instants = st.datetimes(datetime(1990, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
# The first example is the least one there is.
a_few_a_database = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=5, phases=[Phase.generate]
)


def local(at: datetime, unit: str, zone: str) -> str:
    """The bucket, worked out by hand."""
    day = at.astimezone(ZoneInfo(zone)).date()
    return named(day, unit)


def named(day: date, unit: str) -> str:
    year, week, _ = day.isocalendar()
    return {
        "day": f"{day:%Y-%m-%d}",
        "week": f"{year}-W{week:02d}",
        "month": f"{day:%Y-%m}",
        "quarter": f"{day.year}-Q{(day.month - 1) // 3 + 1}",
        "year": f"{day.year}",
    }[unit]


def evaluated(session: Session, expressions: Sequence[sa.ColumnElement[Any]]) -> list[Any]:
    return [session.scalar(sa.select(expression)) for expression in expressions]


@pytest.mark.parametrize("zone", ZONES)
async def test_an_instant_falls_into_the_period_it_has_locally(db: Database, zone: str) -> None:
    draw = random.Random(zone)
    days = [
        datetime(1990, 1, 1, tzinfo=UTC) + timedelta(seconds=draw.randrange(50 * 365 * 86_400))
        for _ in range(12)
    ]
    cases = [(at, unit, zone) for at in days for unit in UNITS]
    asked = [bucket(sa.literal(at, UTCDateTime()), unit, zone) for at, unit, zone in cases]

    assert await db.read(evaluated, asked) == [local(*case) for case in cases]


@pytest.mark.parametrize("unit", UNITS)
async def test_a_plain_date_falls_into_its_own_period(db: Database, unit: str) -> None:
    days = [date(2024, 12, 30), date(2021, 1, 3), date(2020, 2, 29), date(2026, 11, 21)]
    asked = [bucket(sa.literal(day, sa.Date()), unit, "America/New_York") for day in days]

    assert await db.read(evaluated, asked) == [named(day, unit) for day in days]


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2026-03-08T04:59:59+00:00", "2026-03-07"),
        ("2026-03-08T05:00:00+00:00", "2026-03-08"),
        ("2026-03-09T03:59:59+00:00", "2026-03-08"),  # a day of 23 hours
        ("2026-03-09T04:00:00+00:00", "2026-03-09"),
        ("2026-11-02T04:59:59+00:00", "2026-11-01"),  # a day of 25 hours
        ("2026-11-02T05:00:00+00:00", "2026-11-02"),
    ],
)
async def test_a_day_is_as_long_as_the_clocks_make_it(db: Database, written: str, day: str) -> None:
    asked = bucket(sa.literal(datetime.fromisoformat(written), UTCDateTime()), "day", "America/New_York")

    assert await db.read(evaluated, [asked]) == [day]


async def test_no_instant_falls_into_no_period(db: Database) -> None:
    asked = bucket(sa.literal(None, UTCDateTime()), "month", "UTC")

    assert await db.read(evaluated, [asked]) == [None]


@a_few_a_database
@given(st.lists(st.tuples(instants, instants), min_size=30, max_size=40))
async def test_days_between_two_instants_are_counted_with_their_fractions(
    db: Database, pairs: list[tuple[datetime, datetime]]
) -> None:
    asked = [days_between(sa.literal(a, UTCDateTime()), sa.literal(b, UTCDateTime())) for a, b in pairs]

    for found, (a, b) in zip(await db.read(evaluated, asked), pairs, strict=True):
        assert found == pytest.approx((b - a) / timedelta(days=1), abs=1e-7)
        assert isinstance(found, float)


def middle(session: Session, values: Sequence[float | None]) -> Any:
    rows = sa.union_all(*(sa.select(sa.literal(v, sa.Float()).label("v")) for v in values)).subquery()
    return session.scalar(sa.select(median(rows.c.v)))


@a_few_a_database
@given(
    st.lists(
        st.lists(st.none() | st.integers(-1000, 1000).map(float), min_size=1, max_size=8),
        min_size=12,
        max_size=20,
    )
)
async def test_the_median_leaves_out_what_is_not_known(
    db: Database, groups: list[list[float | None]]
) -> None:
    for values in groups:
        known = [value for value in values if value is not None]
        wanted = statistics.median(known) if known else None
        assert await db.read(middle, values) == wanted


ALPHABET = "abcdeéèüßñøłæ ĐİΣςЖя中文한 0123456789-_.,:/@'\"&|!*()ﬁ™½٣"


def found_by(session: Session, typed: Sequence[str]) -> list[set[str]]:
    columns = sa.select(search.documents.c.text)
    return [
        set(
            session.scalars(
                columns.where(search.documents.c.record_id.in_(search.matching(session, "lead", t)))
            )
        )
        for t in typed
    ]


@settings(a_few_a_database, max_examples=3)
@given(
    st.lists(st.text(ALPHABET, max_size=30), min_size=10, max_size=30),
    st.lists(st.text(ALPHABET, min_size=1, max_size=6), min_size=10, max_size=20),
)
async def test_search_finds_the_texts_in_which_every_word_typed_begins_a_word(
    db: Database, texts: list[str], typed: list[str]
) -> None:
    stored = [("lead", new_id(), " ".join(words(text))) for text in texts]
    typed = typed + [text[:4] for text in texts if text]
    await db.write(lambda session: session.execute(sa.delete(search.documents)) and None)
    await db.write(search.store, stored)

    for asked, found in zip(typed, await db.read(found_by, typed), strict=True):
        terms = words(asked)
        assert found == {
            text
            for _, _, text in stored
            if terms and all(any(word.startswith(term) for word in text.split()) for term in terms)
        }, asked


async def test_a_very_long_word_is_found_by_its_start(db: Database) -> None:
    word = "x" * 5000
    await db.write(lambda session: make_lead(session, title=word) and None)

    def leads(session: Session, typed: str) -> int:
        return len(session.scalars(search.matching(session, "lead", typed)).all())

    assert [await db.read(leads, typed) for typed in ("xxxx", word, word + "y", "y")] == [1, 1, 1, 0]


async def test_small_letters_are_the_same_in_both_databases(db: Database) -> None:
    letters = "ÄÉÑØÞΑΒΣЖДİẞ" + "aZ9"
    lowered = await db.read(evaluated, [sa.func.lower(sa.literal(letter)) for letter in letters])

    assert lowered == [lower(letter) for letter in letters]


@given(st.text())
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize(
    ("typed", "folded"),
    [
        ("  Groß   Étude ", "gross etude"),
        ("ÆRØSKØBING", "aeroskobing"),
        ("Łódź", "lodz"),
        ("™", "tm"),
        ("ﬁne", "fine"),
        (None, ""),
    ],
)
def test_folding_takes_case_and_accents_away(typed: str | None, folded: str) -> None:
    assert fold(typed) == folded
