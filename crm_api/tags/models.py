"""Tags."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crm_api.core.columns import Timestamps, Versioned, derived
from crm_api.core.database import Base
from crm_api.core.text import fold


class Tag(Timestamps, Versioned, Base):
    """A label; its name is unique whatever its case."""

    __tablename__ = "tags"
    __kind__ = "tag"
    __audited__ = True
    __table_args__ = (sa.UniqueConstraint("name_key"),)

    name: Mapped[str]
    name_key: Mapped[str] = derived(lambda row: fold(row.name))
    color: Mapped[str] = mapped_column(default="grey")
    origin: Mapped[str] = mapped_column(default="api")


class RecordTag(Base):
    """A tag on a record of any kind."""

    __tablename__ = "record_tags"
    __table_args__ = (
        sa.UniqueConstraint("kind", "record_id", "tag_id"),
        sa.Index("ix_record_tags_tag", "tag_id", "kind", "record_id"),
    )

    tag_id: Mapped[UUID] = mapped_column(sa.ForeignKey("tags.id", ondelete="CASCADE"))
    kind: Mapped[str]
    record_id: Mapped[UUID]
