"""What the other rooms and people ask of the outbox: plan a message, stop it, keep an address out.

Claiming and recording, which only the sending process does, is in `delivery.py`.
"""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api import events
from crm_api.access import Actor, require_role, require_write
from crm_api.audit.service import note as audit_note
from crm_api.conditions import records
from crm_api.core import clock, dialect
from crm_api.core.errors import Conflict, NotFound
from crm_api.core.ids import new_id
from crm_api.core.text import fold
from crm_api.events.models import EventRow
from crm_api.organisation.models import Organisation
from crm_api.organisation.service import profile
from crm_api.outbox import queries, timeline
from crm_api.outbox.authors import hold
from crm_api.outbox.models import OutboxMessage, RecipientTurn, Suppression
from crm_api.outbox.schemas import SuppressionIn
from crm_api.outbox.state import (
    Discard,
    Event,
    IllegalTransition,
    MarkSent,
    Resume,
    Retry,
    StaleToken,
    Status,
    Stop,
    transition,
)
from crm_api.ports import Mailbox

PAUSED = "outbox_paused"
HORIZON = timedelta(hours=1)  # planned messages are queued this long before their time


def recipient_key(address: str) -> str:
    """The one spelling under which an address is compared, counted and suppressed."""
    return fold(address)


@dataclass(frozen=True, slots=True)
class NewMessage:
    """What to send, to whom, when. `template` is written just before it leaves; `subject` and `text` are final.

    `idem_key` makes planning repeatable; `due_at` and `expires_at` are UTC.
    """

    purpose: str
    idem_key: str
    sender: Mailbox
    recipient: Mailbox
    due_at: datetime
    sender_id: UUID | None = None
    team_id: UUID | None = None
    expires_at: datetime | None = None
    template: str | None = None
    subject: str | None = None
    text: str | None = None
    html: str | None = None
    account_id: UUID | None = None
    contact_id: UUID | None = None
    lead_id: UUID | None = None
    source_id: UUID | None = None
    source_step: int | None = None
    source_epoch: int | None = None


def enqueue(session: Session, message: NewMessage) -> OutboxMessage | None:
    """Plan a message; None where its `idem_key` is known already. It leaves at `due_at` at the earliest."""
    if session.scalar(sa.select(OutboxMessage.id).where(OutboxMessage.idem_key == message.idem_key)):
        return None
    values = {name: value for name, value in asdict(message).items() if name not in ("sender", "recipient")}
    message_id = new_id()
    domain = message.sender.address.rpartition("@")[2] or "localhost"
    row = OutboxMessage(
        **values,
        id=message_id,
        status=Status.QUEUED if message.due_at <= clock.now() + HORIZON else Status.PLANNED,
        sender_address=message.sender.address,
        sender_name=message.sender.name,
        recipient_address=message.recipient.address,
        recipient_name=message.recipient.name,
        recipient_key=recipient_key(message.recipient.address),
        message_id=f"<{message_id}@{domain}>",
    )
    session.add(row)
    session.flush()
    return row


def foreseen(session: Session, event_ids: Collection[UUID]) -> list[dict[str, Any]]:
    """The messages that a transaction plans or takes back: of the records its events are about."""
    about = sa.select(EventRow.subject_id).where(EventRow.id.in_(event_ids))
    since = sa.select(sa.func.min(EventRow.occurred_at)).where(EventRow.id.in_(event_ids)).scalar_subquery()
    touched = sa.or_(OutboxMessage.lead_id.in_(about), OutboxMessage.source_id.in_(about))
    messages = session.scalars(sa.select(OutboxMessage).where(touched, OutboxMessage.updated_at >= since))
    return [
        {"message_id": m.id, "recipient": m.recipient_address, "status": m.status, "due_at": m.due_at}
        for m in messages
    ]


def move(session: Session, message_id: UUID, event: Event, **columns: Any) -> OutboxMessage | None:
    """Put one event through the rules and store the new state, with `columns` beside it.

    The row is written only where it still is as the rules saw it (id, token, status): None where the
    event is stale. Raises IllegalTransition where it means nothing in this state.
    """
    message = session.get(OutboxMessage, message_id, with_for_update=True, populate_existing=True)
    if message is None:
        return None
    before = message.state
    try:
        after = transition(before, event)
    except StaleToken:
        return None
    written = session.execute(
        sa.update(OutboxMessage)
        .where(
            OutboxMessage.id == message_id,
            OutboxMessage.token == before.token,
            OutboxMessage.status == before.status,
        )
        .values(**asdict(after), updated_at=clock.now(), **columns)
        .returning(OutboxMessage.id)
        .execution_options(synchronize_session=False)
    ).first()
    if written is None:
        return None
    session.refresh(message)
    return message


# ── Stopping ─────────────────────────────────────────────────────────────────────────────────────


def stop(session: Session, *, source_id: UUID, reason: str, status: Status = Status.CANCELLED) -> int:
    """Take back everything a source still has to send; returns how many messages were still in the house.

    What is being sent just now cannot be called back; it is marked, so that it is never sent again.
    """
    stopped = 0
    for message_id in session.scalars(queries.unfinished(source_id=source_id)).all():
        message = move(session, message_id, Stop(reason, status))
        stopped += message is not None and message.status == status
    return stopped


