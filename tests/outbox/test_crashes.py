"""A crash at every transaction and every call of the transport, and one mail at the end.

The worker is "killed" by an exception nothing catches, just before or just after each of its steps; then
another starts on what the database holds. What arrived is counted outside.
"""

from contextlib import suppress
from datetime import timedelta

import pytest
import sqlalchemy as sa

from crm_api import subscriptions
from crm_api.core import clock
from crm_api.outbox import authors, delivery, flows, service
from crm_api.outbox.models import OutboxMessage
from crm_api.outbox.state import Status
from crm_api.ports import Mailbox, OutcomeUnknown, PermanentFailure, TemporaryFailure
from integrations.offline.maildir import MaildirSender
from tests.support.stage import PlainAuthor, Transport, all_messages, ports_with

STEPS = 8  # more than one message takes: tidy, claim, write, prepare, start, submit, record, claim


class Killed(BaseException):
    """The process is gone. Not an Exception: nothing in the code may catch it."""


class Countdown:
    """Dies at the n-th step, before or after its effect."""

    def __init__(self, step: int, *, after: bool) -> None:
        self.left, self.after = step, after

    async def around(self, work):
        self.left -= 1
        if self.left == 0 and not self.after:
            raise Killed
        result = await work
        if self.left == 0:
            raise Killed
        return result


class MortalDatabase:
    """A database whose transactions count."""

    def __init__(self, db, countdown):
        self.db, self.countdown = db, countdown

    async def read(self, *args, **kwargs):
        return await self.db.read(*args, **kwargs)

    async def write(self, *args, **kwargs):
        return await _closing(self.countdown, self.db.write(*args, **kwargs))


class MortalSender:
    """A transport whose calls count."""

    def __init__(self, sender, countdown):
        self.sender, self.countdown = sender, countdown
        self.name, self.settle_seconds = sender.name, sender.settle_seconds

    async def prepare(self, message):
        return await _closing(self.countdown, self.sender.prepare(message))

    async def submit(self, handle, message):
        return await _closing(self.countdown, self.sender.submit(handle, message))

    async def find(self, handle, message):
        return await _closing(self.countdown, self.sender.find(handle, message))


async def _closing(countdown, work):
    try:
        return await countdown.around(work)
    finally:
        work.close()


@pytest.fixture(autouse=True)
def installed():
    subscriptions.install()
    authors.declare("test", PlainAuthor())


async def plan(db):
    message = service.NewMessage(
        purpose="test", idem_key="k", sender=Mailbox("ada@dealer-house.com"), recipient=Mailbox("grace@customer.com"),
        due_at=clock.now(), template="any",
    )  # fmt: skip
    await db.write(service.enqueue, message)


async def live_and_die(db, sender, step, *, after):
    """One worker, killed at its n-th step; returns whether it came that far."""
    countdown = Countdown(step, after=after)
    try:
        await flows.send_due(
            MortalDatabase(db, countdown), ports_with(MortalSender(sender, countdown)), worker="first"
        )
        await flows.reconcile(MortalDatabase(db, countdown), ports_with(MortalSender(sender, countdown)))
    except Killed:
        return True
    return False


async def come_back(db, sender, *, rounds=3):
    """The next workers, for as long as it takes: leases run out, waits pass."""
    for hour in range(1, rounds + 1):
        with clock.frozen(clock.now() + timedelta(hours=7 * hour)):
            await flows.reconcile(db, ports_with(sender))
            await flows.send_due(db, ports_with(sender), worker=f"later-{hour}")


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("step", range(1, STEPS + 1))
async def test_with_the_maildir_exactly_one_mail_arrives_wherever_the_worker_dies(db, tmp_path, step, after):
    sender = MaildirSender(tmp_path)
    await plan(db)
    await live_and_die(db, sender, step, after=after)
    await come_back(db, sender)
    (message,) = await all_messages(db)
    assert message.status == Status.SENT
    assert len(list(tmp_path.glob("out/*/new/*"))) == 1


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("step", range(1, STEPS + 1))
async def test_where_nobody_can_tell_at_most_one_arrives_and_none_is_lost_silently(db, step, after):
    sender = Transport(can_find=False)
    await plan(db)
    await live_and_die(db, sender, step, after=after)
    await come_back(db, sender)
    (message,) = await all_messages(db)
    assert len(sender.delivered) <= 1
    assert message.status in (Status.SENT, Status.UNKNOWN)
    if message.status == Status.SENT:
        assert len(sender.delivered) == 1


