"""A database with the people and things a mail needs, and a transport that does as it is told."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.core.database import Database
from crm_api.core.templating import RenderedEmail
from crm_api.outbox import authors
from crm_api.outbox.authors import Go, Verdict
from crm_api.outbox.models import OutboxMessage
from crm_api.ports import OutcomeUnknown, OutgoingEmail, Ports, SendState, SentEmail


@dataclass
class Transport:
    """An EmailSender in memory. `script` is what the next submissions meet, before or after the effect.

    An entry "ok" sends; an exception is raised without sending; ("late", exception) sends and raises.
    """

    name: str = "memory"
    settle_seconds: float = 0.0
    can_find: bool = True
    script: list[Any] = field(default_factory=list)
    on_prepare: list[Exception] = field(default_factory=list)
    delivered: list[OutgoingEmail] = field(default_factory=list)
    submissions: int = 0

    async def prepare(self, message: OutgoingEmail) -> str:
        if self.on_prepare:
            raise self.on_prepare.pop(0)
        return f"handle-{message.send_key}"

    async def submit(self, handle: str, message: OutgoingEmail) -> SentEmail:
        self.submissions += 1
        step = self.script.pop(0) if self.script else "ok"
        if isinstance(step, BaseException):
            raise step
        self.delivered.append(message)
        if isinstance(step, tuple):
            raise step[1]
        return SentEmail(provider_id=f"provider-{message.send_key}", message_id=message.message_id)

    async def find(self, handle: str, message: OutgoingEmail) -> SendState:
        if not self.can_find:
            return SendState.UNKNOWN
        sent = any(mail.send_key == message.send_key for mail in self.delivered)
        return SendState.SENT if sent else SendState.NOT_SENT


def ports_with(sender: Any, reader: Any = None) -> Ports:
    """Ports of which only mail is there: nothing here looks at a map."""
    return Ports(email_sender=sender, mailbox_reader=reader, geocoder=None, travel_times=None)  # type: ignore[arg-type]


@dataclass
class PlainAuthor:
    """Writes a fixed letter and lets everything go, unless told otherwise."""

    verdict: Callable[[Session, OutboxMessage], Verdict] = lambda session, message: Go()
    letter: RenderedEmail | Exception = field(default_factory=lambda: RenderedEmail("Hi", "Hello\n", None))

    def hold(self, session: Session, message: OutboxMessage) -> None:
        """Has no rows of its own."""

    def last_word(self, session: Session, message: OutboxMessage, *, inbox_is_read: bool) -> Verdict:
        return self.verdict(session, message)

    def write(self, session: Session, message: OutboxMessage) -> RenderedEmail:
        if isinstance(self.letter, Exception):
            raise self.letter
        return self.letter


async def message_of(db: Database, message_id: UUID) -> OutboxMessage:
    """The message as it is stored now."""
    return await db.read(lambda session: session.get_one(OutboxMessage, message_id))


async def all_messages(db: Database) -> list[OutboxMessage]:
    """Every message, oldest first."""
    return await db.read(
        lambda session: list(
            session.scalars(sa.select(OutboxMessage).order_by(OutboxMessage.created_at, OutboxMessage.id))
        )
    )


def lost(reason: str = "no answer") -> tuple[str, OutcomeUnknown]:
    """A script entry: the mail is sent, and the answer is lost."""
    return ("late", OutcomeUnknown(reason))


__all__ = ["PlainAuthor", "Transport", "all_messages", "authors", "lost", "message_of", "ports_with"]
