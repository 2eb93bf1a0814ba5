"""Takes messages back from workers that went silent, and looks for those that may have left."""

from crm_api.core.database import Database
from crm_api.outbox.flows import reconcile
from crm_api.ports import Ports
from crm_api.settings import Settings
from scheduler.jobs import Job, Turn


async def run(db: Database, ports: Ports, settings: Settings, turn: Turn) -> int:
    """Settle what can be settled; returns how many messages."""
    return await reconcile(db, ports, only_worker=turn.worker if turn.alone else None)


JOB = Job("reconcile_sends", 5.0, run)
