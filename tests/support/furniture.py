"""What every installation has before anybody uses it, for tests of the application."""

from datetime import UTC, datetime

from crm_api.core import clock
from crm_api.core.database import Database
from crm_api.pipelines.service import ensure_defaults

LONG_AGO = datetime(2020, 1, 6, tzinfo=UTC)


async def furnish(database: Database) -> None:
    """Make the default pipelines, at a time before all that tests tell of: the same for whichever test comes first."""
    with clock.frozen(LONG_AGO):
        await database.write(ensure_defaults)
