"""The sending process's side: claim, write, hand over, record, and find out where no answer came.

Each function is one transaction. What happens between two of them may crash at any point.
"""

import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.core import clock, dialect
from crm_api.core.templating import BadTemplate, MissingField, RenderedEmail
from crm_api.modules import service as modules
from crm_api.outbox import queries, timeline
from crm_api.outbox.authors import Go, Later, No, author_of, hold
from crm_api.outbox.models import OutboxMessage
from crm_api.outbox.service import HORIZON, is_paused, move
from crm_api.outbox.state import (
    MAX_LOOKS,
    Accept,
    Event,
    Expire,
    Fail,
    Found,
    GiveBack,
    IllegalTransition,
    LeaseRanOut,
    LoseSight,
    Queue,
    Refuse,
    Reject,
    Status,
    Submit,
    backoff,
)
from crm_api.ports import Mailbox, OutgoingEmail, SendState, SentEmail

CLAIM_LEASE = timedelta(seconds=60)
# Longer than the 30 s that handing over may take, so that only a worker that is gone or stuck outlives it.
SENDING_LEASE = timedelta(seconds=60)
FIRST_LOOK = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message in this worker's hands; `token` proves it."""

    message_id: UUID
    token: int
    sender_address: str


def claim(session: Session, *, worker: str, limit: int) -> list[Claimed]:
    """Take up to `limit` due messages for `worker`, for 60 seconds: one conditional UPDATE … RETURNING."""
    if is_paused(session):
        return []
    now = clock.now()
    due = dialect.skip_locked(
        session, queries.due(now, limit=limit, but_not=modules.waiting_purposes(session))
    ).cte("due")
    rows = session.execute(
        sa.update(OutboxMessage)
        .where(OutboxMessage.id.in_(sa.select(due.c.id)), OutboxMessage.status == Status.QUEUED)
        .values(
            status=Status.CLAIMED, token=OutboxMessage.token + 1, claimed_by=worker,
            lease_until=now + CLAIM_LEASE, updated_at=now,
        )
        .returning(OutboxMessage.id, OutboxMessage.token, OutboxMessage.sender_address)
        .execution_options(synchronize_session=False)
    ).all()  # fmt: skip
    return [Claimed(*row) for row in rows]


def write(
    session: Session, claimed: Claimed, *, inbox_is_read: bool
) -> tuple[OutgoingEmail, str | None] | None:
    """Write a claimed message, if it may leave: the mail, and its handle where it was prepared before.

    None where it may not, or is not ours any more. What was prepared before keeps its words.
    """
    message = _mine(session, claimed)
    if message is None or not _may_leave(session, message, claimed, inbox_is_read):
        return None
    if message.handle is None and not _compose(session, message, claimed):
        return None
    return outgoing(message), message.handle


def start_sending(
    session: Session, claimed: Claimed, *, handle: str, transport: str, inbox_is_read: bool
) -> bool:
    """The last word and the point of no return, in one transaction: after it the message may have left.

    False where the message may not leave, or is not ours any more.
    """
    message = _mine(session, claimed)
    if message is None or not _may_leave(session, message, claimed, inbox_is_read):
        return False
    now = clock.now()
    event = Submit(claimed.token, handle, now, now + SENDING_LEASE)
    return _tell(session, claimed, event, sending_at=now, transport=transport)


def accepted(session: Session, claimed: Claimed, *, sent: SentEmail) -> bool:
    """The transport has taken the message. False where somebody else has settled it meanwhile."""
    message = session.get_one(OutboxMessage, claimed.message_id)
    hold(session, message)
    columns = {"sent_at": clock.now(), "sent_message_id": sent.message_id}
    if not _tell(session, claimed, Accept(claimed.token, sent.provider_id), **columns):
        return False
    timeline.tell(session, message)
    return True


def failed(session: Session, claimed: Claimed, *, reason: str, retry_after: float | None = None) -> bool:
    """Certainly not sent: wait and try again, up to eight times."""
    message = session.get(OutboxMessage, claimed.message_id)
    attempts = message.attempts + 1 if message else 1
    wait = backoff(attempts, random.random(), retry_after=retry_after)
    return _tell(session, claimed, Fail(claimed.token, clock.now() + wait, reason))


def rejected(session: Session, claimed: Claimed, *, reason: str) -> bool:
    """Certainly not sent, and never will be."""
    return _tell(session, claimed, Reject(claimed.token, reason))


def lost_sight(session: Session, claimed: Claimed, *, reason: str, settle: float) -> bool:
    """No answer: to be looked for after `settle` seconds."""
    look_at = clock.now() + timedelta(seconds=settle)
    return _tell(session, claimed, LoseSight(claimed.token, look_at, reason))


# ── Afterwards ───────────────────────────────────────────────────────────────────────────────────


def reap(session: Session, *, settle: float, only_worker: str | None = None) -> int:
    """Take messages back from workers that went silent; returns how many.

    With `only_worker`, every other worker is known to be gone (it holds the lock of the one sender), and
    their leases are not waited for.
    """
    now = clock.now()
    event = LeaseRanOut(now, now + timedelta(seconds=settle), worker_is_gone=only_worker is not None)
    ids = session.scalars(queries.silent(now, but_not=only_worker)).all()
    return sum(_try(session, message_id, event) for message_id in ids)


