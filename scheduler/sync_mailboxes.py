"""Reads what arrived."""

from crm_api.core.database import Database
from crm_api.mailboxes.flows import sync_mailboxes
from crm_api.ports import Ports
from crm_api.settings import Settings
from scheduler.jobs import Job, Turn


async def run(db: Database, ports: Ports, settings: Settings, turn: Turn) -> int:
    """Read every mailbox; returns how many mails were new."""
    return await sync_mailboxes(db, ports)


JOB = Job("sync_mailboxes", 10.0, run)
