"""Reading mailboxes: ask the port, then store the mails and the cursor together."""

import asyncio
import logging

from crm_api.core import clock
from crm_api.core.database import Database
from crm_api.mailboxes import service
from crm_api.ports import MailboxReader, PortFailure, Ports

log = logging.getLogger(__name__)

ROUNDS = 20  # batches a mailbox gets before the next one has its turn
AT_ONCE = 4
PORT_SECONDS = 60.0


async def sync_mailboxes(db: Database, ports: Ports) -> int:
    """Read everybody's mailbox; returns how many mails were new. Nothing where no reader is switched on."""
    if ports.mailbox_reader is None:
        return 0
    reader, places = ports.mailbox_reader, asyncio.Semaphore(AT_ONCE)

    async def one(mailbox: str) -> int:
        async with places:
            return await sync_mailbox(db, reader, mailbox)

    return sum(await asyncio.gather(*(one(mailbox) for mailbox in await db.read(service.to_read))))


async def sync_mailbox(db: Database, reader: MailboxReader, mailbox: str) -> int:
    """Read one mailbox to its end; returns how many mails were new.

    A crash between reading and committing reads the same mails again, and each counts once.
    """
    cursor, new = await db.read(service.cursor_of, mailbox), 0
    for _ in range(ROUNDS):
        asked_at = clock.now()
        try:
            async with asyncio.timeout(PORT_SECONDS):
                changes = await reader.changes(mailbox, cursor=cursor)
        except (PortFailure, TimeoutError) as failure:
            log.warning("cannot read the mailbox %s: %s", mailbox, failure)
            await db.write(service.note_failure, mailbox, error=str(failure) or "no answer in time")
            break
        new += await db.write(service.take_in, mailbox, changes, asked_at=asked_at)
        cursor = changes.cursor
        if not changes.more:
            break
    return new
