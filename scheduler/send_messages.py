"""Sends what is due. Runs in every worker: claims keep them apart."""

from crm_api.core.database import Database
from crm_api.outbox.flows import send_due
from crm_api.ports import Ports
from crm_api.settings import Settings
from scheduler.jobs import Job, Turn


async def run(db: Database, ports: Ports, settings: Settings, turn: Turn) -> int:
    """Send; returns how many messages were taken up."""
    return await send_due(db, ports, worker=turn.worker)


JOB = Job("send_messages", 2.0, run, everywhere=True)
