from datetime import timedelta

import pytest
import sqlalchemy as sa

from crm_api import subscriptions
from crm_api.access import SYSTEM
from crm_api.activities.models import Activity, TimelineEntry
from crm_api.core import clock
from crm_api.core.errors import Conflict
from crm_api.core.templating import MissingField
from crm_api.modules import service as modules
from crm_api.outbox import delivery, flows, service
from crm_api.outbox.authors import Later, No
from crm_api.outbox.models import OutboxMessage
from crm_api.outbox.service import NewMessage
from crm_api.outbox.state import Status
from crm_api.ports import Mailbox, OutcomeUnknown, PermanentFailure, TemporaryFailure
from tests.support.stage import PlainAuthor, Transport, all_messages, authors, lost, message_of, ports_with


@pytest.fixture(autouse=True)
def installed():
    subscriptions.install()


@pytest.fixture
def author():
    plain = PlainAuthor()
    authors.declare("test", plain)
    return plain


@pytest.fixture
def transport(author):
    return Transport()


def new_message(key="k", **overrides) -> NewMessage:
    values = {
        "purpose": "test", "idem_key": key, "sender": Mailbox("ada@dealer-house.com", "Ada"),
        "recipient": Mailbox("grace@customer.com"), "due_at": clock.now(), "template": "any",
    }  # fmt: skip
    return NewMessage(**(values | overrides))


async def enqueue(db, key="k", **overrides):
    return (await db.write(service.enqueue, new_message(key, **overrides))).id


async def send(db, transport, worker="w"):
    return await flows.send_due(db, ports_with(transport), worker=worker)


async def make_due(db):
    await db.write(lambda session: session.execute(sa.update(OutboxMessage).values(due_at=clock.now())))


async def let_leases_run_out(db):
    past = clock.now() - timedelta(seconds=1)
    await db.write(
        lambda session: session.execute(
            sa.update(OutboxMessage).where(OutboxMessage.lease_until.is_not(None)).values(lease_until=past)
        )
    )


async def test_a_due_message_is_sent_and_named(db, transport):
    key = await enqueue(db)
    assert await send(db, transport) == 1
    message = await message_of(db, key)
    assert (message.status, message.provider_id, message.transport) == (
        Status.SENT,
        f"provider-{key}",
        "memory",
    )
    assert transport.delivered[0].text == "Hello\n"


async def test_what_was_sent_stands_on_the_timeline_as_a_mail_from_us(db, transport):
    await enqueue(db)
    await send(db, transport)
    activity = await db.read(lambda session: session.scalars(sa.select(Activity)).one())
    assert (activity.activity_type, activity.direction, activity.subject) == ("email", "outbound", "Hi")
    assert len(await db.read(lambda session: session.scalars(sa.select(TimelineEntry)).all())) == 1


async def test_planning_the_same_message_again_changes_nothing(db, transport):
    await enqueue(db)
    assert await db.write(service.enqueue, new_message()) is None
    await send(db, transport)
    assert await db.write(service.enqueue, new_message()) is None
    assert len(transport.delivered) == 1


async def test_a_message_waits_for_its_time(db, transport):
    await enqueue(db, due_at=clock.now() + timedelta(minutes=5))
    assert await send(db, transport) == 0


async def test_a_message_far_ahead_is_planned_and_queued_when_its_time_is_near(db, transport):
    key = await enqueue(db, due_at=clock.now() + timedelta(days=3))
    assert (await message_of(db, key)).status == Status.PLANNED
    with clock.frozen(clock.now() + timedelta(days=3, minutes=1)):
        await send(db, transport)
    assert (await message_of(db, key)).status == Status.SENT


async def test_a_message_that_is_too_late_expires(db, transport):
    key = await enqueue(db, expires_at=clock.now() + timedelta(hours=1))
    with clock.frozen(clock.now() + timedelta(hours=2)):
        await send(db, transport)
    assert (await message_of(db, key)).status == Status.EXPIRED


