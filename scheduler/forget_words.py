"""Takes the words of erased texts out of the search index, where the database does not do so by itself."""

from crm_api.core.database import Database
from crm_api.ports import Ports
from crm_api.privacy import flows
from crm_api.settings import Settings
from scheduler.jobs import Job, Turn


async def run(db: Database, ports: Ports, settings: Settings, turn: Turn) -> int:
    """Forget; returns how many steps it took."""
    return await flows.forget_words(db)


JOB = Job("forget_words", 60.0, run)
