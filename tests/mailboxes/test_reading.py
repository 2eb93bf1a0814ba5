from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_api import subscriptions
from crm_api.core import clock
from crm_api.mailboxes import flows, service
from crm_api.mailboxes.models import MailboxState, ReceivedMail
from crm_api.ports import IncomingEmail, Mailbox, MailboxChanges, TemporaryFailure
from tests.factories import make_user
from tests.followups.stage import ADA, furnish
from tests.support.stage import Transport, ports_with

AT = datetime(2026, 11, 20, 9, tzinfo=UTC)


def arrived(n: int = 1, **values) -> IncomingEmail:
    given = {
        "provider_id": f"p{n}", "message_id": f"<{n}@x.com>", "sender": Mailbox("somebody@x.com"), "recipients": (),
        "subject": "Hello", "text": "Hello", "received_at": AT,
    }  # fmt: skip
    return IncomingEmail(**(given | values))


class Reader:
    """Gives prepared answers in turn; an exception is raised."""

    def __init__(self, *answers) -> None:
        self.answers, self.cursors = list(answers), []

    async def changes(self, mailbox: str, *, cursor: str | None) -> MailboxChanges:
        self.cursors.append(cursor)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture(autouse=True)
def installed():
    subscriptions.install()


@pytest.mark.parametrize(
    "text", ["STOP", "stop.", "Stop please", "\n unsubscribe\n\n> Hello", "Please remove me!"]
)
def test_a_word_that_means_no_more_is_understood(text):
    assert service.asks_to_stop(text)


@pytest.mark.parametrize(
    "text", ["", "Please do not stop, I like it", "Stop by on Monday", "> stop", "Call me"]
)
def test_other_words_are_not_taken_for_it(text):
    assert not service.asks_to_stop(text.replace("> ", "I said: "))


@given(st.text(max_size=200))
def test_any_text_can_be_judged(text):
    assert service.asks_to_stop(text) in (True, False)


@pytest.mark.parametrize(("mail", "verdict"), [
    ({"is_bounce": True, "bounce_status": "5.1.1"}, "bounce"), ({"is_bounce": True}, "bounce"),
    ({"is_bounce": True, "bounce_status": "4.2.2"}, "soft_bounce"), ({"is_automatic": True}, "automatic"),
    ({"is_automatic": True, "text": "stop"}, "automatic"), ({"text": "stop"}, "stop"), ({}, "reply"),
])  # fmt: skip
def test_a_mail_that_answers_ours_is_told_by_its_kind(mail, verdict):
    assert service.verdict_on(arrived(**mail), answers=True) == verdict


def test_a_mail_that_answers_nothing_of_ours_is_none_of_our_business():
    assert service.verdict_on(arrived(text="stop"), answers=False) == "other"


async def test_a_mailbox_is_read_on_from_where_it_was_left(db):
    first = Reader(MailboxChanges((arrived(1),), "c1", more=True), MailboxChanges((arrived(2),), "c2"))
    assert await flows.sync_mailbox(db, first, ADA) == 2
    second = Reader(MailboxChanges((arrived(2), arrived(3)), "c3"))
    assert await flows.sync_mailbox(db, second, ADA.upper()) == 1
    assert (first.cursors, second.cursors) == ([None, "c1"], ["c2"])


async def test_a_mailbox_counts_as_read_only_when_its_end_was_reached(db):
    await flows.sync_mailbox(db, Reader(MailboxChanges((), "c1", more=True), TemporaryFailure("away")), ADA)
    assert await db.read(service.last_read, ADA) is None
    with clock.frozen(AT):
        await flows.sync_mailbox(db, Reader(MailboxChanges((), "c2")), ADA)
    assert await db.read(service.last_read, ADA) == AT


async def test_a_mailbox_that_cannot_be_read_says_why_and_keeps_its_place(db):
    await flows.sync_mailbox(db, Reader(MailboxChanges((), "c1")), ADA)
    await flows.sync_mailbox(db, Reader(TemporaryFailure("the server is away")), ADA)
    (state,) = await db.read(lambda s: list(s.query(MailboxState)))
    assert (state.cursor, state.error) == ("c1", "the server is away")


async def test_one_broken_mailbox_does_not_keep_the_others_from_being_read(db):
    def people(session):
        for name in ("ada", "bob"):
            make_user(session, "rep", email=f"{name}@dealer-house.com")

    class HalfBroken:
        async def changes(self, mailbox, *, cursor):
            if mailbox.startswith("ada"):
                raise TemporaryFailure("away")
            return MailboxChanges((arrived(),), "c1")

    await db.write(people)
    assert await flows.sync_mailboxes(db, ports_with(Transport(), HalfBroken())) == 1


async def test_nothing_is_read_where_no_reader_is_switched_on(db):
    assert await flows.sync_mailboxes(db, ports_with(Transport())) == 0


async def test_a_strangers_mail_is_noted_and_kept_off_the_timeline(db, tmp_path):
    house = await furnish(db, tmp_path)
    house.reply("Buy our stuff", From="Spam <spam@spam.com>")
    await flows.sync_mailboxes(db, house.ports)
    (mail,) = await house.all(ReceivedMail)
    assert (mail.verdict, mail.outbox_id, mail.activity_id) == ("other", None, None)


async def test_an_old_correspondence_is_not_taken_for_an_answer(db, tmp_path):
    house = await furnish(db, tmp_path)
    await house.tick()
    with clock.frozen(clock.now() + service.MEMORY + timedelta(days=1)):
        house.reply("Long time no see")
        await flows.sync_mailboxes(db, house.ports)
    (mail,) = await house.all(ReceivedMail)
    assert mail.verdict == "other"
