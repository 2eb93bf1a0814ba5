"""Sending: transactions, and the transport between them.

    claim ─► write ─► prepare (port) ─► start_sending ─► submit (port) ─► record

A crash before `start_sending` commits has sent nothing; after it the message is looked for.
"""

import asyncio
import logging
from collections import defaultdict
from typing import TypeVar

from crm_api.core import failpoints
from crm_api.core.database import Database
from crm_api.outbox import delivery
from crm_api.outbox.delivery import Claimed
from crm_api.ports import (
    EmailSender,
    OutcomeUnknown,
    OutgoingEmail,
    PermanentFailure,
    PortFailure,
    Ports,
    SendState,
    TemporaryFailure,
)

log = logging.getLogger(__name__)

BATCH = 8  # few enough to be sent well inside the lease of 60 s
PORT_SECONDS = 30.0
T = TypeVar("T")


async def send_due(db: Database, ports: Ports, *, worker: str, limit: int = 200) -> int:
    """Send what is due, `limit` messages at most; returns how many were taken up.

    Mails of one mailbox leave one after the other (Exchange answers parallel ones with errors), those of
    different mailboxes side by side.
    """
    taken = 0
    await db.write(delivery.tidy)
    while taken < limit:
        batch = await db.write(delivery.claim, worker=worker, limit=min(BATCH, limit - taken))
        if not batch:
            break
        taken += len(batch)
        by_mailbox: dict[str, list[Claimed]] = defaultdict(list)
        for claimed in batch:
            by_mailbox[claimed.sender_address].append(claimed)
        # Not a TaskGroup: a fault in one mailbox must not cancel another's submission half-way.
        ends = await asyncio.gather(
            *(_send_in_turn(db, ports, queue) for queue in by_mailbox.values()), return_exceptions=True
        )
        for failure in filter(None, ends):
            raise failure
    return taken


async def _send_in_turn(db: Database, ports: Ports, queue: list[Claimed]) -> None:
    for claimed in queue:
        await send_one(db, ports, claimed)


async def send_one(db: Database, ports: Ports, claimed: Claimed) -> None:
    """Take one claimed message as far as it goes."""
    sender, inbox_is_read = ports.email_sender, ports.mailbox_reader is not None
    written = await db.write(delivery.write, claimed, inbox_is_read=inbox_is_read)
    await failpoints.reach("outbox.claimed")
    if written is None:
        return
    message, handle = written
    handle = handle or await _prepare(db, sender, claimed, message)
    if handle is None or not await db.write(
        delivery.start_sending, claimed, handle=handle, transport=sender.name, inbox_is_read=inbox_is_read
    ):
        return
    await failpoints.reach("outbox.sending")
    await _submit(db, sender, claimed, handle, message)


async def _prepare(db: Database, sender: EmailSender, claimed: Claimed, message: OutgoingEmail) -> str | None:
    """Nothing is sent here, so that every failure may be tried again or given up."""
    try:
        async with asyncio.timeout(PORT_SECONDS):
            return await sender.prepare(message)
    except PermanentFailure as failure:
        await db.write(delivery.rejected, claimed, reason=failure.reason)
    except PortFailure as failure:
        await db.write(
            delivery.failed, claimed, reason=failure.reason, retry_after=getattr(failure, "retry_after", None)
        )
    except TimeoutError:
        await db.write(delivery.failed, claimed, reason=f"{sender.name} did not answer in time.")
    return None


async def _submit(
    db: Database, sender: EmailSender, claimed: Claimed, handle: str, message: OutgoingEmail
) -> None:
    """Hand over once. Whatever is not a certain answer, a fault of our own included, counts as unknown."""
    try:
        async with asyncio.timeout(PORT_SECONDS):
            sent = await sender.submit(handle, message)
    except TemporaryFailure as failure:
        await db.write(delivery.failed, claimed, reason=failure.reason, retry_after=failure.retry_after)
    except PermanentFailure as failure:
        await db.write(delivery.rejected, claimed, reason=failure.reason)
    except (OutcomeUnknown, TimeoutError) as failure:
        reason = getattr(failure, "reason", f"{sender.name} did not answer in time.")
        await db.write(delivery.lost_sight, claimed, reason=reason, settle=sender.settle_seconds)
    except Exception as error:
        log.exception(
            "the transport failed in a way it should not", extra={"outbox_id": str(claimed.message_id)}
        )
        await db.write(delivery.lost_sight, claimed, reason=repr(error), settle=sender.settle_seconds)
    else:
        await failpoints.reach("outbox.accepted")
        await db.write(delivery.accepted, claimed, sent=sent)


async def reconcile(db: Database, ports: Ports, *, only_worker: str | None = None) -> int:
    """Take messages back from workers that went silent, and look for those that may have left.

    Returns how many were settled. `only_worker` is for the process that knows it is the only sender.
    """
    sender = ports.email_sender
    await db.write(delivery.reap, settle=sender.settle_seconds, only_worker=only_worker)
    settled = 0
    for message_id, message, handle in await db.write(delivery.lost):
        verdict = await _find(sender, handle, message)
        await db.write(delivery.found, message_id=message_id, verdict=verdict)
        settled += verdict is not SendState.UNKNOWN
    return settled


async def _find(sender: EmailSender, handle: str, message: OutgoingEmail) -> SendState:
    try:
        async with asyncio.timeout(PORT_SECONDS):
            return await sender.find(handle, message)
    except (PortFailure, TimeoutError) as failure:
        log.warning("cannot look for a message: %s", failure, extra={"outbox_id": message.send_key})
        return SendState.UNKNOWN
