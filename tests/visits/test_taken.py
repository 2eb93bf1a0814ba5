"""What only a connected calendar knows is kept free; what a plan of ours put there is not in its own way."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from crm_api.core import clock
from crm_api.ports import BusyTime, TemporaryFailure
from tests.support.api import serving
from tests.support.ports import offline_ports
from tests.visits.people import MONDAY, rep_with_dealers

PLANS, WEEKS = "/api/v1/crm/visits/plans", "/api/v1/crm/visits/weeks"
MORNING = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)  # seven in Columbus


class Outlook:
    """A connected calendar: each mailbox with its taken times, or with what happens when it is read."""

    def __init__(self):
        self.held, self.asked = {}, []

    async def busy(self, mailbox, *, since, until):
        self.asked.append((mailbox, since, until))
        held = self.held.get(mailbox, [])
        if isinstance(held, Exception):
            raise held
        return [one for one in held if one.starts_at < until and one.ends_at > since]


def at(hour, minute=0, *, hours=1, **more):
    starts = datetime(2026, 11, 23, hour, minute, tzinfo=UTC)
    return BusyTime(starts, starts + timedelta(hours=hours), **more)


@pytest.fixture
async def road(db, tmp_path):
    """A rep with eight dealers and a connected calendar, at seven in the morning."""
    outlook = Outlook()
    with clock.frozen(MORNING):
        async with serving(db, tmp_path, replace(offline_ports(tmp_path), calendar=outlook)) as running:
            rep, _ = await rep_with_dealers(db, 8, email="rita@example.com")
            yield await running.signed_in(rep), outlook


async def planned(client, path=PLANS, **body):
    answer = await client.post(path, json={"day": MONDAY, **body})
    assert answer.status_code == 201, answer.text
    return answer.json()


def overlaps(plan, taken):
    """The stops that lie in a taken time."""
    return [
        stop for stop in plan["stops"]
        if datetime.fromisoformat(stop["starts_at"]) < taken.ends_at
        and datetime.fromisoformat(stop["ends_at"]) > taken.starts_at
    ]  # fmt: skip


async def test_a_meeting_that_is_in_outlook_alone_is_kept_free(road):
    client, outlook = road
    free = await planned(client)
    meeting = at(14, 30, hours=2)
    outlook.held["rita@example.com"] = [meeting]
    plan = await planned(client)
    assert overlaps(free, meeting)
    assert not overlaps(plan, meeting)
    assert [[datetime.fromisoformat(t) for t in span] for span in plan["busy"]] == [
        [meeting.starts_at, meeting.ends_at]
    ]
    midnight = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
    assert outlook.asked[-1] == ("rita@example.com", midnight, midnight + timedelta(days=1))
    assert (await planned(client, calendar=False))["busy"] == []


@pytest.mark.parametrize("told", ["by its id", "by its times"])
async def test_visits_that_we_put_into_the_calendar_do_not_stand_in_their_own_way(road, told):
    client, outlook = road
    plan = await planned(client)
    plan = (await client.post(f"{PLANS}/{plan['id']}/accept")).json()
    outlook.held["rita@example.com"] = [
        BusyTime(*(datetime.fromisoformat(stop[side]) for side in ("starts_at", "ends_at")),
                 stop["activity_id"] if told == "by its id" else None)
        for stop in plan["stops"]
    ]  # fmt: skip
    again = await planned(client)
    assert again["busy"] == []
    assert again["visits"] == plan["visits"]


async def test_a_whole_day_away_leaves_it_without_visits_and_the_others_as_they_are(road):
    client, outlook = road
    away = BusyTime(datetime(2026, 11, 24, 5, 0, tzinfo=UTC), datetime(2026, 11, 25, 5, 0, tzinfo=UTC))
    outlook.held["rita@example.com"] = [away]
    answer = await client.post(WEEKS, json={"first_day": MONDAY, "days": 3, "max_visits": 2})
    visits = {day["day"]: day["visits"] for day in answer.json()["days"]}
    assert visits == {"2026-11-23": 2, "2026-11-24": 0, "2026-11-25": 2}
    tuesday = (await client.get(f"{PLANS}/{answer.json()['days'][1]['plan_id']}")).json()
    assert tuesday["notes"] == ["The calendar leaves no time on this day."]


async def test_a_calendar_that_cannot_be_read_is_told_and_the_day_is_planned(road):
    client, outlook = road
    outlook.held["rita@example.com"] = TemporaryFailure("Microsoft Graph is busy.")
    plan = await planned(client)
    assert plan["visits"] > 3
    assert any("could not be read (Microsoft Graph is busy)" in note for note in plan["notes"])
