"""The relay's round: number what was committed, then hand each event to each handler."""

import logging

from crm_api.core.database import Database
from crm_api.events import service

log = logging.getLogger(__name__)


async def relay(db: Database) -> int:
    """Deliver what is waiting; returns the number of deliveries made. One event and handler a transaction."""
    delivered = 0
    while await db.write(service.give_positions):
        pass
    for event_id in await db.read(service.undelivered):
        for name in await db.write(service.pending_handlers, event_id):
            try:
                await db.write(service.deliver, event_id, name)
                delivered += 1
            except Exception as error:
                log.exception("event handler failed", extra={"handler": name, "event_id": str(event_id)})
                await db.write(service.note_failure, event_id, name, repr(error))
        await db.write(service.pending_handlers, event_id)
    return delivered
