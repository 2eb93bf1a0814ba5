"""What paid maps cost"""

import sqlalchemy as sa
from alembic import op

from crm_api.core import columns, dialect

revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('map_calls',
    sa.Column('id', columns.GUID(), nullable=False),
    sa.Column('at', columns.UTCDateTime(), nullable=False),
    sa.Column('month', sa.Text(), nullable=False),
    sa.Column('service', sa.Text(), nullable=False),
    sa.Column('units', sa.BigInteger(), nullable=False),
    sa.Column('micros', sa.BigInteger(), nullable=False),
    sa.Column('outcome', sa.Text(), nullable=False),
    sa.Column('actor_id', columns.GUID(), nullable=True),
    sa.CheckConstraint("outcome IN ('reserved', 'paid', 'refused', 'uncertain')", name=op.f('ck_map_calls_outcome_word')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_map_calls'))
    )
    with op.batch_alter_table('map_calls', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_map_calls_at'), ['at'], unique=False)
        batch_op.create_index('ix_map_calls_month', ['month', 'service'], unique=False)

    op.create_table('map_months',
    sa.Column('id', columns.GUID(), nullable=False),
    sa.Column('month', sa.Text(), nullable=False),
    sa.Column('micros', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_map_months')),
    sa.UniqueConstraint('month', name=op.f('uq_map_months_month'))
    )
    dialect.create_objects(op.get_bind())
