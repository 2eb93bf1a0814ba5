"""What an arrived mail is, what it answers, and what follows from it."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api import events
from crm_api.access import SYSTEM
from crm_api.activities import service as activities
from crm_api.activities.models import Activity
from crm_api.core import clock, dialect
from crm_api.core.ids import new_id
from crm_api.core.text import fold
from crm_api.mailboxes.models import MailboxState, ReceivedMail
from crm_api.outbox import queries as sent
from crm_api.outbox import service as outbox
from crm_api.outbox.models import OutboxMessage
from crm_api.ports import IncomingEmail, MailboxChanges
from crm_api.users.models import User

MEMORY = timedelta(
    days=60
)  # how long a mail from somebody we wrote to counts as an answer without naming ours
SOFT_BOUNCES = 3
_STOP_WORDS = ("stop", "unsubscribe", "remove me", "opt out")


# ── How far we have read ─────────────────────────────────────────────────────────────────────────


def to_read(session: Session) -> list[str]:
    """The mailboxes to read: those of everybody who may write to a customer."""
    statement = sa.select(User.email).where(
        User.is_active.is_(True), User.email.is_not(None), User.role != "viewer"
    )
    return [email for email in session.scalars(statement.order_by(User.email_key)) if email]


def cursor_of(session: Session, mailbox: str) -> str | None:
    """Where reading goes on; None where a mailbox was never read."""
    return session.scalar(sa.select(MailboxState.cursor).where(MailboxState.address_key == fold(mailbox)))


def last_read(session: Session, mailbox: str) -> datetime | None:
    """When a mailbox was last read to its end (UTC)."""
    return session.scalar(sa.select(MailboxState.synced_at).where(MailboxState.address_key == fold(mailbox)))


def note_failure(session: Session, mailbox: str, *, error: str) -> None:
    """Remember why a mailbox could not be read; automatic mail from it waits meanwhile."""
    _remember(session, mailbox, failed_at=clock.now(), error=error[:1000])


def take_in(session: Session, mailbox: str, changes: MailboxChanges, *, asked_at: datetime) -> int:
    """Make of each mail what it is, and move the cursor, together; returns how many were new.

    `asked_at` is when the mailbox was asked: what arrives during the work counts as unread.
    """
    new = sum(_take_in_one(session, mailbox, mail) for mail in changes.messages)
    values: dict[str, object] = {"cursor": changes.cursor, "failed_at": None, "error": None}
    if not changes.more:
        values["synced_at"] = asked_at
    _remember(session, mailbox, **values)
    return new


def _remember(session: Session, mailbox: str, **values: object) -> None:
    row = {"id": new_id(), "address_key": fold(mailbox), **values}
    dialect.upsert(session, MailboxState.__table__, [row], key=["address_key"], update=list(values))


# ── One mail ─────────────────────────────────────────────────────────────────────────────────────


def verdict_on(mail: IncomingEmail, *, answers: bool) -> str:
    """What a mail is: a person's reply, their "stop", a machine's note, a bounce, or none of our business."""
    if mail.is_bounce:
        return "bounce" if (mail.bounce_status or "5").startswith("5") else "soft_bounce"
    if mail.is_automatic:
        return "automatic"
    if not answers:
        return "other"
    return "stop" if asks_to_stop(mail.text) else "reply"


def asks_to_stop(text: str) -> bool:
    """Whether the person's own first line is nothing but a word that means: no more mails."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    words = " ".join(re.findall(r"[a-z]+", first.casefold()))
    return words.removesuffix(" please").removeprefix("please ") in _STOP_WORDS


def _take_in_one(session: Session, mailbox: str, mail: IncomingEmail) -> bool:
    ours = _answered(session, mailbox, mail)
    verdict = verdict_on(mail, answers=ours is not None)
    row = {
        "id": new_id(), "mailbox_key": fold(mailbox), "provider_id": mail.provider_id, "message_id": mail.message_id,
        "sender_key": fold(mail.sender.address), "subject": mail.subject, "received_at": mail.received_at,
        "read_at": clock.now(), "verdict": verdict, "outbox_id": ours.id if ours else None,
    }  # fmt: skip
    if not dialect.insert_if_absent(
        session,
        ReceivedMail.__table__,
        row,
        key=["mailbox_key", "provider_id"],
    ):
        return False
    _react(session, mail, verdict, ours)
    if verdict in ("reply", "stop") and ours is not None:
        activity_id = _log(session, mail, ours)
        session.execute(
            sa.update(ReceivedMail).where(ReceivedMail.id == row["id"]).values(activity_id=activity_id)
        )
    return True


