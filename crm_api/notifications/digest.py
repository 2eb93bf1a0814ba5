"""Notices by mail: what gathered for a person goes out as one letter, and not more than one in a quarter of an hour."""

from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.core import clock
from crm_api.core.templating import TEMPLATES, RenderedEmail, render_email
from crm_api.notifications.models import Notification
from crm_api.organisation.service import profile
from crm_api.outbox import service as outbox
from crm_api.outbox.authors import Go, No, Verdict
from crm_api.outbox.models import OutboxMessage
from crm_api.outbox.state import Status
from crm_api.ports import Mailbox
from crm_api.users.models import User

PURPOSE = "notice"
AT_MOST_EVERY = timedelta(minutes=15)
STALE = timedelta(days=1)  # a notice that could not be sent for a day is looked up in the list
MOST = 50  # lines of one letter
LETTERS = TEMPLATES.parent / "notices"


class NoticeAuthor:
    """Answers for notices: they go to our own people alone, as long as these are there."""

    def hold(self, session: Session, message: OutboxMessage) -> None:
        """Nothing here changes with the mail."""

    def last_word(self, session: Session, message: OutboxMessage, *, inbox_is_read: bool) -> Verdict:
        """Not to somebody who has left, nor to an address that is theirs no more."""
        user = session.get(User, message.source_id)
        if user is None or not user.is_active:
            return No(Status.CANCELLED, "the person has left")
        if outbox.recipient_key(user.email or "") != message.recipient_key:
            return No(Status.CANCELLED, "the address has changed")
        return Go()

    def write(self, session: Session, message: OutboxMessage) -> RenderedEmail:
        """Notices are written when they are planned."""
        return RenderedEmail(message.subject or "", message.text or "", message.html)


def waiting(session: Session) -> list[UUID]:
    """The people for whom notices have gathered."""
    some = sa.select(Notification.user_id).where(Notification.by_mail, Notification.message_id.is_(None))
    return list(session.scalars(some.distinct().limit(500)))


def plan(session: Session, *, user_id: UUID, sender: str, address: str) -> bool:
    """Put what gathered for a person into one letter; False where one was planned in the last 15 minutes.

    The person's row is locked meanwhile, so that two workers never write two letters. What they have read already is
    left out. `sender` is the address it comes from, `address` where the service is found.
    """
    person = session.scalars(sa.select(User).where(User.id == user_id).with_for_update()).one()
    now = clock.now()
    lately = sa.select(OutboxMessage.id).where(
        OutboxMessage.source_id == user_id,
        OutboxMessage.purpose == PURPOSE,
        OutboxMessage.created_at > now - AT_MOST_EVERY,
    )
    if session.scalar(lately.limit(1)) is not None:
        return False
    gathered = session.scalars(
        sa.select(Notification)
        .where(Notification.user_id == user_id, Notification.by_mail, Notification.message_id.is_(None))
        .order_by(Notification.at, Notification.id)
    ).all()
    news = [one for one in gathered if not one.is_read]
    letter = _letter(session, person, news, address) if news and person.is_active and person.email else None
    sent = outbox.enqueue(session, _message(person, letter, sender, news[0].id)) if letter else None
    for one in gathered:
        one.message_id = sent.id if sent else one.id  # its own id: nothing was worth sending
    return sent is not None


def _message(person: User, letter: RenderedEmail, sender: str, first: UUID) -> outbox.NewMessage:
    now = clock.now()
    return outbox.NewMessage(
        purpose=PURPOSE, idem_key=f"notice:{person.id}:{first}", sender=Mailbox(sender, "Rounds"),
        recipient=Mailbox(person.email or "", person.name), due_at=now, expires_at=now + STALE,
        subject=letter.subject, text=letter.text, html=letter.html, source_id=person.id,
    )  # fmt: skip


def _letter(session: Session, person: User, news: list[Notification], address: str) -> RenderedEmail:
    values = {
        "person": {"name": person.name},
        "organisation": {"name": profile(session).name},
        "lines": [one.summary for one in news[:MOST]],
        "more": {"count": len(news) - MOST} if len(news) > MOST else {},
        "address": address,
    }
    return render_email("digest", values, folder=LETTERS)