async def test_no_message_is_claimed_twice(db, transport):
    for n in range(20):
        await enqueue(db, str(n))
    first = await db.write(delivery.claim, worker="a", limit=12)
    second = await db.write(delivery.claim, worker="b", limit=12)
    assert len(first) == 12
    assert len(second) == 8
    assert not {c.message_id for c in first} & {c.message_id for c in second}


async def test_a_temporary_failure_is_tried_again_later(db, transport):
    key = await enqueue(db)
    transport.script = [TemporaryFailure("busy", retry_after=120)]
    await send(db, transport)
    message = await message_of(db, key)
    assert (message.status, message.reason, message.attempts) == (Status.QUEUED, "busy", 1)
    assert message.due_at >= clock.now() + timedelta(seconds=100)
    await make_due(db)
    await send(db, transport)
    assert (await message_of(db, key)).status == Status.SENT


async def test_a_permanent_failure_is_the_end(db, transport):
    key = await enqueue(db)
    transport.script = [PermanentFailure("no such person")]
    await send(db, transport)
    assert (await message_of(db, key)).status == Status.DEAD


@pytest.mark.parametrize(("failure", "status"), [
    (TemporaryFailure("busy"), Status.QUEUED), (PermanentFailure("bad address"), Status.DEAD),
    (OutcomeUnknown("an orphan draft at worst"), Status.QUEUED),
])  # fmt: skip
async def test_a_failure_while_preparing_has_certainly_sent_nothing(db, transport, failure, status):
    key = await enqueue(db)
    transport.on_prepare = [failure]
    await send(db, transport)
    assert (await message_of(db, key)).status == status
    assert transport.submissions == 0


@pytest.mark.parametrize(
    "silence", [lost(), OutcomeUnknown("no answer"), RuntimeError("a bug in the adapter")]
)
async def test_a_lost_answer_is_looked_for_and_never_sent_twice(db, transport, silence):
    key = await enqueue(db)
    transport.script = [silence]
    await send(db, transport)
    assert (await message_of(db, key)).status == Status.UNKNOWN
    await flows.reconcile(db, ports_with(transport))
    await send(db, transport)
    assert (await message_of(db, key)).status == Status.SENT
    assert len(transport.delivered) == 1


async def test_a_lost_answer_is_not_looked_for_before_it_has_settled(db, transport):
    key = await enqueue(db)
    transport.settle_seconds, transport.script = 900, [OutcomeUnknown("504")]
    await send(db, transport)
    await flows.reconcile(db, ports_with(transport))
    assert (await message_of(db, key)).status == Status.UNKNOWN
    with clock.frozen(clock.now() + timedelta(minutes=16)):
        await flows.reconcile(db, ports_with(transport))
    assert (await message_of(db, key)).status == Status.QUEUED


async def test_where_nobody_can_tell_a_message_waits_for_a_person(db, transport):
    key = await enqueue(db)
    transport.can_find, transport.script = False, [lost()]
    await send(db, transport)
    for day in range(1, 8):
        with clock.frozen(clock.now() + timedelta(days=day)):
            await flows.reconcile(db, ports_with(transport))
            await send(db, transport)
    message = await message_of(db, key)
    assert message.is_uncertain
    assert len(transport.delivered) == 1


async def test_a_worker_that_went_silent_before_sending_gives_its_message_back(db, transport):
    key = await enqueue(db)
    await db.write(delivery.claim, worker="dead", limit=1)
    await let_leases_run_out(db)
    await flows.reconcile(db, ports_with(transport))
    await send(db, transport)
    assert (await message_of(db, key)).status == Status.SENT


async def test_a_worker_that_lost_its_claim_can_no_longer_send(db, transport):
    await enqueue(db)
    (slow,) = await db.write(delivery.claim, worker="slow", limit=1)
    await let_leases_run_out(db)
    await flows.reconcile(db, ports_with(transport))
    await send(db, transport, worker="quick")
    await flows.send_one(db, ports_with(transport), slow)
    assert len(transport.delivered) == 1