def _answered(session: Session, mailbox: str, mail: IncomingEmail) -> OutboxMessage | None:
    """The mail of ours that this one answers: by the ids it names, else by the address we wrote to lately."""
    named = [*([mail.in_reply_to] if mail.in_reply_to else []), *mail.references]
    found = (
        session.scalars(sent.sent_as(named).order_by(OutboxMessage.sent_at.desc())).first() if named else None
    )
    if found is not None or mail.is_bounce:
        return found
    return session.scalars(
        sa.select(OutboxMessage)
        .where(
            OutboxMessage.recipient_key == outbox.recipient_key(mail.sender.address),
            sa.func.lower(OutboxMessage.sender_address) == mailbox.casefold(),
            OutboxMessage.status.in_(sent.USED),
            OutboxMessage.sending_at > clock.now() - MEMORY,
        )
        .order_by(OutboxMessage.sending_at.desc())
    ).first()


def _react(session: Session, mail: IncomingEmail, verdict: str, ours: OutboxMessage | None) -> None:
    """Stop first, log afterwards: the stop has the better reason."""
    sender = outbox.recipient_key(mail.sender.address)
    match verdict:
        case "bounce" if ours is not None:
            _suppress(session, ours, "bounce", f"{mail.bounce_status}: {mail.subject}")
        case "soft_bounce" if ours is not None and _soft_bounces(session, ours) >= SOFT_BOUNCES:
            _suppress(session, ours, "bounce", f"{SOFT_BOUNCES} times {mail.bounce_status}")
        case "automatic":
            _event(session, "mail.out_of_office", mail, ours, sender)
        case "stop":
            outbox.suppress(
                session, SYSTEM, address=mail.sender.address, reason="opt_out", note=f"replied: {mail.subject}",
                message_id=ours.id if ours else None,
            )  # fmt: skip
            _event(session, "mail.reply_received", mail, ours, sender)
        case "reply":
            _event(session, "mail.reply_received", mail, ours, sender)
        case "other":
            _event(session, "mail.received", mail, ours, sender)


def _suppress(session: Session, ours: OutboxMessage, reason: str, note: str) -> None:
    outbox.suppress(
        session, SYSTEM, address=ours.recipient_address, reason=reason, note=note, message_id=ours.id
    )


def _soft_bounces(session: Session, ours: OutboxMessage) -> int:
    statement = (
        sa.select(sa.func.count(ReceivedMail.id))
        .join(OutboxMessage, OutboxMessage.id == ReceivedMail.outbox_id)
        .where(ReceivedMail.verdict == "soft_bounce", OutboxMessage.recipient_key == ours.recipient_key)
    )
    return session.scalar(statement) or 0


def _event(
    session: Session, type_: str, mail: IncomingEmail, ours: OutboxMessage | None, sender: str
) -> None:
    links = (
        {} if ours is None else {"lead_id": ours.lead_id, "contact_id": ours.contact_id, "outbox_id": ours.id}
    )
    data = {"sender": sender, "message_id": mail.message_id, "received_at": mail.received_at, **links}
    subject: UUID = ours.id if ours else new_id()
    events.record(
        session, events.Event(type_, "message", subject, data, owner_id=ours.sender_id if ours else None)
    )


def _log(session: Session, mail: IncomingEmail, ours: OutboxMessage) -> UUID:
    activity = Activity(
        activity_type="email", direction="inbound", status="completed", subject=mail.subject or "(no subject)",
        description=mail.text[:20_000], occurred_at=mail.received_at, completed_at=mail.received_at,
        owner_id=ours.sender_id, team_id=ours.team_id, account_id=ours.account_id, contact_id=ours.contact_id,
        lead_id=ours.lead_id, external_system="mailbox", external_id=mail.message_id, origin="job",
    )  # fmt: skip
    return activities.add(session, activity, actor_id=None).id


def unread_since(session: Session, *, before: datetime) -> Sequence[str]:
    """Mailboxes that were not read to their end since `before`, for the operator's page."""
    statement = sa.select(MailboxState.address_key).where(
        sa.or_(MailboxState.synced_at.is_(None), MailboxState.synced_at < before)
    )
    return session.scalars(statement.order_by(MailboxState.address_key)).all()
