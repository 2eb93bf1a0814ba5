"""Keeps the visits of accepted plans in the calendars of those who make them."""

from crm_api.core.database import Database
from crm_api.field.calendars import keep_up
from crm_api.ports import Ports
from crm_api.settings import Settings
from scheduler.jobs import Job, Turn


async def run(db: Database, ports: Ports, settings: Settings, turn: Turn) -> int:
    """Put in, change and take out; returns how many events were touched."""
    return await keep_up(db, ports.calendar)


JOB = Job("keep_calendars", 15.0, run, module="visits")
