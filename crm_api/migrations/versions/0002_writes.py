"""Kept answers; one activity per external id."""

import sqlalchemy as sa
from alembic import op

from crm_api.core import columns, dialect

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "kept_answers",
        sa.Column("id", columns.GUID(), nullable=False),
        sa.Column("user_id", columns.GUID(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("started_at", columns.UTCDateTime(), nullable=False),
        sa.Column("lease_until", columns.UTCDateTime(), nullable=False),
        sa.Column("token", sa.BigInteger(), nullable=False),
        sa.Column("change_set_id", columns.GUID(), nullable=True),
        sa.Column("results", dialect.Json, nullable=True),
        sa.Column("status", sa.BigInteger(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("headers", dialect.Json, nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_kept_answers_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kept_answers")),
        sa.UniqueConstraint("user_id", "method", "path", "key", name="uq_kept_answers_request"),
    )
    op.create_index("ix_kept_answers_started_at", "kept_answers", ["started_at"])
    op.add_column("activities", sa.Column("source_updated_at", columns.UTCDateTime(), nullable=True))
    # Until now nothing kept two activities from one external id: all but the first keep theirs with a mark.
    op.execute(
        "UPDATE activities SET external_id = twins.external_id || ' #' || twins.n FROM ("
        "SELECT id, external_id, ROW_NUMBER() OVER (PARTITION BY external_system, external_id ORDER BY id) AS n "
        "FROM activities WHERE external_id IS NOT NULL) AS twins WHERE twins.id = activities.id AND twins.n > 1"
    )
    op.create_index(
        "uq_activities_external",
        "activities",
        ["external_system", "external_id"],
        unique=True,
        sqlite_where=sa.text("external_id IS NOT NULL"),
        postgresql_where=sa.text("external_id IS NOT NULL"),
    )
