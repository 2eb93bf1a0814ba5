"""The audit trail."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crm_api.core.columns import given_index
from crm_api.core.database import Base


class ChangeSet(Base):
    """Everything one request, import or job changed together. `reverts_id` names the one it undoes.

    Rows of the trail are never changed or deleted: the database itself refuses, see `Erasure`.
    """

    __tablename__ = "change_sets"
    __kind__ = "change_set"
    __table_args__ = (
        sa.Index("ix_change_sets_at", "at", "id"),
        sa.Index("ix_change_sets_actor", "actor_id", "at", "id"),
        given_index("ix_change_sets_reverts", "reverts_id"),
    )

    at: Mapped[datetime]
    actor_id: Mapped[UUID | None]
    origin: Mapped[str]
    request_id: Mapped[str | None]
    label: Mapped[str] = mapped_column(default="")
    reverts_id: Mapped[UUID | None]


class AuditEntry(Base):
    """One record's part of a change set: each changed field with its value before and after."""

    __tablename__ = "audit_entries"
    __kind__ = "audit_entry"
    __table_args__ = (
        sa.Index("ix_audit_entries_record", "kind", "record_id", "id"),
        sa.Index("ix_audit_entries_set", "change_set_id", "id"),
    )

    change_set_id: Mapped[UUID] = mapped_column(sa.ForeignKey("change_sets.id"))
    kind: Mapped[str]
    record_id: Mapped[UUID]
    action: Mapped[str]
    before: Mapped[dict[str, Any]] = mapped_column(default=dict)
    after: Mapped[dict[str, Any]] = mapped_column(default=dict)


class Erasure(Base):
    """What is left of somebody who was erased: that it happened, who did it and why. No personal data.

    While it is under way (`finished_at` is empty, which no other transaction ever sees) and only then, the
    triggers of `core/dialect.py` let rows of the trail be changed: nobody alters the trail without a trace.
    """

    __tablename__ = "erasures"
    __kind__ = "erasure"
    __table_args__ = (sa.Index("ix_erasures_at", "at", "id"),)

    at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    actor_id: Mapped[UUID | None]
    subject_kind: Mapped[str]
    subject_id: Mapped[UUID | None]
    reason: Mapped[str]
    counts: Mapped[dict[str, Any]] = mapped_column(default=dict)