def suppress(
    session: Session,
    actor: Actor,
    *,
    address: str,
    reason: str,
    note: str | None = None,
    message_id: UUID | None = None,
    purposes: Sequence[str] = ("followup",),
) -> Suppression:
    """Keep an address out of all automatic mail from now on, and take back what is on its way to it."""
    key = recipient_key(address)
    row = {
        "id": new_id(), "address_key": key, "reason": reason, "note": note, "message_id": message_id,
        "created_by": actor.user_id, "created_at": clock.now(), "updated_at": clock.now(),
    }  # fmt: skip
    new = dialect.insert_if_absent(session, Suppression.__table__, row, key=["address_key"])
    found = session.scalars(sa.select(Suppression).where(Suppression.address_key == key)).one()
    if new:
        # First the rooms that sent: they lock their own rows before the messages, here as everywhere.
        events.record(
            session,
            events.Event("mail.suppressed", "suppression", found.id, {"address": key, "reason": reason}),
        )
    for waiting in session.scalars(queries.to_recipient(key, purposes=tuple(purposes))).all():
        move(session, waiting, Stop(f"suppressed: {reason}", Status.SUPPRESSED))
    return found


def suppress_by_hand(session: Session, actor: Actor, *, data: SuppressionIn) -> Suppression:
    """Somebody who may write to leads keeps an address out; stopping mail is open to all but viewers."""
    require_role(actor, "manager", "rep", "field")
    return suppress(session, actor, address=data.address, reason=data.reason, note=data.note)


def unsuppress(session: Session, actor: Actor, *, suppression_id: UUID) -> None:
    """Let an address have mail again; for administrators, who answer for it."""
    require_role(actor)
    found = session.get(Suppression, suppression_id)
    if found is None:
        raise NotFound(f"There is no suppression {suppression_id}.")
    audit_note(
        session,
        kind="suppression",
        record_id=found.id,
        action="delete",
        before={"address": found.address_key},
    )
    session.delete(found)


def keep_out(session: Session, key: str) -> None:
    """Keep an address out of all automatic mail by its hash alone."""
    now = clock.now()
    hashed = session.scalar(sa.select(queries.hashed(sa.literal(key))))
    row = {"id": new_id(), "address_key": hashed, "reason": "opt_out", "created_at": now, "updated_at": now}
    dialect.insert_if_absent(session, Suppression.__table__, row, key=["address_key"])


def is_suppressed(session: Session, address: str) -> bool:
    """Whether an address must not get automatic mail."""
    key = recipient_key(address)
    known = sa.select(Suppression.id).where(queries.keeps_out(sa.literal(key)))
    return session.scalar(known) is not None


def next_turn(
    session: Session, *, address: str, purposes: tuple[str, ...], limits: Sequence[tuple[int, timedelta]]
) -> datetime | None:
    """When the recipient may be sent something again, or None for now; `limits` are (count, within).

    Locks the recipient's turn until the end of the transaction, so that two senders cannot both find
    the last place free.
    """
    key, now = recipient_key(address), clock.now()
    dialect.upsert(
        session, RecipientTurn.__table__, [{"id": new_id(), "recipient_key": key, "checked_at": now}],
        key=["recipient_key"], update=["checked_at"],
    )  # fmt: skip
    free_at = []
    for count, within in limits:
        statement = queries.used_turns(key, purposes=purposes, now=now, within=within)
        used = [at for at in session.scalars(statement) if at is not None]
        if len(used) >= count:
            free_at.append(used[count - 1] + within)
    return max(free_at, default=None)


# ── People ───────────────────────────────────────────────────────────────────────────────────────


def mark_sent(session: Session, actor: Actor, *, message_id: UUID, remark: str) -> OutboxMessage:
    """An uncertain message did arrive: somebody has seen it. Raises Conflict where it is not uncertain."""
    message = _by_hand(session, actor, message_id, MarkSent(remark), sent_at=clock.now())
    timeline.tell(session, message)
    return message


def retry(session: Session, actor: Actor, *, message_id: UUID) -> OutboxMessage:
    """Send an uncertain or dead message (again). It passes the final check once more."""
    return _by_hand(session, actor, message_id, Retry(clock.now()))


def resume(session: Session, actor: Actor, *, message_id: UUID) -> OutboxMessage:
    """Let a held message go on."""
    return _by_hand(session, actor, message_id, Resume(clock.now()))


def discard(session: Session, actor: Actor, *, message_id: UUID, remark: str) -> OutboxMessage:
    """Give a message up that waits, is uncertain, or dead."""
    return _by_hand(session, actor, message_id, Discard(remark))


def _by_hand(session: Session, actor: Actor, message_id: UUID, event: Event, **columns: Any) -> OutboxMessage:
    message: OutboxMessage = records.get(session, actor, OutboxMessage, message_id)
    require_write(session, actor, message)
    hold(session, message)
    before = message.status
    try:
        moved = move(session, message.id, event, **columns)
    except IllegalTransition as error:
        raise Conflict(f"This message is {before}: {error}.") from error
    if moved is None:
        raise Conflict("The message was changed meanwhile; look again.")
    action = type(event).__name__.lower()
    audit_note(
        session, kind="message", record_id=moved.id, action="update",
        before={"status": before}, after={"status": moved.status, "by_hand": action, "reason": moved.reason},
    )  # fmt: skip
    events.record(
        session,
        events.Event(
            f"mail.{action}", "message", moved.id, {"status": moved.status, "source_id": moved.source_id},
            owner_id=moved.sender_id,
        ),
    )  # fmt: skip
    return moved


def pause(session: Session, actor: Actor, *, paused: bool) -> dict[str, bool]:
    """Stop all sending at the next claim, or let it go on; returns the switch. Nothing that is planned is lost."""
    require_role(actor)
    organisation = profile(session)
    organisation.settings = {**organisation.settings, PAUSED: paused}
    return {"paused": paused}


def is_paused(session: Session) -> bool:
    """Whether somebody has stopped all sending."""
    # Not `profile`, which makes what is missing: this is asked in reading transactions too.
    settings = session.scalar(sa.select(Organisation.settings)) or {}
    return bool(settings.get(PAUSED))
