"""What may be asked about files, and who sees them."""

from typing import Any

import sqlalchemy as sa

from crm_api import access
from crm_api.access import Actor, visible
from crm_api.attachments.models import RECORD_KINDS, Attachment
from crm_api.attachments.schemas import AttachmentOut, address_of
from crm_api.core.fields import CATALOGUES, Catalogue, Field, FieldType, Relation
from crm_api.core.presenting import in_order, shown_by


def _sees(actor: Actor) -> sa.ColumnElement[bool]:
    """A file is seen by whoever sees the record it is attached to; a loose one by its uploader."""
    if actor.is_administrator:
        return sa.true()
    if actor.user_id is None:
        return sa.false()
    terms: list[sa.ColumnElement[bool]] = [
        sa.and_(Attachment.record_id.is_(None), Attachment.owner_id == actor.user_id)
    ]
    for kind in RECORD_KINDS:
        model = CATALOGUES[kind].model
        seen = sa.select(model.id).where(visible(kind, actor))
        terms.append(sa.and_(Attachment.record_kind == kind, Attachment.record_id.in_(seen)))
    return sa.or_(*terms)


access.declare("attachment", Attachment, owner=Attachment.owner_id, sees=_sees)

_SHOWN = sa.select(
    *shown_by(AttachmentOut, Attachment, file_id=Attachment.id, kind=Attachment.record_kind),
)


def _present(row: dict[str, Any]) -> dict[str, Any]:
    row["url"] = address_of(row["id"])
    return in_order(AttachmentOut, row)


CATALOGUE = Catalogue(
    kind="attachment",
    plural="attachments",
    model=Attachment,
    out=AttachmentOut,
    label="name",
    asked=False,  # "files" and "documents" are words of many a custom field
    fields=(
        Field("name", FieldType.TEXT, Attachment.name, nullable=False),
        Field("type", FieldType.TEXT, Attachment.type, nullable=False),
        Field("size", FieldType.INTEGER, Attachment.size, unit="bytes", nullable=False),
        Field("sha256", FieldType.TEXT, Attachment.sha256, nullable=False),
        Field("kind", FieldType.CHOICE, Attachment.record_kind, choices=RECORD_KINDS),
        Field("record_id", FieldType.REFERENCE, Attachment.record_id),
        Field("owner_id", FieldType.REFERENCE, Attachment.owner_id),
        Field("created_at", FieldType.DATETIME, Attachment.created_at, sortable=True, nullable=False),
    ),
    relations=(Relation("owner", "user", Attachment.owner_id, "attachments"),),
    shown=lambda: _SHOWN,
    present=_present,
)
