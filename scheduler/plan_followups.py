"""Lets the follow-up rules look for leads."""

from crm_api.core.database import Database
from crm_api.followups.flows import plan
from crm_api.ports import Ports
from crm_api.settings import Settings
from scheduler.jobs import Job, Turn


async def run(db: Database, ports: Ports, settings: Settings, turn: Turn) -> int:
    """Enrol what the rules find; returns how many leads."""
    return await plan(db)


JOB = Job("plan_followups", 5.0, run, module="followups")