async def test_the_steps_of_one_message_are_all_covered(db):
    """The countdown runs past the end of a whole round: no step was left out above."""
    await plan(db)
    assert not await live_and_die(db, Transport(), STEPS + 4, after=False)


async def test_a_crash_of_the_second_worker_changes_nothing_either(db, tmp_path):
    sender = MaildirSender(tmp_path)
    for step in range(1, STEPS + 1):
        for second in range(1, 5):
            await db.write(lambda session: session.execute(sa.delete(OutboxMessage)))
            for path in tmp_path.glob("out/*/*/*"):
                path.unlink()
            await plan(db)
            await live_and_die(db, sender, step, after=True)
            with clock.frozen(clock.now() + timedelta(hours=1)):
                countdown = Countdown(second, after=True)
                with suppress(Killed):
                    await flows.reconcile(
                        MortalDatabase(db, countdown), ports_with(MortalSender(sender, countdown))
                    )
            await come_back(db, sender)
            assert len(list(tmp_path.glob("out/*/new/*"))) == 1, f"killed at {step}, then at {second}"


@pytest.mark.parametrize("faults", [
    [TemporaryFailure("busy")] * 3,
    [OutcomeUnknown("504"), TemporaryFailure("429")],
    [("late", OutcomeUnknown("504")), OutcomeUnknown("503")],
    [("late", RuntimeError("a bug"))],
    [TemporaryFailure("busy"), ("late", OutcomeUnknown("dropped"))],
])  # fmt: skip
async def test_whatever_the_transport_does_one_mail_arrives(db, faults):
    sender = Transport(script=list(faults))
    await plan(db)
    await come_back(db, sender, rounds=len(faults) + 3)
    assert len(sender.delivered) == 1


async def test_a_frozen_worker_that_wakes_up_after_its_message_was_sent_by_another_sends_nothing(
    db, tmp_path
):
    sender = MaildirSender(tmp_path)
    await plan(db)
    (frozen,) = await db.write(delivery.claim, worker="frozen", limit=1)
    message, _ = await db.write(delivery.write, frozen, inbox_is_read=False)
    handle = await sender.prepare(message)
    started = await db.write(
        delivery.start_sending, frozen, handle=handle, transport="maildir", inbox_is_read=False
    )
    assert started
    await come_back(db, sender)  # the lease is over; it is looked for, not found, and sent
    await sender.submit(handle, message)  # it wakes up in the middle of its call
    assert not await db.write(delivery.rejected, frozen, reason="too late to say")
    assert len(list(tmp_path.glob("out/*/new/*"))) == 1


async def test_a_permanent_refusal_is_listed_and_not_repeated(db):
    sender = Transport(script=[PermanentFailure("no such person")])
    await plan(db)
    await come_back(db, sender)
    (message,) = await all_messages(db)
    assert (message.status, message.reason, sender.submissions) == (Status.DEAD, "no such person", 1)


async def test_the_transport_is_asked_again_only_with_growing_patience(db):
    sender = Transport(can_find=False, script=[("late", OutcomeUnknown("504"))])
    await plan(db)
    await flows.send_due(db, ports_with(sender), worker="w")
    waits = []
    for _ in range(5):
        (message,) = await all_messages(db)
        if message.due_at is None:
            break
        waits.append(message.due_at - clock.now())
        with clock.frozen(message.due_at):
            await flows.reconcile(db, ports_with(sender))
    assert waits == sorted(waits)
    assert (await all_messages(db))[0].is_uncertain
