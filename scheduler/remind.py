"""Tells people of what has come due, and writes the letters of those who want them by mail."""

from crm_api.core.database import Database
from crm_api.notifications import flows
from crm_api.ports import Ports
from crm_api.settings import Settings
from scheduler.jobs import Job, Turn


async def run(db: Database, ports: Ports, settings: Settings, turn: Turn) -> int:
    """Remind, then plan letters; returns how many of both."""
    told = await flows.remind(db)
    return told + await flows.send_notices(db, sender=settings.notice_sender, address=settings.address)


async def tidy(db: Database, ports: Ports, settings: Settings, turn: Turn) -> int:
    """Forget old notifications; returns how many."""
    return await flows.tidy(db)


JOB = Job("remind", 30.0, run, module="notifications")
TIDY_JOB = Job("forget_notifications", 3600.0, tidy)
