"""Removes files that were attached to nothing for a day, and bytes that nobody has any more."""

from crm_api.attachments import flows
from crm_api.core.database import Database
from crm_api.ports import Ports
from crm_api.settings import Settings
from scheduler.jobs import Job, Turn


async def run(db: Database, ports: Ports, settings: Settings, turn: Turn) -> int:
    """Sweep; returns how many files and rows went."""
    return await flows.tidy(db, ports.file_store) if ports.file_store else 0


JOB = Job("sweep_files", 600.0, run)
