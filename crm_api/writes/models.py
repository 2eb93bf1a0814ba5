"""Answers kept for requests that carry an Idempotency-Key."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crm_api.core.database import Base
from crm_api.core.dialect import Json


class KeptAnswer(Base):
    """One keyed request: begun under a lease, and once its work is committed, the answer it was given.

    `token` rises with every lease taken: who lost the lease cannot commit any more. `fingerprint` is the SHA-256
    of query string and body. `results` are those of a bulk request's committed operations, until it has its answer.
    """

    __tablename__ = "kept_answers"
    __table_args__ = (
        sa.UniqueConstraint("user_id", "method", "path", "key", name="uq_kept_answers_request"),
        sa.Index("ix_kept_answers_started_at", "started_at"),
    )

    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id"))
    method: Mapped[str]
    path: Mapped[str]
    key: Mapped[str]
    fingerprint: Mapped[str]
    started_at: Mapped[datetime]
    lease_until: Mapped[datetime]
    token: Mapped[int] = mapped_column(default=1)
    change_set_id: Mapped[UUID | None]
    results: Mapped[list[dict[str, object]] | None] = mapped_column(Json)
    status: Mapped[int | None]
    body: Mapped[bytes | None]
    headers: Mapped[dict[str, str] | None] = mapped_column(Json)
