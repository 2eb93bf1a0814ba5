"""Holiday calendars, and the days they close."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from crm_api.audit.models import AuditEntry
from crm_api.core.database import Database
from crm_api.organisation import calendars, holidays
from crm_api.organisation.calendars import DaysOff
from tests.app.resources import problem
from tests.factories import make_organisation, make_territory
from tests.support.api import Api

CALENDARS = "/api/v1/organisation/holiday-calendars"
DAYS = "/api/v1/organisation/days"
CHRISTMAS = {"day": "2026-12-25", "name": "Christmas Day"}
MAY_DAY = {"day": "2026-05-01", "name": "May Day"}


async def test_a_calendar_comes_back_with_its_days_in_order(api: Api) -> None:
    client = await api.client()
    made = await client.post(CALENDARS, json={"name": "World", "holidays": [CHRISTMAS, MAY_DAY]})
    listed = (await client.get(CALENDARS)).json()["items"][0]

    assert made.status_code == 201
    assert made.json()["holidays"] == [MAY_DAY, CHRISTMAS]
    assert (listed["holiday_count"], "holidays" in listed) == (2, False)


async def test_a_change_replaces_the_days_and_is_a_change_of_the_calendar_alone_where_it_is_one(
    api: Api,
) -> None:
    client = await api.client()
    made = (await client.post(CALENDARS, json={"name": "World", "holidays": [CHRISTMAS, MAY_DAY]})).json()
    address = f"{CALENDARS}/{made['id']}"
    renamed = {**CHRISTMAS, "name": "Christmas"}
    same = (await client.patch(address, json={"holidays": [MAY_DAY, CHRISTMAS]})).json()
    other = (await client.patch(address, json={"holidays": [renamed]})).json()

    assert (same["version"], other["version"]) == (1, 2)
    assert other["holidays"] == [renamed]
    stale = {"If-Match": '"1"'}
    problem(await client.patch(address, json={"name": "Mine"}, headers=stale), 412)
    problem(await client.delete(address, headers=stale), 412)
    assert (await client.delete(address)).status_code == 204
    problem(await client.get(address), 404)
    trail = await api.db.read(
        lambda s: [
            (entry.action, entry.after.get("holidays"))
            for entry in s.scalars(sa.select(AuditEntry).order_by(AuditEntry.id))
            if entry.kind == "holiday_calendar"
        ]
    )
    assert trail == [
        ("create", None), ("update", [MAY_DAY, CHRISTMAS]), ("update", [renamed]), ("update", []), ("delete", None),
    ]  # fmt: skip


async def test_days_come_in_as_csv_all_or_none(api: Api) -> None:
    client = await api.client()
    made = (await client.post(CALENDARS, json={"name": "World", "holidays": [CHRISTMAS]})).json()
    address, kind = f"{CALENDARS}/{made['id']}/import", {"Content-Type": "text/csv"}
    good = '\ufeffName,Day\r\nXmas,2026-12-25\r\n"New Year\'s, Day",2027-01-01\r\n'.encode()
    shown = (await client.post(address, content=good, headers=kind)).json()

    assert [day["name"] for day in shown["holidays"]] == ["Xmas", "New Year's, Day"]
    bad = b"day,name\n2026-05-01,May Day\n2026-02-30,Never\n2026-06-01,\n"
    faults = problem(await client.post(address, content=bad, headers=kind), 422)["errors"]
    assert [fault["field"] for fault in faults] == ["row.3", "row.4"]
    for nonsense in (b"", b"a,b\n", b"\xff\xfe", b'day,name\n"', b"day,name\n2026-01-01,a\x00b\n"):
        problem(await client.post(address, content=nonsense, headers=kind), 422)
    assert (await client.get(f"{CALENDARS}/{made['id']}")).json()["holidays"] == shown["holidays"]


@pytest.mark.parametrize("role", ["manager", "rep", "field", "viewer"])
async def test_everybody_sees_calendars_and_only_administrators_change_them(api: Api, role: str) -> None:
    made = (await (await api.client()).post(CALENDARS, json={"name": "World"})).json()
    client = await api.client(role)

    assert (await client.get(f"{CALENDARS}/{made['id']}")).status_code == 200
    problem(await client.post(CALENDARS, json={"name": "Mine"}), 403)
    problem(await client.patch(f"{CALENDARS}/{made['id']}", json={"name": "Mine"}), 403)
    problem(await client.delete(f"{CALENDARS}/{made['id']}"), 403)


async def test_names_and_days_are_given_once_and_territories_exist(api: Api) -> None:
    client = await api.client()
    await client.post(CALENDARS, json={"name": "World"})

    problem(await client.post(CALENDARS, json={"name": "WORLD"}), 409)
    double = {"name": "Two", "holidays": [CHRISTMAS, {**CHRISTMAS, "name": "Again"}]}
    problem(await client.post(CALENDARS, json=double), 422, field="holidays.1.day")
    nowhere = {"name": "Two", "territory_ids": ["0198c000-0000-7000-8000-000000000001"]}
    problem(await client.post(CALENDARS, json=nowhere), 422, field="territory_ids")


async def test_a_calendar_holds_in_its_territories_and_everywhere_without_any(api: Api) -> None:
    def world(session: Session) -> tuple[Any, Any]:
        make_organisation(session, working_hours={"1": [["09:00", "17:00"]], "2": []})
        return make_territory(session, "Bavaria").id, make_territory(session, "Ohio").id

    bavaria, ohio = await api.db.write(world)
    client = await api.client()
    monday, tuesday, fourth = "2026-01-05", "2026-01-06", "2026-01-12"
    await client.post(CALENDARS, json={"name": "All", "holidays": [{"day": fourth, "name": "Founders"}]})
    local = {"name": "By", "territory_ids": [str(bavaria)], "holidays": [{"day": monday, "name": "Eve"}]}
    await client.post(CALENDARS, json=local)

    async def why(**place: Any) -> dict[str, str | None]:
        asked = await client.get(DAYS, params={"start": monday, "end": fourth, **place})
        return {day["day"]: day["why"] for day in asked.json()["items"]}

    assert ((await why())[monday], (await why())[fourth]) == (None, "Founders")
    assert (await why(territory_id=str(bavaria)))[monday] == "Eve"
    assert (await why(territory_id=str(ohio)))[monday] is None
    assert (await why())[tuesday] == "not a working day"
    problem(await client.get(DAYS, params={"start": fourth, "end": monday}), 422, field="end")


async def test_days_off_are_asked_once_a_transaction_and_anew_after_a_change(db: Database) -> None:
    day = date(2026, 12, 25)

    def work(session: Session) -> list[bool]:
        before = day in calendars.days_off(session, since=date(2026, 12, 1))
        holidays.create(session, values={"name": "World", "holidays": [{"day": day, "name": "Christmas"}]})
        session.flush()
        return [before, day in calendars.days_off(session, since=date(2026, 12, 1))]

    assert await db.write(work) == [False, True]


@given(
    start=st.dates(date(2026, 1, 1), date(2026, 12, 31)),
    days=st.integers(1, 30),
    off=st.sets(st.dates(date(2026, 1, 1), date(2027, 3, 1)), max_size=20),
    week=st.none() | st.sets(st.integers(1, 7), min_size=1).map(frozenset),
)
def test_later_counts_just_the_days_of_work(
    start: date, days: int, off: set[date], week: frozenset[int] | None
) -> None:
    calendar = DaysOff(dict.fromkeys(off, "off"), week)
    at = datetime.combine(start, time(9), UTC)
    until = calendar.later(at, days)
    passed = [start + timedelta(days=n) for n in range(1, (until - at).days + 1)]
    worked = [day for day in passed if day not in off and day.isoweekday() in (week or range(1, 6))]

    assert len(worked) == days
    assert worked[-1] == until.date()
    assert until.time() == at.time()
