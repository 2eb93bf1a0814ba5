"""Files: taking in, attaching to records, taking away."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.access import Actor, require_create, visible
from crm_api.attachments.models import Attachment
from crm_api.attachments.schemas import AttachmentRef, address_of
from crm_api.conditions import records
from crm_api.core import clock, context
from crm_api.core.errors import Conflict, Invalid
from crm_api.events import Event, record

LOOSE_FOR = timedelta(days=1)


def take_in(
    session: Session, actor: Actor, *, name: str, media_type: str, size: int, sha256: str
) -> Attachment:
    """A file that is attached to nothing yet. Written before its bytes are kept: bytes without a row are swept away."""
    require_create(actor, "attachment")
    file = Attachment(
        name=name, type=media_type, size=size, sha256=sha256, owner_id=actor.user_id,
        origin=context.current().origin,
    )  # fmt: skip
    session.add(file)
    return file


def attach(session: Session, actor: Actor, *, attachment_id: UUID, kind: str, record_id: UUID) -> Attachment:
    """Attach a loose file to a record the actor sees; raises Invalid where that is not there."""
    file: Attachment = records.get(session, actor, Attachment, attachment_id, writing=True)
    require_target(session, actor, kind=kind, record_id=record_id)
    if not file.is_loose:
        raise Conflict("This file is attached already.")
    _bind(session, file, kind, record_id)
    return file


def require_target(session: Session, actor: Actor, *, kind: str, record_id: UUID) -> None:
    """Raise Invalid naming the field unless a file may be attached there."""
    if kind == "activity":
        raise Invalid.field("kind", "name the file in the activity's own `attachments`")
    records.require_link(session, actor, kind, record_id, field="record_id")


def settle(
    session: Session,
    actor: Actor,
    *,
    kind: str,
    record_id: UUID,
    refs: Sequence[AttachmentRef] | None,
) -> list[dict[str, Any]] | None:
    """Attach the files of a record's list to it and let go of those no longer in it; returns the list to keep.

    A file that hangs on another record the actor sees is attached once more, under an id of its own: who sees it
    follows the record. Raises Invalid naming the one that is not there.
    """
    given = list(refs or ())
    files = _seen(session, actor, [ref.file_id for ref in given if ref.file_id])
    shown, held = [], set()
    for n, ref in enumerate(given):
        if ref.file_id is None:
            shown.append(_elsewhere(ref))
            continue
        if ref.file_id not in files:
            raise Invalid.field(
                f"attachments.{n}.file_id", "there is no such file, or it is not yours to attach"
            )
        file = _on(session, actor, files[ref.file_id], kind, record_id)
        held.add(file.id)
        shown.append({**_told(file), "name": ref.name or file.name})
    _let_go(session, kind, record_id, but=held)
    return shown or None


def resettle(session: Session, *, kind: str, record_id: UUID, shown: list[Any] | None) -> None:
    """Attach again what a record's list says after the list was set back; what is gone since stays gone."""
    ids = [UUID(str(one["file_id"])) for one in shown or () if one.get("file_id")]
    held = set()
    for file in session.scalars(sa.select(Attachment).where(Attachment.id.in_(ids)).with_for_update()):
        if file.is_loose:
            _bind(session, file, kind, record_id)
        if file.record_id == record_id:
            held.add(file.id)
    _let_go(session, kind, record_id, but=held)


def delete(session: Session, actor: Actor, *, attachment_id: UUID, if_match: int | None) -> None:
    """Remove a file for good. Raises Conflict for one in an activity's list: it is taken out of that."""
    file: Attachment = records.get(session, actor, Attachment, attachment_id, writing=True, if_match=if_match)
    if file.record_kind == "activity":
        raise Conflict("This file is in an activity's list; change its `attachments`.")
    record(session, event("attachment.deleted", file))
    session.delete(file)


def forget_loose(session: Session) -> int:
    """Remove files that were attached to nothing for a day; returns how many."""
    before = clock.now() - LOOSE_FOR
    stale = session.scalars(
        sa.select(Attachment).where(Attachment.record_id.is_(None), Attachment.updated_at < before).limit(500)
    ).all()
    for file in stale:
        session.delete(file)
    return len(stale)


def wanted(session: Session, names: Iterable[str]) -> set[str]:
    """Those of these contents that some file still has."""
    asked = sorted(names)
    found: set[str] = set()
    for start in range(0, len(asked), 500):
        some = Attachment.sha256.in_(asked[start : start + 500])
        found.update(session.scalars(sa.select(Attachment.sha256).where(some)))
    return found


def event(type_: str, file: Attachment) -> Event:
    """An event about a file, with the record it is attached to."""
    what = {"name": file.name, "record_kind": file.record_kind, "record_id": file.record_id}
    return Event(type_, "attachment", file.id, what, file.owner_id)


def _seen(session: Session, actor: Actor, ids: Sequence[UUID]) -> dict[UUID, Attachment]:
    if not ids:
        return {}
    statement = sa.select(Attachment).where(Attachment.id.in_(ids), visible("attachment", actor))
    return {file.id: file for file in session.scalars(statement.order_by(Attachment.id).with_for_update())}


def _on(session: Session, actor: Actor, file: Attachment, kind: str, record_id: UUID) -> Attachment:
    if file.is_loose:
        _bind(session, file, kind, record_id)
    elif (file.record_kind, file.record_id) != (kind, record_id):
        file = take_in(
            session, actor, name=file.name, media_type=file.type, size=file.size, sha256=file.sha256
        )
        _bind(session, file, kind, record_id)
    return file


def _bind(session: Session, file: Attachment, kind: str, record_id: UUID) -> None:
    file.record_kind, file.record_id = kind, record_id
    record(session, event("attachment.added", file))


def _let_go(session: Session, kind: str, record_id: UUID, *, but: set[UUID]) -> None:
    there = sa.select(Attachment).where(Attachment.record_kind == kind, Attachment.record_id == record_id)
    for file in session.scalars(there):
        if file.id not in but:
            file.record_kind = file.record_id = None


def _told(file: Attachment) -> dict[str, Any]:
    return {
        "name": file.name,
        "file_id": str(file.id),
        "url": address_of(file.id),
        "size": file.size,
        "type": file.type,
    }


def _elsewhere(ref: AttachmentRef) -> dict[str, Any]:
    name = ref.name or (ref.url or "").partition("?")[0].rstrip("/").rpartition("/")[2]
    return {"name": name, "file_id": None, "url": ref.url, "size": ref.size, "type": ref.type}