async def test_a_worker_whose_lease_ran_out_unnoticed_cannot_commit_sending(db, transport):
    await enqueue(db)
    (slow,) = await db.write(delivery.claim, worker="slow", limit=1)
    await let_leases_run_out(db)
    await flows.send_one(db, ports_with(transport), slow)
    assert transport.delivered == []


async def test_the_only_sender_need_not_wait_for_the_leases_of_its_predecessor(db, transport):
    await enqueue(db)
    await db.write(delivery.claim, worker="killed", limit=1)
    await flows.reconcile(db, ports_with(transport), only_worker="w")
    assert await send(db, transport) == 1


async def test_its_own_messages_are_left_to_the_only_sender(db, transport):
    key = await enqueue(db)
    await db.write(delivery.claim, worker="w", limit=1)
    await flows.reconcile(db, ports_with(transport), only_worker="w")
    assert (await message_of(db, key)).status == Status.CLAIMED


async def test_a_stop_between_claim_and_sending_wins(db, transport, author):
    key = await enqueue(db, source_id=None)

    def stop_meanwhile(session, message):
        if message.handle is None and message.text:  # written, and about to be sent
            service.move(session, message.id, service.Stop("replied"))
        return authors.Go()

    author.verdict = stop_meanwhile
    await send(db, transport)
    assert (await message_of(db, key)).status == Status.CANCELLED
    assert transport.delivered == []


async def test_the_author_may_say_later_and_the_reason_is_shown(db, transport, author):
    key, later = await enqueue(db), clock.now() + timedelta(hours=2)
    author.verdict = lambda session, message: Later(later, "outside the send window")
    await send(db, transport)
    message = await message_of(db, key)
    assert (message.status, message.due_at, message.reason) == (
        Status.QUEUED,
        later,
        "outside the send window",
    )
    assert message.attempts == 0


@pytest.mark.parametrize("status", [Status.CANCELLED, Status.SUPPRESSED, Status.EXPIRED, Status.HELD])
async def test_the_author_may_say_no(db, transport, author, status):
    key = await enqueue(db)
    author.verdict = lambda session, message: No(status, "because")
    await send(db, transport)
    message = await message_of(db, key)
    assert (message.status, message.reason) == (status, "because")
    assert transport.delivered == []


async def test_a_letter_with_a_missing_field_is_held_and_goes_on_when_it_is_mended(db, transport, author):
    key = await enqueue(db)
    good, author.letter = author.letter, MissingField("first_name")
    await send(db, transport)
    message = await message_of(db, key)
    assert (message.status, message.reason) == (Status.HELD, "the template needs first_name")
    author.letter = good
    await db.write(service.resume, SYSTEM, message_id=key)
    await send(db, transport)
    assert (await message_of(db, key)).status == Status.SENT


async def test_a_message_nobody_answers_for_is_held(db, transport):
    key = await enqueue(db, purpose="something-removed")
    await send(db, transport)
    assert (await message_of(db, key)).status == Status.HELD


async def test_nothing_is_claimed_while_sending_is_paused(db, transport):
    await enqueue(db)
    await db.write(service.pause, SYSTEM, paused=True)
    assert await send(db, transport) == 0
    await db.write(service.pause, SYSTEM, paused=False)
    assert await send(db, transport) == 1


async def test_mails_of_a_part_that_is_switched_off_wait_for_it(db, transport):
    key = await enqueue(db, purpose="followup")
    other = await enqueue(db, "other", purpose="something-removed")
    await db.write(modules.uninstall, name="followups")
    await send(db, transport)
    assert (await message_of(db, key)).status == Status.QUEUED
    assert (await message_of(db, other)).status == Status.HELD


async def uncertain(db, transport):
    key = await enqueue(db)
    transport.can_find, transport.script = False, [lost()]
    await send(db, transport)
    return key


