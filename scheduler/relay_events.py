"""Hands events to those who react after the commit."""

from crm_api.core.database import Database
from crm_api.events.flows import relay
from crm_api.ports import Ports
from crm_api.settings import Settings
from scheduler.jobs import Job, Turn


async def run(db: Database, ports: Ports, settings: Settings, turn: Turn) -> int:
    """Deliver what waits; returns the number of deliveries."""
    return await relay(db)


JOB = Job("relay_events", 1.0, run)
