"""trail"""

import sqlalchemy as sa
from alembic import op

from crm_api.core import columns, dialect

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('erasures',
    sa.Column('id', columns.GUID(), nullable=False),
    sa.Column('at', columns.UTCDateTime(), nullable=False),
    sa.Column('finished_at', columns.UTCDateTime(), nullable=True),
    sa.Column('actor_id', columns.GUID(), nullable=True),
    sa.Column('subject_kind', sa.Text(), nullable=False),
    sa.Column('subject_id', columns.GUID(), nullable=True),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('counts', dialect.Json, nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_erasures'))
    )
    with op.batch_alter_table('erasures', schema=None) as batch_op:
        batch_op.create_index('ix_erasures_at', ['at', 'id'], unique=False)

    with op.batch_alter_table('audit_entries', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_audit_entries_change_set_id'))
        batch_op.create_index('ix_audit_entries_set', ['change_set_id', 'id'], unique=False)

    with op.batch_alter_table('change_sets', schema=None) as batch_op:
        batch_op.add_column(sa.Column('reverts_id', columns.GUID(), nullable=True))
        batch_op.drop_index(batch_op.f('ix_change_sets_at'))
        batch_op.create_index('ix_change_sets_at', ['at', 'id'], unique=False)
        batch_op.create_index('ix_change_sets_actor', ['actor_id', 'at', 'id'], unique=False)
        batch_op.create_index('ix_change_sets_reverts', ['reverts_id'], unique=False)

    dialect.create_objects(op.get_bind())
