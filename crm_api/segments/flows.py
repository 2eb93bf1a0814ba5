"""Keeping the members of dynamic segments: worked out by a reader, written in small transactions."""

from crm_api.core.database import Database
from crm_api.segments import members, service

SLICE = 200


async def evaluate(db: Database) -> int:
    """One pass over all dynamic segments, and the counts of all; returns how many accounts came or left."""
    moved = 0
    for segment_id in await db.read(service.dynamic):
        found = await db.read(service.drift, segment_id)
        for start in range(0, max(len(found.come), len(found.go), 1), SLICE):
            window = slice(start, start + SLICE)
            await db.write(service.settle, segment_id, come=found.come[window], go=found.go[window])
        moved += len(found.come) + len(found.go)
    if wrong := await db.read(members.miscounted):
        await db.write(members.recount, wrong)
    return moved
