"""A file's way in and out, between transactions.

    in    look at it, write its row, keep its bytes, attach it
    out   remove its row; then the bytes, unless another row has the same

The row is there before the bytes are: whatever lies in the store without a row is nobody's, and a sweep may take it
without asking how old it is.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from typing import Any, BinaryIO
from uuid import UUID

from fastapi import Response

from crm_api.access import Actor, require_create
from crm_api.attachments import naming, service, types
from crm_api.attachments.models import Attachment
from crm_api.conditions import records
from crm_api.core.database import Database
from crm_api.core.errors import NotFound, TooLarge, Unavailable
from crm_api.ports import FileStore, PermanentFailure, TemporaryFailure
from crm_api.writes.dependencies import Writing

_CHUNK = 1_000_000


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it came in, and the record it is for, if any."""

    source: BinaryIO
    name: str | None
    kind: str | None = None
    record_id: UUID | None = None


async def upload(db: Database, store: FileStore, actor: Actor, file: Upload, *, limit: int) -> dict[str, Any]:
    """Take a file in; returns its record. Raises Invalid, TooLarge over `limit` bytes, Unavailable without room."""
    require_create(actor, "attachment")
    if file.kind and file.record_id:
        await db.read(service.require_target, actor, kind=file.kind, record_id=file.record_id)
    name = naming.plain(file.name)
    size, sha256, media_type = await asyncio.to_thread(_examined, file.source, name, limit)
    row = await db.write(service.take_in, actor, name=name, media_type=media_type, size=size, sha256=sha256)
    try:
        await store.keep(sha256, file.source)
    except TemporaryFailure as failure:
        await db.write(service.delete, actor, attachment_id=row.id, if_match=None)
        raise Unavailable(failure.reason, retry_after=int(failure.retry_after or 60)) from failure
    if file.kind and file.record_id:
        await db.write(service.attach, actor, attachment_id=row.id, kind=file.kind, record_id=file.record_id)
    return await db.read(records.one, actor, "attachment", row.id)


def _examined(source: BinaryIO, name: str, limit: int) -> tuple[int, str, str]:
    source.seek(0)
    digest, size = hashlib.sha256(), 0
    while piece := source.read(_CHUNK):
        size += len(piece)
        if size > limit:
            raise TooLarge(f"A file has at most {limit:,} bytes.")
        digest.update(piece)
    return size, digest.hexdigest(), types.inspect(source, name)


async def download(
    db: Database, store: FileStore, actor: Actor, attachment_id: UUID
) -> tuple[Attachment, AsyncIterator[bytes]]:
    """A file and its bytes; raises NotFound where it is not there, not the actor's to see, or not kept any more."""
    file: Attachment = await db.read(records.get, actor, Attachment, attachment_id)
    try:
        return file, await store.read(file.sha256)
    except PermanentFailure as failure:
        raise NotFound(failure.reason) from failure
    except TemporaryFailure as failure:
        raise Unavailable(failure.reason) from failure


async def delete(write: Writing, store: FileStore, *, attachment_id: UUID, if_match: int | None) -> Response:
    """Remove a file for good, its bytes with it where nobody else has the same."""
    file: Attachment = await write.db.read(records.get, write.actor, Attachment, attachment_id)
    answer = await write.nothing(service.delete, attachment_id=attachment_id, if_match=if_match)
    if not write.dry_run:
        await sweep(write.db, store, only={file.sha256})
    return answer


async def sweep(db: Database, store: FileStore, *, only: Collection[str] | None = None) -> int:
    """Remove bytes that no row has; returns how many files went.

    First what is kept is listed, then the rows are read, then each file goes unless it was kept again meanwhile: a
    file that comes in writes its row before it keeps its bytes, so that it is seen by one of the two.
    """
    kept = [one for one in await store.kept() if only is None or one.sha256 in only]
    wanted = await db.read(service.wanted, [one.sha256 for one in kept])
    return sum([await store.forget(one) for one in kept if one.sha256 not in wanted])


async def tidy(db: Database, store: FileStore) -> int:
    """Forget what was attached to nothing for a day, then the bytes that nobody has."""
    gone = 0
    while done := await db.write(service.forget_loose):
        gone += done
    return gone + await sweep(db, store)
