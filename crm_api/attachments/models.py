"""Files."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crm_api.core.columns import Timestamps, Versioned, one_of
from crm_api.core.database import Base

RECORD_KINDS = ("account", "contact", "lead", "opportunity", "activity")


class Attachment(Timestamps, Versioned, Base):
    """One file under one name. The bytes are the FileStore's, found by `sha256`; several rows may share them.

    Until it is attached to a record a file is its uploader's alone, and goes after a day.
    """

    __tablename__ = "attachments"
    __kind__ = "attachment"
    __audited__ = True
    __table_args__ = (
        one_of("record_kind", RECORD_KINDS),
        sa.CheckConstraint("(record_kind IS NULL) = (record_id IS NULL)", name="whole_link"),
        sa.CheckConstraint("size >= 0", name="size_sign"),
        sa.Index("ix_attachments_record", "record_kind", "record_id", "created_at", "id"),
        sa.Index("ix_attachments_owner", "owner_id", "created_at", "id"),
        sa.Index("ix_attachments_created", "created_at", "id"),
        sa.Index(
            "ix_attachments_loose",
            "updated_at",
            sqlite_where=sa.text("record_id IS NULL"),
            postgresql_where=sa.text("record_id IS NULL"),
        ),
    )

    name: Mapped[str]
    type: Mapped[str]
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(index=True)
    record_kind: Mapped[str | None]
    record_id: Mapped[UUID | None]
    owner_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("users.id"))
    origin: Mapped[str] = mapped_column(default="api")

    @property
    def is_loose(self) -> bool:
        """Attached to nothing yet, or not any more."""
        return self.record_id is None