def tidy(session: Session) -> int:
    """Queue what was planned and is near, expire what is too late; returns how many messages moved."""
    now = clock.now()
    moved = [
        _try(session, message_id, Expire(now)) for message_id in session.scalars(queries.expired(now)).all()
    ]
    for message_id in session.scalars(queries.soon_due(now + HORIZON)).all():
        due_at = session.get_one(OutboxMessage, message_id).due_at or now
        moved.append(_try(session, message_id, Queue(due_at)))
    return sum(moved)


def lost(session: Session) -> list[tuple[UUID, OutgoingEmail, str]]:
    """Messages to look for now, with the mail and the handle they were handed over under."""
    ids = session.scalars(queries.to_look_for(clock.now())).all()
    messages: Sequence[OutboxMessage] = [session.get_one(OutboxMessage, message_id) for message_id in ids]
    return [(message.id, outgoing(message), message.handle or "") for message in messages]


def found(session: Session, *, message_id: UUID, verdict: SendState) -> bool:
    """Record what the transport said of a lost message; it is asked five times, then a person is."""
    message = session.get_one(OutboxMessage, message_id)
    hold(session, message)
    now = clock.now()
    again = message.looks + 1 < MAX_LOOKS
    look_at = now + FIRST_LOOK * 4**message.looks if again else None
    columns = {"sent_at": now} if verdict is SendState.SENT else {}
    if not _try(session, message_id, Found(verdict, now, look_at), **columns):
        return False
    if verdict is SendState.SENT:
        timeline.tell(session, message)
    return True


def outgoing(message: OutboxMessage) -> OutgoingEmail:
    """A written message as the port takes it."""
    return OutgoingEmail(
        send_key=str(message.id),
        message_id=message.message_id,
        sender=Mailbox(message.sender_address, message.sender_name),
        recipient=Mailbox(message.recipient_address, message.recipient_name),
        subject=message.subject or "",
        text=message.text or "",
        html=message.html,
        # Receipts are not wanted; an out-of-office is, because it pauses a sequence.
        headers={"X-Auto-Response-Suppress": "DR, RN, NRN", "X-CRM-Message": str(message.id)},
    )


# ── Steps ────────────────────────────────────────────────────────────────────────────────────────


def _mine(session: Session, claimed: Claimed) -> OutboxMessage | None:
    """The message, where this worker still holds it."""
    return session.scalars(
        sa.select(OutboxMessage).where(
            OutboxMessage.id == claimed.message_id,
            OutboxMessage.token == claimed.token,
            OutboxMessage.status == Status.CLAIMED,
        )
    ).first()


def _may_leave(session: Session, message: OutboxMessage, claimed: Claimed, inbox_is_read: bool) -> bool:
    author = author_of(message)
    now = clock.now()
    if message.expires_at is not None and message.expires_at <= now:
        verdict: Go | Later | No = No(Status.EXPIRED, message.reason or "not sent in time")
    elif author is None:
        verdict = No(Status.HELD, f"nothing here answers for messages of the purpose {message.purpose!r}")
    else:
        verdict = author.last_word(session, message, inbox_is_read=inbox_is_read)
    match verdict:
        case Go():
            return True
        case Later(until, reason):
            _tell(session, claimed, GiveBack(claimed.token, until, reason))
        case No(status, reason):
            _tell(session, claimed, Refuse(claimed.token, status, reason))
    return False


def _compose(session: Session, message: OutboxMessage, claimed: Claimed) -> bool:
    """Render just before sending; the hash says later what was sent."""
    author = author_of(message)
    assert author is not None, "its last word was asked before"
    try:
        letter = author.write(session, message) if message.template else _given(message)
    except (MissingField, BadTemplate) as error:
        _tell(session, claimed, Refuse(claimed.token, Status.HELD, str(error)))
        return False
    content = "\0".join((letter.subject, letter.text, letter.html or ""))
    written = session.execute(
        sa.update(OutboxMessage)
        .where(
            OutboxMessage.id == claimed.message_id,
            OutboxMessage.token == claimed.token,
            OutboxMessage.status == Status.CLAIMED,
        )
        .values(
            subject=letter.subject, text=letter.text, html=letter.html,
            content_hash=hashlib.sha256(content.encode()).hexdigest(),
        )
        .returning(OutboxMessage.id)
        .execution_options(synchronize_session=False)
    ).first()  # fmt: skip
    session.refresh(message)
    return written is not None


def _given(message: OutboxMessage) -> RenderedEmail:
    return RenderedEmail(message.subject or "", message.text or "", message.html)


def _tell(session: Session, claimed: Claimed, event: Event, **columns: object) -> bool:
    return _try(session, claimed.message_id, event, **columns)


def _try(session: Session, message_id: UUID, event: Event, **columns: object) -> bool:
    """False where the event came too late: whoever was faster has settled it, and we drop ours."""
    try:
        return move(session, message_id, event, **columns) is not None
    except IllegalTransition:
        return False
