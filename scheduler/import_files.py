"""Goes on with uploaded files that the web process did not finish importing."""

from crm_api.core.database import Database
from crm_api.imports.flows import work_off
from crm_api.ports import Ports
from crm_api.settings import Settings
from scheduler.jobs import Job, Turn


async def run(db: Database, ports: Ports, settings: Settings, turn: Turn) -> int:
    """Import what is waiting or was cut off; returns how many files."""
    return await work_off(db, folder=settings.data_dir / "imports")


JOB = Job("import_files", 15.0, run)
