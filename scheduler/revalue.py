"""Works out amounts in the organisation's currency anew where a rate has changed."""

from crm_api.analytics.flows import revalue
from crm_api.core.database import Database
from crm_api.ports import Ports
from crm_api.settings import Settings
from scheduler.jobs import Job, Turn


async def run(db: Database, ports: Ports, settings: Settings, turn: Turn) -> int:
    """Do what is asked for; returns how many values were corrected."""
    return await revalue(db)


JOB = Job("revalue", 15.0, run)
