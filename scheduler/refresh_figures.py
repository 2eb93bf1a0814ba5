"""Works out anew what orders say of accounts, and which accounts belong to which segment."""

from crm_api.core.database import Database
from crm_api.orders.flows import refresh_figures
from crm_api.ports import Ports
from crm_api.segments.flows import evaluate
from crm_api.settings import Settings
from scheduler.jobs import Job, Turn


async def run(db: Database, ports: Ports, settings: Settings, turn: Turn) -> int:
    """Refresh; returns how many accounts were looked at, and how many came into a segment or left it."""
    return await refresh_figures(db) + await evaluate(db)


JOB = Job("refresh_figures", 60.0, run)
