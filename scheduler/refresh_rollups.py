"""Makes one row a key of the kept sums again, where many changes left many."""

from crm_api.analytics.flows import fold_rollups
from crm_api.core.database import Database
from crm_api.ports import Ports
from crm_api.settings import Settings
from scheduler.jobs import Job, Turn


async def run(db: Database, ports: Ports, settings: Settings, turn: Turn) -> int:
    """Fold what is crowded; returns of how many portions."""
    return await fold_rollups(db)


JOB = Job("refresh_rollups", 60.0, run)
