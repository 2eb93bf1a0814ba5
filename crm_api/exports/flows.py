"""An export as a stream: short reads, one after the other, with the trace before the first byte and after the last."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import anyio

from crm_api.access import Actor
from crm_api.conditions import walking
from crm_api.conditions.walking import Mark, Walk
from crm_api.core import clock
from crm_api.core.database import Database
from crm_api.core.fields import CATALOGUES
from crm_api.exports import service
from crm_api.exports.formats import Csv, JsonLines, Writer
from crm_api.exports.orders import Order

SLICE = 500  # rows a read: some 20 ms, short enough for others to get in between
SLICE_SECONDS = 60  # a read that takes longer is given up, and the export with it


@dataclass(slots=True)
class Export:
    """An export that has begun: its first rows are read, its trace is written."""

    id: UUID
    order: Order
    walk: Walk
    writer: Writer
    first: list[dict[str, Any]]
    following: Mark | None
    file_name: str
    rows: int = field(default=0)


async def begin(db: Database, actor: Actor, order: Order) -> Export:
    """Read the first rows and note who asks; raises Problem as a list would, before anything is sent."""
    walk = await db.read(walking.begin, actor, order.kind, order.query)
    first, following = await db.read(walking.part, walk, None, SLICE)
    catalogue = CATALOGUES[order.kind]
    writer: Writer = JsonLines()
    if order.format == "csv":
        writer = Csv(service.columns_of(catalogue, walk.query, first), bom=order.bom)
    export_id = await db.write(service.start, actor, kind=order.kind, query=order.query, format=order.format)
    day = clock.today(actor.time_zone).isoformat()
    name = f"{catalogue.plural.replace(' ', '-')}-{day}.{order.format}"
    return Export(export_id, order, walk, writer, first, following, name)


async def stream(db: Database, export: Export) -> AsyncIterator[bytes]:
    """The bytes of the file. Memory stays the same for any number of rows.

    Where a read fails the stream breaks off with that error, so that no client takes a part for the whole.
    """
    complete = False
    try:
        yield export.writer.head()
        rows, following = export.first, export.following
        export.first = []
        while True:
            if rows:
                lines = await asyncio.to_thread(export.writer.lines, rows)
                export.rows += len(rows)
                yield lines
            if following is None:
                break
            async with asyncio.timeout(SLICE_SECONDS):
                rows, following = await db.read(walking.part, export.walk, following, SLICE)
        complete = True
    finally:
        # A client that hangs up cancels this task; the trace is written all the same.
        with anyio.CancelScope(shield=True):
            await db.write(
                service.finish,
                export.walk.actor,
                export_id=export.id,
                kind=export.order.kind,
                format=export.order.format,
                rows=export.rows,
                complete=complete,
            )
