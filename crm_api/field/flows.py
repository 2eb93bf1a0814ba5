"""A photo's way to its visit: the bytes between two transactions."""

from typing import Any, BinaryIO
from uuid import UUID

from crm_api.access import Actor
from crm_api.attachments import flows as files
from crm_api.attachments import types
from crm_api.attachments.flows import Upload
from crm_api.core.database import Database
from crm_api.core.errors import Invalid
from crm_api.field import photos
from crm_api.ports import FileStore


async def add_photo(
    db: Database,
    store: FileStore,
    actor: Actor,
    *,
    check_in_id: UUID,
    source: BinaryIO,
    name: str,
    limit: int,
) -> dict[str, Any]:
    """Keep a photo and hang it on the visit; returns the file as the visit lists it. The same photo again changes
    nothing.

    Raises NotFound, NotAllowed for a colleague's visit, Invalid for what is no photo, TooLarge over `limit` bytes,
    Unavailable without room.
    """
    if not (kind := types.TYPES.get(types.ending_of(name))) or not kind.media.startswith("image/"):
        raise Invalid.field("photo", "this is no photo; take one, or choose a picture")
    await db.read(photos.require_own, actor, check_in_id=check_in_id)
    taken = await files.upload(db, store, actor, Upload(source, name), limit=limit)
    visit = await db.write(photos.hang, actor, check_in_id=check_in_id, file_id=taken["id"])
    return next(one for one in reversed(visit.attachments or []) if one.get("file_id"))
