"""Figures kept small and right: folding roll-ups, and working amounts out anew after a rate has changed, both in small
transactions."""

from crm_api.analytics import revaluing
from crm_api.analytics.rollups import ALL
from crm_api.core import clock, rollups
from crm_api.core.database import Database


async def fold_rollups(db: Database) -> int:
    """Fold the kept sums where they are crowded, a portion at a time; returns of how many portions."""
    folded = 0
    for kept in ALL:
        for portion in await db.read(rollups.crowded, kept):
            await db.write(rollups.fold, kept, portion)
            folded += 1
    return folded


async def revalue(db: Database) -> int:
    """One pass over everything that is asked for; returns how many values were corrected.

    Safe to stop anywhere: what is right already is not written again, and a request is forgotten at the end.
    """
    corrected = 0
    for request in await db.read(revaluing.requested):
        begun = clock.now()
        for book in revaluing.BOOKS:
            corrected += await _pass(db, book, request.currency)
        await db.write(revaluing.settle, request, begun=begun)
    return corrected


async def _pass(db: Database, book: revaluing.Book, currency: str) -> int:
    corrected, last, more = 0, None, True
    while more:
        wrong, last = await db.read(revaluing.corrections, book, currency=currency, after=last)
        for start in range(0, len(wrong), revaluing.BATCH):
            batch = wrong[start : start + revaluing.BATCH]
            corrected += await db.write(revaluing.correct, book, currency, batch)
        more = last is not None
    return corrected
