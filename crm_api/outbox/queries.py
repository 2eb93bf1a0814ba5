"""Which messages: pure Selects."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from crm_api.core.dialect import sha256
from crm_api.outbox.models import OutboxMessage, Suppression
from crm_api.outbox.state import IN_FLIGHT, STOPPABLE, WAITING, Status

USED = (Status.SENDING, Status.UNKNOWN, Status.SENT)


def hashed(key: sa.ColumnElement[str]) -> sa.ColumnElement[str]:
    """What is kept of an address that must not be written to, once the person was erased.

    It tells nobody the address; whoever has the address finds out whether it is the one.
    """
    return sa.literal("sha256:") + sha256(sa.literal("rounds suppression ") + key)


def keeps_out(key: Any) -> sa.ColumnElement[bool]:
    """The suppressions of an address, by its key, as it is or by its hash."""
    return Suppression.address_key.in_([key, hashed(key)])


def due(now: datetime, *, limit: int, but_not: Sequence[str] = ()) -> sa.Select[UUID]:
    """Queued messages whose time has come, the longest waiting first; those of the purposes `but_not` wait on."""
    return (
        sa.select(OutboxMessage.id)
        .where(OutboxMessage.status == Status.QUEUED, OutboxMessage.due_at <= now)
        .where(OutboxMessage.purpose.not_in(but_not) if but_not else sa.true())
        .order_by(OutboxMessage.due_at, OutboxMessage.id)
        .limit(limit)
    )


def soon_due(until: datetime, *, limit: int = 500) -> sa.Select[UUID]:
    """Planned messages whose time comes before `until`."""
    return (
        sa.select(OutboxMessage.id)
        .where(OutboxMessage.status == Status.PLANNED, OutboxMessage.due_at <= until)
        .order_by(OutboxMessage.due_at)
        .limit(limit)
    )


def silent(now: datetime, *, but_not: str | None = None, limit: int = 500) -> sa.Select[UUID]:
    """Messages whose worker's lease ran out; with `but_not`, those of every other worker, lease or not."""
    gone = OutboxMessage.lease_until <= now
    if but_not is not None:
        gone = sa.or_(gone, OutboxMessage.claimed_by != but_not)
    return (
        sa.select(OutboxMessage.id)
        .where(OutboxMessage.status.in_((Status.CLAIMED, Status.SENDING)), gone)
        .order_by(OutboxMessage.id)
        .limit(limit)
    )


def to_look_for(now: datetime, *, limit: int = 50) -> sa.Select[UUID]:
    """Unknown messages that are to be looked for by now."""
    return (
        sa.select(OutboxMessage.id)
        .where(OutboxMessage.status == Status.UNKNOWN, OutboxMessage.due_at <= now)
        .order_by(OutboxMessage.due_at)
        .limit(limit)
    )


def expired(now: datetime, *, limit: int = 500) -> sa.Select[UUID]:
    """Waiting messages whose time is over."""
    return (
        sa.select(OutboxMessage.id)
        .where(OutboxMessage.status.in_(WAITING), OutboxMessage.expires_at <= now)
        .order_by(OutboxMessage.id)
        .limit(limit)
    )


def unfinished(*, source_id: UUID) -> sa.Select[UUID]:
    """What is still to come, or on its way, for one source."""
    return (
        sa.select(OutboxMessage.id)
        .where(OutboxMessage.source_id == source_id, OutboxMessage.status.in_(STOPPABLE | IN_FLIGHT))
        .order_by(OutboxMessage.id)
    )


def to_recipient(key: str, *, purposes: tuple[str, ...]) -> sa.Select[UUID]:
    """What is still to come, or on its way, for one recipient."""
    return (
        sa.select(OutboxMessage.id)
        .where(
            OutboxMessage.recipient_key == key, OutboxMessage.purpose.in_(purposes),
            OutboxMessage.status.in_(STOPPABLE | IN_FLIGHT),
        )
        .order_by(OutboxMessage.id)
    )  # fmt: skip


def used_turns(
    key: str, *, purposes: tuple[str, ...], now: datetime, within: timedelta
) -> sa.Select[datetime | None]:
    """When the recipient was sent something lately, newest first; what may have been sent counts."""
    return (
        sa.select(OutboxMessage.sending_at)
        .where(
            OutboxMessage.recipient_key == key, OutboxMessage.purpose.in_(purposes), OutboxMessage.status.in_(USED),
            OutboxMessage.sending_at > now - within,
        )
        .order_by(OutboxMessage.sending_at.desc())
    )  # fmt: skip


def sent_as(message_ids: list[str]) -> sa.Select[OutboxMessage]:
    """The message that left under one of these RFC 5322 ids, its own or the one the provider gave it."""
    return sa.select(OutboxMessage).where(
        sa.or_(OutboxMessage.message_id.in_(message_ids), OutboxMessage.sent_message_id.in_(message_ids)),
        OutboxMessage.status.in_(USED),
    )
