"""Keeping the sums of deals small: a stage at a time, so that no transaction is long."""

from crm_api.core.database import Database
from crm_api.opportunities import rollups


async def fold_rollups(db: Database) -> int:
    """Fold the sums of every stage where they are crowded; returns of how many."""
    stages = await db.read(rollups.crowded)
    for stage_id in stages:
        await db.write(rollups.fold, stage_id)
    return len(stages)
