"""Forgets the answers kept for requests with an Idempotency-Key, a day after they began."""

from crm_api.core.database import Database
from crm_api.ports import Ports
from crm_api.settings import Settings
from crm_api.writes import idempotency
from scheduler.jobs import Job, Turn


async def run(db: Database, ports: Ports, settings: Settings, turn: Turn) -> int:
    """Forget; returns how many."""
    return await db.write(idempotency.tidy)


JOB = Job("forget_answers", 600.0, run)
