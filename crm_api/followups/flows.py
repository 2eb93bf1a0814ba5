"""The planner's round."""

from crm_api.core.database import Database
from crm_api.followups import service


async def plan(db: Database) -> int:
    """Let every switched-on rule enrol what it finds, a transaction each; returns how many leads were enrolled."""
    await db.write(service.sweep)
    enrolled = 0
    for rule_id in await db.read(service.rules_at_work):
        enrolled += await db.write(service.apply_rule, rule_id=rule_id)
    return enrolled
