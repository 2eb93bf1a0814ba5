"""What paid maps may cost: counted before, logged after, and never past the limit."""

import asyncio
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from crm_api.core import clock
from crm_api.maps.meter import DatabaseSpendMeter, dollars, spent
from crm_api.maps.models import MapCall
from crm_api.ports import PaidCall, PermanentFailure, TemporaryFailure

LOOK_UP = PaidCall("Google Geocoding", 1, 5_000)
NOVEMBER = datetime(2026, 11, 30, 23, 59, tzinfo=UTC)
DECEMBER = datetime(2026, 12, 1, 0, 1, tzinfo=UTC)


async def pay(meter, call=LOOK_UP, failure=None):
    async with meter.paying(call):
        if failure:
            raise failure


async def outcomes(db):
    return await db.read(lambda s: list(s.scalars(sa.select(MapCall.outcome).order_by(MapCall.id))))


async def test_calls_add_up_to_the_month(db):
    meter = DatabaseSpendMeter(db, limit=1)
    with clock.frozen(NOVEMBER):
        await pay(meter)
        await pay(meter, PaidCall("Google Routes", 3, 15_000))
    assert await db.read(spent, "2026-11") == 20_000
    assert await outcomes(db) == ["paid", "paid"]


async def test_the_limit_is_never_passed_and_says_when_it_opens_again(db):
    meter = DatabaseSpendMeter(db, limit=0.012)
    with clock.frozen(NOVEMBER):
        await pay(meter)
        await pay(meter)
        with pytest.raises(PermanentFailure, match=r"USD 0\.012 .*MAPS_MONTHLY_USD.*first of the month"):
            await pay(meter)
    with clock.frozen(DECEMBER):
        await pay(meter)
    assert await db.read(spent, "2026-11") == 10_000
    assert await db.read(spent, "2026-12") == 5_000


async def test_two_at_a_time_cannot_both_spend_the_last_of_it(db):
    meter, other = DatabaseSpendMeter(db, limit=0.02), DatabaseSpendMeter(db, limit=0.02)
    done = await asyncio.gather(
        *(pay(one) for one in (meter, other) for _ in range(5)), return_exceptions=True
    )
    assert sum(result is None for result in done) == 4
    assert {type(result) for result in done if result} == {PermanentFailure}


async def test_a_refused_call_costs_nothing_and_an_uncertain_one_counts(db):
    meter = DatabaseSpendMeter(db, limit=1)
    with clock.frozen(NOVEMBER):
        for failure in (PermanentFailure("denied"), TemporaryFailure("slow"), RuntimeError("bug")):
            with pytest.raises(type(failure)):
                await pay(meter, failure=failure)
    assert await outcomes(db) == ["refused", "uncertain", "uncertain"]
    assert await db.read(spent, "2026-11") == 10_000


async def test_without_a_budget_nothing_is_paid(db):
    with pytest.raises(PermanentFailure):
        await pay(DatabaseSpendMeter(db, limit=0))


@pytest.mark.parametrize(
    ("micros", "text"), [(20_000_000, "USD 20.00"), (5_000, "USD 0.005"), (50_000, "USD 0.05")]
)
def test_amounts_read_as_money(micros, text):
    assert dollars(micros) == text
