"""The audit trail."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crm_api.core.database import Base


class ChangeSet(Base):
    """Everything one request, import or job changed together."""

    __tablename__ = "change_sets"
    __table_args__ = (sa.Index("ix_change_sets_at", "at"),)

    at: Mapped[datetime]
    actor_id: Mapped[UUID | None]
    origin: Mapped[str]
    request_id: Mapped[str | None]
    label: Mapped[str] = mapped_column(default="")


class AuditEntry(Base):
    """One record's part of a change set: each changed field with its value before and after."""

    __tablename__ = "audit_entries"
    __table_args__ = (sa.Index("ix_audit_entries_record", "kind", "record_id", "id"),)

    change_set_id: Mapped[UUID] = mapped_column(sa.ForeignKey("change_sets.id"), index=True)
    kind: Mapped[str]
    record_id: Mapped[UUID]
    action: Mapped[str]
    before: Mapped[dict[str, Any]] = mapped_column(default=dict)
    after: Mapped[dict[str, Any]] = mapped_column(default=dict)
