"""Who asked for a message has the last word on it: whether it may still leave, and what it says.

The outbox lies below the rooms that send, so it cannot ask them by name. Each declares its author under
the `purpose` of its messages, as each domain declares its access rules.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy.orm import Session

from crm_api.core.templating import RenderedEmail
from crm_api.outbox.models import OutboxMessage
from crm_api.outbox.state import Status


@dataclass(frozen=True, slots=True)
class Go:
    """It may leave now."""


@dataclass(frozen=True, slots=True)
class Later:
    """Not now; `reason` is shown beside the message until then."""

    until: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class No:
    """Never: cancelled, suppressed, expired; or held until somebody mends what `reason` names."""

    status: Status
    reason: str


Verdict = Go | Later | No


class Author(Protocol):
    """Answers for the messages of one purpose."""

    def hold(self, session: Session, message: OutboxMessage) -> None:
        """Lock the author's own row for the message. Every transaction that touches both locks it first and
        the message second, so that a stop and a sent mail never wait for each other."""
        ...

    def last_word(self, session: Session, message: OutboxMessage, *, inbox_is_read: bool) -> Verdict:
        """Whether the message may leave now. Called before it is written and again in the transaction that
        commits `sending`; locks whatever could change its mind meanwhile. `inbox_is_read` says whether
        replies are looked for at all in this installation."""
        ...

    def write(self, session: Session, message: OutboxMessage) -> RenderedEmail:
        """The letter. Raises MissingField or BadTemplate."""
        ...


_authors: dict[str, Author] = {}


def declare(purpose: str, author: Author) -> None:
    """Let `author` answer for the messages of `purpose`."""
    _authors[purpose] = author


def author_of(message: OutboxMessage) -> Author | None:
    """Who answers for a message; None where the part that planned it is not installed any more."""
    return _authors.get(message.purpose)


def hold(session: Session, message: OutboxMessage) -> None:
    """Lock the author's row for a message that is about to be settled."""
    author = author_of(message)
    if author is not None:
        author.hold(session, message)
