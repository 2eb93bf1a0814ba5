"""Keeping the figures of accounts: read in one transaction, write in small ones."""

from crm_api.core.database import Database
from crm_api.orders import figures


async def refresh_figures(db: Database) -> int:
    """One pass over all accounts whose figures may be old, then the scores; returns how many accounts it looked at.

    Safe to stop anywhere: what was looked at is marked so in the transaction that wrote it.
    """
    looked_at = 0
    while account_ids := await db.read(figures.stale):
        await db.write(figures.refresh, account_ids, settled=True)
        looked_at += len(account_ids)
    if looked_at:
        wrong = await db.read(figures.wrong_scores)
        for start in range(0, len(wrong), figures.SLICE):
            await db.write(figures.score, wrong[start : start + figures.SLICE])
    return looked_at
