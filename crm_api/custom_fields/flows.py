"""The background work of custom fields, slice by slice."""

from crm_api.core.database import Database
from crm_api.custom_fields import erasing


async def work_off(db: Database) -> int:
    """Remove the values of definitions that go, and bring search up to date with those that changed.

    Returns how many slices were done.
    """
    done = 0
    while await db.write(erasing.erase_some):
        done += 1
    step = await db.write(erasing.reindex_some)
    while step is not None:
        done += 1
        step = await db.write(erasing.reindex_some, step)
    return done
