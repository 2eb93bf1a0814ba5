"""Goes on with uploads whose web process died at work on them."""

from crm_api.core.database import Database
from crm_api.imports.flows import work_off
from crm_api.ports import Ports
from crm_api.settings import Settings
from scheduler.jobs import Job, Turn


async def run(db: Database, ports: Ports, settings: Settings, turn: Turn) -> int:
    """Take up what nobody is at work on; returns how many imports."""
    return await work_off(db, folder=settings.data_dir / "imports")


JOB = Job("run_imports", 30.0, run)
