"""Visits in the calendars of those who make them: put in once, kept up, taken out, and nobody invited unasked."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from crm_api.activities.models import Activity
from crm_api.core import clock
from crm_api.field.calendars import keep_up
from crm_api.field.models import CalendarEntry
from crm_api.ports import CreatedEvent, OutcomeUnknown, PermanentFailure, TemporaryFailure
from crm_api.visits.models import VisitPlanStop
from tests.factories import make_contact
from tests.visits.people import MONDAY, rep_with_dealers

MORNING = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


class Outlook:
    """A calendar as Microsoft's behaves: the same transaction id is the same event. Fails with what is in `trouble`."""

    def __init__(self):
        self.events, self.mailboxes, self.trouble, self.calls = {}, set(), [], 0

    def _maybe_fail(self):
        self.calls += 1
        if self.trouble:
            raise self.trouble.pop(0)

    async def create_event(self, mailbox, event):
        self._maybe_fail()
        self.events[event.transaction_id] = event
        self.mailboxes.add(mailbox)
        return CreatedEvent(event.transaction_id, "uid")

    async def update_event(self, mailbox, provider_id, event):
        self._maybe_fail()
        if provider_id not in self.events:
            raise PermanentFailure("404")
        self.events[provider_id] = event

    async def delete_event(self, mailbox, provider_id):
        self._maybe_fail()
        self.events.pop(provider_id, None)


@pytest.fixture(autouse=True)
def _in_the_morning():
    with clock.frozen(MORNING):
        yield


@pytest.fixture
async def day(api):
    """A client of a rep, and their accepted plan of four visits."""
    rep, _ = await rep_with_dealers(api.db, 4)
    client = await api.signed_in(rep)
    plan = (
        await client.post("/api/v1/crm/visits/plans", json={"day": MONDAY, "account_type": "dealer"})
    ).json()
    plan = (await client.post(f"/api/v1/crm/visits/plans/{plan['id']}/accept")).json()
    assert plan["visits"] >= 3
    return client, rep, plan


async def settle(db, outlook):
    """Rounds of the job until there is nothing left to do."""
    while await keep_up(db, outlook):
        pass


async def test_each_visit_is_put_in_once_in_the_calendar_of_its_rep(api, day):
    _, rep, plan = day
    outlook = Outlook()
    await settle(api.db, outlook)
    assert set(outlook.events) == {stop["activity_id"] for stop in plan["stops"]}
    assert outlook.mailboxes == {rep.email}
    event = outlook.events[plan["stops"][0]["activity_id"]]
    assert event.starts_at == datetime.fromisoformat(plan["stops"][0]["starts_at"])
    assert "https://www.google.com/maps/dir/" in event.body
    assert (await keep_up(api.db, outlook), outlook.calls) == (0, plan["visits"])


async def test_without_a_calendar_nothing_is_done(api, day):
    assert await keep_up(api.db, None) == 0
    assert await api.db.read(lambda s: s.scalar(sa.select(sa.func.count()).select_from(CalendarEntry))) == 0


async def test_a_visit_that_moves_moves_in_the_calendar_and_a_cancelled_one_goes(api, day):
    client, _, plan = day
    outlook, (first, second, *_) = Outlook(), plan["stops"]
    await settle(api.db, outlook)
    await client.patch(
        f"/api/v1/crm/activities/{first['activity_id']}", json={"due_at": "2026-11-24T15:00:00Z"}
    )
    await client.patch(f"/api/v1/crm/activities/{second['activity_id']}", json={"status": "cancelled"})
    await settle(api.db, outlook)
    assert outlook.events[first["activity_id"]].starts_at == datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
    assert second["activity_id"] not in outlook.events
    assert len(outlook.events) == plan["visits"] - 1


async def test_a_visit_invites_nobody_unless_it_was_agreed_and_somebody_is_named(api, day):
    _, rep, plan = day
    agreed, named = plan["stops"][0], plan["stops"][1]

    def make(session):
        for stop, is_agreed in ((agreed, True), (named, False)):
            contact = make_contact(session, email=f"{stop['position']}@dealer.example", owner_id=rep.id)
            session.scalars(
                sa.select(Activity).where(sa.cast(Activity.id, Activity.id.type) == stop["activity_id"])
            ).one().contact_id = contact.id
            kept = session.scalars(
                sa.select(VisitPlanStop).where(VisitPlanStop.activity_id == stop["activity_id"])
            ).one()
            kept.has_appointment = is_agreed

    await api.db.write(make)
    outlook = Outlook()
    await settle(api.db, outlook)
    invited = {key: [person.address for person in event.attendees] for key, event in outlook.events.items()}
    assert invited[agreed["activity_id"]] == ["1@dealer.example"]
    assert not any(people for key, people in invited.items() if key != agreed["activity_id"])


@pytest.mark.parametrize("failure", [TemporaryFailure("busy", retry_after=3600), OutcomeUnknown("lost")])
async def test_what_failed_for_now_is_tried_again_later_and_is_never_there_twice(api, day, failure):
    outlook = Outlook()
    outlook.trouble = [failure]
    await keep_up(api.db, outlook)
    calls = outlook.calls
    assert await keep_up(api.db, outlook) == 0
    with clock.frozen(MORNING + timedelta(hours=1, minutes=1)):
        await settle(api.db, outlook)
    assert outlook.calls == calls + 1
    assert len(outlook.events) == day[2]["visits"]


async def test_what_will_never_work_waits_until_the_visit_changes(api, day):
    client, _, plan = day
    outlook, first = Outlook(), plan["stops"][0]
    outlook.trouble = [PermanentFailure("The mailbox is not there.")]
    await settle(api.db, outlook)
    assert first["activity_id"] not in outlook.events
    await client.patch(f"/api/v1/crm/activities/{first['activity_id']}", json={"subject": "Visit, again"})
    await settle(api.db, outlook)
    assert outlook.events[first["activity_id"]].subject == "Visit, again"


async def test_an_event_somebody_deleted_comes_back_when_the_visit_changes(api, day):
    client, _, plan = day
    outlook, first = Outlook(), plan["stops"][0]
    await settle(api.db, outlook)
    del outlook.events[first["activity_id"]]
    for subject in ("Moved", "Moved again"):
        await client.patch(f"/api/v1/crm/activities/{first['activity_id']}", json={"subject": subject})
        await settle(api.db, outlook)
    assert outlook.events[first["activity_id"]].subject == "Moved again"
