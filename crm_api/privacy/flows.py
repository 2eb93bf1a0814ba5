"""Handing over and erasing, between transactions: looking everywhere, streaming, and the files beside the database."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import anyio
from fastapi import Response
from pydantic_core import to_json
from sqlalchemy.orm import Session

from crm_api import audit
from crm_api.access import Actor
from crm_api.attachments import flows as attachments
from crm_api.core import clock, search
from crm_api.core.database import Database
from crm_api.ports import Ports
from crm_api.privacy import exporting, files, service
from crm_api.privacy.declarations import Reach
from crm_api.privacy.finding import look_everywhere
from crm_api.privacy.schemas import ErasureIn, ExportIn
from crm_api.writes.dependencies import Writing


async def erase(write: Writing, data: ErasureIn, *, ports: Ports, data_dir: Path) -> Response:
    """Look everywhere, erase in one transaction, then remove the files. A dry run removes nothing."""
    reach = await write.db.read(service.find, write.actor, subject=data.subject, also=data.also_known_as)
    mentions = await look_everywhere(write.db, reach.words)
    answer = await write.answer(service.erase_person, data=data, mentions=mentions, status=201)
    if not write.dry_run:
        await asyncio.to_thread(files.clean, data_dir / "imports", reach.words)
        for address in sorted(reach.addresses) if ports.kept_mail else ():
            assert ports.kept_mail is not None
            await ports.kept_mail.forget(address)
        if ports.file_store is not None:
            await attachments.sweep(write.db, ports.file_store)
    return answer


@dataclass(slots=True)
class Export:
    """A document that has begun: its trace is written, and what is to be read is known."""

    id: UUID
    change_set_id: UUID
    reach: Reach
    parts: list[exporting.Part]
    rows: int = 0


async def begin(db: Database, actor: Actor, data: ExportIn) -> Export:
    """Find everything and note who asks; raises Problem before anything is sent."""

    def noted(session: Session) -> tuple[UUID, UUID, Reach]:
        found = service.begin_export(session, actor, subject=data.subject, also=data.also_known_as)
        return found[0], audit.change_set(session), found[1]

    export_id, change_set_id, reach = await db.write(noted)
    mentions = await look_everywhere(db, reach.words)
    return Export(export_id, change_set_id, reach, await db.read(exporting.parts, reach, mentions))


async def stream(db: Database, export: Export) -> AsyncIterator[bytes]:
    """The bytes of the document. Where a read fails it breaks off, so that no part is taken for the whole."""
    complete = False
    try:
        yield _head(export)
        table: tuple[str, str] | None = None
        for part in export.parts:
            rows = await db.read(exporting.rows, part)
            export.rows += len(rows)
            here = (part[0].table.name, part[1])
            yield _between(table, here) + b",".join(rows)
            table = here
        yield b"]}}}" if table else b"}}"
        complete = True
    finally:
        with anyio.CancelScope(shield=True):
            await db.write(
                service.finish_export,
                export_id=export.id,
                rows=export.rows,
                complete=complete,
                change_set_id=export.change_set_id,
            )


def _head(export: Export) -> bytes:
    head: dict[str, Any] = {
        "generated_at": clock.now(),
        "records": [{"kind": kind, "id": record_id} for kind, record_id in export.reach.roots],
        "addresses": sorted(export.reach.addresses),
    }
    return to_json(head)[:-1] + b',"tables":{'


def _between(before: tuple[str, str] | None, now: tuple[str, str]) -> bytes:
    if before == now:
        return b","
    if before is None or before[0] != now[0]:
        closing = b"" if before is None else b"]},"
        return closing + to_json(now[0]) + b":{" + to_json(now[1]) + b":["
    return b"]," + to_json(now[1]) + b":["


async def forget_words(db: Database) -> int:
    """Let the search index forget the words of texts that are gone; returns how many steps it took."""
    done = 0
    while await db.write(search.forget_words):
        done += 1
    return done
