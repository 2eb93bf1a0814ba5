"""Where accounts are, and how we know"""

import sqlalchemy as sa
from alembic import op

from crm_api.core import columns, dialect

revision = '0013'
down_revision = '0012'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('geocoding_runs',
    sa.Column('id', columns.GUID(), nullable=False),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('total', sa.BigInteger(), nullable=False),
    sa.Column('most_micros', sa.BigInteger(), nullable=False),
    sa.Column('message', sa.Text(), nullable=True),
    sa.Column('actor_id', columns.GUID(), nullable=True),
    sa.Column('lease_until', columns.UTCDateTime(), nullable=True),
    sa.Column('finished_at', columns.UTCDateTime(), nullable=True),
    sa.Column('created_at', columns.UTCDateTime(), nullable=False),
    sa.Column('updated_at', columns.UTCDateTime(), nullable=False),
    sa.CheckConstraint("state IN ('waiting', 'done', 'stopped', 'cancelled')", name=op.f('ck_geocoding_runs_state_word')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_geocoding_runs'))
    )
    with op.batch_alter_table('geocoding_runs', schema=None) as batch_op:
        batch_op.create_index('ix_geocoding_runs_state', ['state', 'created_at'], unique=False)

    op.create_table('account_places',
    sa.Column('id', columns.GUID(), nullable=False),
    sa.Column('account_id', columns.GUID(), nullable=False),
    sa.Column('status', sa.Text(), nullable=False),
    sa.Column('source', sa.Text(), nullable=True),
    sa.Column('precision', sa.Text(), nullable=True),
    sa.Column('place_id', sa.Text(), nullable=True),
    sa.Column('label', sa.Text(), nullable=True),
    sa.Column('address', sa.Text(), nullable=True),
    sa.Column('geocoded_at', columns.UTCDateTime(), nullable=True),
    sa.Column('candidates', dialect.Json, nullable=False),
    sa.Column('note', sa.Text(), nullable=True),
    sa.Column('created_at', columns.UTCDateTime(), nullable=False),
    sa.Column('updated_at', columns.UTCDateTime(), nullable=False),
    sa.CheckConstraint("status IN ('placed', 'review', 'nothing', 'failed', 'moved', 'expired')", name=op.f('ck_account_places_status_word')),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_account_places_account_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_account_places')),
    sa.UniqueConstraint('account_id', name=op.f('uq_account_places_account_id'))
    )
    with op.batch_alter_table('account_places', schema=None) as batch_op:
        batch_op.create_index('ix_account_places_age', ['source', 'geocoded_at'], unique=False)
        batch_op.create_index('ix_account_places_status', ['status', 'account_id'], unique=False)

    op.create_table('geocoding_items',
    sa.Column('id', columns.GUID(), nullable=False),
    sa.Column('run_id', columns.GUID(), nullable=False),
    sa.Column('account_id', columns.GUID(), nullable=False),
    sa.Column('outcome', sa.Text(), nullable=True),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_geocoding_items_account_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['run_id'], ['geocoding_runs.id'], name=op.f('fk_geocoding_items_run_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_geocoding_items')),
    sa.UniqueConstraint('run_id', 'account_id', name=op.f('uq_geocoding_items_run_id_account_id'))
    )
    with op.batch_alter_table('geocoding_items', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_geocoding_items_account_id'), ['account_id'], unique=False)
        batch_op.create_index('ix_geocoding_items_open', ['run_id', 'outcome', 'id'], unique=False)

    dialect.create_objects(op.get_bind())
