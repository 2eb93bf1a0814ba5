"""Lets old plans forget where exactly Google said their stops are."""

from crm_api.core.database import Database
from crm_api.field.retention import coarsen
from crm_api.ports import Ports
from crm_api.settings import Settings
from scheduler.jobs import Job, Turn


async def run(db: Database, ports: Ports, settings: Settings, turn: Turn) -> int:
    """One round; returns how many stops were rounded."""
    return await db.write(coarsen)


JOB = Job("coarsen_plans", 3600.0, run)
