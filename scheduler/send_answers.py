"""Writes the letters of answers that people want every week."""

from crm_api.core.database import Database
from crm_api.ports import Ports
from crm_api.questions import flows
from crm_api.settings import Settings
from scheduler.jobs import Job, Turn


async def run(db: Database, ports: Ports, settings: Settings, turn: Turn) -> int:
    """Plan the letters whose day has come; returns how many."""
    return await flows.send_weekly(db, sender=settings.notice_sender, address=settings.address)


JOB = Job("send_answers", 300.0, run)