async def test_a_person_marks_an_uncertain_message_as_sent_and_it_joins_the_timeline(db, transport):
    key = await uncertain(db, transport)
    await db.write(service.mark_sent, SYSTEM, message_id=key, remark="she answered on the phone")
    assert (await message_of(db, key)).status == Status.SENT
    assert len(await db.read(lambda session: session.scalars(sa.select(Activity)).all())) == 1


async def test_a_person_sends_an_uncertain_message_again(db, transport):
    key = await uncertain(db, transport)
    await db.write(service.retry, SYSTEM, message_id=key)
    await send(db, transport)
    assert (await message_of(db, key)).status == Status.SENT
    assert len(transport.delivered) == 2


async def test_what_is_sent_cannot_be_discarded(db, transport):
    key = await enqueue(db)
    await send(db, transport)
    with pytest.raises(Conflict, match="sent"):
        await db.write(service.discard, SYSTEM, message_id=key, remark="too late")


async def test_what_people_do_to_a_message_stands_in_the_audit_trail(db, transport):
    from crm_api.audit.models import AuditEntry

    key = await uncertain(db, transport)
    await db.write(service.discard, SYSTEM, message_id=key, remark="wrong person")
    entry = await db.read(
        lambda session: session.scalars(sa.select(AuditEntry).where(AuditEntry.record_id == key)).one()
    )
    assert (entry.before["status"], entry.after["status"]) == ("unknown", "cancelled")


async def test_a_suppressed_address_loses_what_was_waiting_for_it(db, transport):
    key = await enqueue(db, purpose="followup")
    await db.write(service.suppress, SYSTEM, address="Grace@Customer.com", reason="opt_out")
    assert (await message_of(db, key)).status == Status.SUPPRESSED
    assert await db.read(service.is_suppressed, "GRACE@customer.com")


async def test_a_recipients_turn_comes_when_the_last_mail_is_old_enough(db, transport):
    await enqueue(db)
    await send(db, transport)
    limits = ((1, timedelta(hours=20)), (3, timedelta(days=7)))
    asked = {"address": "grace@customer.com", "purposes": ("test",), "limits": limits}
    (message,) = await all_messages(db)
    assert await db.write(service.next_turn, **asked) == message.sending_at + timedelta(hours=20)
    with clock.frozen(clock.now() + timedelta(hours=21)):
        assert await db.write(service.next_turn, **asked) is None


async def two_workers(db):
    """One that lost its claim without noticing, and the one that has it now."""
    await enqueue(db)
    (slow,) = await db.write(delivery.claim, worker="slow", limit=1)
    await let_leases_run_out(db)
    await db.write(delivery.reap, settle=0)
    await make_due(db)
    (quick,) = await db.write(delivery.claim, worker="quick", limit=1)
    return slow, quick


START = {"handle": "h", "transport": "memory", "inbox_is_read": False}


async def test_of_two_workers_with_one_message_only_the_later_may_send(db, transport):
    slow, quick = await two_workers(db)
    assert not await db.write(delivery.start_sending, slow, **START)
    assert await db.write(delivery.start_sending, quick, **START)


async def test_what_a_worker_says_of_a_message_that_is_not_its_own_any_more_is_dropped(db, transport):
    slow, quick = await two_workers(db)
    await db.write(delivery.start_sending, quick, **START)
    assert not await db.write(delivery.failed, slow, reason="busy")
    assert not await db.write(delivery.rejected, slow, reason="no")
    assert not await db.write(delivery.lost_sight, slow, reason="?", settle=0)
    assert (await message_of(db, quick.message_id)).status == Status.SENDING


async def test_a_message_is_listed_as_uncertain_as_soon_as_the_transport_could_not_tell(db, transport):
    key = await uncertain(db, transport)
    assert not (await message_of(db, key)).is_uncertain
    await flows.reconcile(db, ports_with(transport))
    assert (await message_of(db, key)).is_uncertain
