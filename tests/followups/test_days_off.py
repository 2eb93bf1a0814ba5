"""Automatic mail rests on holidays and outside the working week."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from crm_api.core import clock
from crm_api.core.database import Database
from crm_api.followups import flows
from crm_api.organisation import holidays
from tests.factories import make_organisation, make_territory
from tests.followups.stage import GRACE, House, furnish

WEDNESDAY = datetime(2026, 12, 23, 15, tzinfo=UTC)  # ten in the morning for the owner
HOLIDAYS = [{"day": date(2026, 12, day), "name": "Christmas"} for day in (23, 24, 25)]
FIVE_DAYS = {str(day): [["09:00", "17:00"]] for day in range(1, 6)}


async def _leaves_on(house: House) -> date:
    await flows.plan(house.db)
    (message,) = await house.messages()
    return message.due_at.astimezone((await house.enrolment()).zone).date()


def closing(**calendar: Any) -> Any:
    def close(session: Session) -> None:
        holidays.create(session, values={"name": "Christmas", "holidays": HOLIDAYS, **calendar})

    return close


async def test_a_mail_waits_for_the_first_day_that_is_neither_holiday_nor_day_off(
    db: Database, tmp_path: Any
) -> None:
    with clock.frozen(WEDNESDAY):
        house = await furnish(db, tmp_path)
        await db.write(closing())
        await db.write(make_organisation, working_hours=FIVE_DAYS)

        assert await _leaves_on(house) == date(2026, 12, 28)


async def test_without_a_word_about_the_week_only_holidays_close(db: Database, tmp_path: Any) -> None:
    with clock.frozen(WEDNESDAY):
        house = await furnish(db, tmp_path)
        await db.write(closing())

        assert await _leaves_on(house) == date(2026, 12, 26)


@pytest.mark.parametrize(("here", "leaves"), [(True, 26), (False, 23)])
async def test_a_holiday_of_a_territory_closes_for_the_leads_in_it(
    db: Database, tmp_path: Any, here: bool, leaves: int
) -> None:
    with clock.frozen(WEDNESDAY):
        house = await furnish(db, tmp_path)
        ohio, texas = [
            await db.write(lambda s, n=name: make_territory(s, n).id) for name in ("Ohio", "Texas")
        ]
        await db.write(closing(territory_ids=[ohio]))
        await house.change_lead(territory_id=ohio if here else texas)

        assert await _leaves_on(house) == date(2026, 12, leaves)


async def test_a_holiday_entered_after_the_mail_was_planned_holds_it_back_too(
    db: Database, tmp_path: Any
) -> None:
    with clock.frozen(WEDNESDAY):
        house = await furnish(db, tmp_path)
        await flows.plan(db)
        await db.write(closing())
        await house.tick()
        assert house.sent(GRACE) == []
    with clock.frozen(datetime.combine(date(2026, 12, 26), time(15), UTC)):
        await house.tick()
        assert len(house.sent(GRACE)) == 1


async def test_who_is_away_is_left_in_peace_for_three_days_of_work(db: Database, tmp_path: Any) -> None:
    with clock.frozen(WEDNESDAY - timedelta(days=1)):
        house = await furnish(db, tmp_path, steps=2)
        await db.write(closing())
        await house.tick()
        house.reply("I am away.", Auto_Submitted="auto-replied")
        await house.tick()
        enrolment = await house.enrolment()

    assert enrolment.resume_at is not None
    assert enrolment.resume_at.date() == date(2026, 12, 30)
