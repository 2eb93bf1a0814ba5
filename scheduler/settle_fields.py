"""Removes the values of custom fields that were deleted for good, and lets search follow changed ones."""

from crm_api.core.database import Database
from crm_api.custom_fields import flows
from crm_api.ports import Ports
from crm_api.settings import Settings
from scheduler.jobs import Job, Turn


async def run(db: Database, ports: Ports, settings: Settings, turn: Turn) -> int:
    """Do what is left; returns how many slices."""
    return await flows.work_off(db)


JOB = Job("settle_fields", 30.0, run)
