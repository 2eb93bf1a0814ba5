"""The log of imports: what each one is, how far it came, and what it did."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crm_api.core.columns import Timestamps, one_of
from crm_api.core.database import Base

STATES = ("waiting", "validating", "refused", "writing", "done", "failed")


class ImportRun(Timestamps, Base):
    """One file being imported. `written_rows` moves in the transaction that writes the rows, so that a run
    that was cut off goes on at exactly the first unwritten one.

    `mapping` is JSON as text: a JSON column would lose the order of its fields. `digest` is over the file
    and its mapping: the same file imported again under another mapping is another import. `lease_until`
    says until when a process is at work on it.
    """

    __tablename__ = "import_runs"
    __table_args__ = (
        one_of("state", STATES),
        sa.Index("ix_import_runs_digest", "digest", "state"),
        sa.Index("ix_import_runs_created", "created_at", "id"),
    )

    kind: Mapped[str]
    file_name: Mapped[str]
    system: Mapped[str]
    digest: Mapped[str]
    mapping: Mapped[str]
    path: Mapped[str | None]
    dry_run: Mapped[bool] = mapped_column(default=False)
    skip_errors: Mapped[bool] = mapped_column(default=False)
    state: Mapped[str] = mapped_column(default="waiting")
    progress: Mapped[int] = mapped_column(default=0)
    total_rows: Mapped[int] = mapped_column(default=0)
    written_rows: Mapped[int] = mapped_column(default=0)
    created_records: Mapped[int] = mapped_column(default=0)
    updated_records: Mapped[int] = mapped_column(default=0)
    unchanged_records: Mapped[int] = mapped_column(default=0)
    repeated_rows: Mapped[int] = mapped_column(default=0)
    possible_duplicates: Mapped[int] = mapped_column(default=0, server_default="0")
    error_rows: Mapped[int] = mapped_column(default=0)
    message: Mapped[str | None]
    change_set_id: Mapped[UUID | None]
    actor_id: Mapped[UUID | None]
    lease_until: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
