"""The rounds of the reminder job: find what is due, write the letters, forget what is old."""

from crm_api.core.database import Database
from crm_api.notifications import digest, due, service


async def remind(db: Database) -> int:
    """Tell of everything that came due; returns how many were told."""
    told = 0
    while done := await db.write(due.remind):
        told += done
    return told


async def send_notices(db: Database, *, sender: str, address: str) -> int:
    """Plan one letter for each person for whom something gathered; returns how many letters."""
    planned = 0
    for user_id in await db.read(digest.waiting):
        planned += await db.write(digest.plan, user_id=user_id, sender=sender, address=address)
    return planned


async def tidy(db: Database) -> int:
    """Remove what was told three months ago."""
    gone = 0
    while done := await db.write(service.forget_old):
        gone += done
    return gone
