"""Segments and their members."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crm_api.core import clock
from crm_api.core.columns import Archivable, Timestamps, Versioned, derived, one_of, sort_index
from crm_api.core.database import Base
from crm_api.core.text import fold

SEGMENT_KINDS = ("static", "dynamic")


class Segment(Timestamps, Versioned, Archivable, Base):
    """A group of accounts. The criteria of a dynamic one are a condition tree, those of a static one are words for
    people: kept as they were given, evaluated by nobody."""

    __tablename__ = "segments"
    __kind__ = "segment"
    __audited__ = True
    __search__ = ("name", "code", "description")
    __table_args__ = (
        one_of("kind", SEGMENT_KINDS),
        sort_index("ix_segments_live_name", "name_key"),
        sort_index("ix_segments_live_priority", "priority"),
        sort_index("ix_segments_live_created", "created_at"),
        sa.Index("ix_segments_active", "is_active"),
        sa.Index(
            "uq_segments_code",
            "code_key",
            unique=True,
            info={"refusal": "There is a segment with this code already."},
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        ),
        sa.Index(
            "uq_segments_external",
            "external_system",
            "external_id",
            unique=True,
            sqlite_where=sa.text("external_id IS NOT NULL"),
            postgresql_where=sa.text("external_id IS NOT NULL"),
        ),
    )

    name: Mapped[str]
    name_key: Mapped[str] = derived(lambda row: fold(row.name))
    code: Mapped[str]
    code_key: Mapped[str] = derived(lambda row: fold(row.code))
    description: Mapped[str | None]
    kind: Mapped[str] = mapped_column(default="static")
    criteria: Mapped[dict[str, Any]] = mapped_column(default=dict)
    benefits: Mapped[dict[str, Any]] = mapped_column(default=dict)
    is_active: Mapped[bool] = mapped_column(default=True)
    priority: Mapped[int] = mapped_column(default=0)
    external_system: Mapped[str | None]
    external_id: Mapped[str | None]
    origin: Mapped[str] = mapped_column(default="api")

    @property
    def is_dynamic(self) -> bool:
        """Whether its members follow from its criteria."""
        return self.kind == "dynamic"


class SegmentStats(Base):
    """Figures derived from the members; they never bump the segment's version.

    `evaluated_at` is when a dynamic segment's members were last worked out.
    """

    __tablename__ = "segment_stats"

    segment_id: Mapped[UUID] = mapped_column(sa.ForeignKey("segments.id", ondelete="CASCADE"), unique=True)
    customer_count: Mapped[int] = mapped_column(default=0)
    evaluated_at: Mapped[datetime | None]


class SegmentMember(Base):
    """An account in a segment. Nobody assigned the members of a dynamic one."""

    __tablename__ = "segment_members"
    __kind__ = "segment_member"
    __table_args__ = (
        sa.UniqueConstraint("segment_id", "account_id"),
        sa.Index("ix_segment_members_account", "account_id", "segment_id"),
        sa.Index("ix_segment_members_assigned", "segment_id", "assigned_at", "id"),
    )

    segment_id: Mapped[UUID] = mapped_column(sa.ForeignKey("segments.id", ondelete="CASCADE"))
    account_id: Mapped[UUID] = mapped_column(sa.ForeignKey("accounts.id", ondelete="CASCADE"))
    assigned_at: Mapped[datetime] = mapped_column(default=clock.now)
    assigned_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("users.id"))
