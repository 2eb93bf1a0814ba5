"""Posts webhooks that are due. Runs in every worker: claims keep them apart."""

from crm_api.core.database import Database
from crm_api.core.secrets import Keys, load_or_create
from crm_api.ports import Ports
from crm_api.settings import Settings
from crm_api.webhooks import flows
from scheduler.jobs import Job, Turn


async def run(db: Database, ports: Ports, settings: Settings, turn: Turn) -> int:
    """Deliver; returns how many posts were made."""
    secret = settings.secret_key.get_secret_value() if settings.secret_key else None
    return await flows.deliver(db, ports, Keys(load_or_create(settings.data_dir, secret)))


async def tidy(db: Database, ports: Ports, settings: Settings, turn: Turn) -> int:
    """Forget what the log keeps no longer; returns how many deliveries."""
    return await flows.tidy(db)


JOB = Job("deliver_webhooks", 2.0, run, everywhere=True)
# Apart, and seldom: looking for old rows takes the one writer's turn on SQLite.
TIDY_JOB = Job("forget_webhook_deliveries", 3600.0, tidy)
