"""Check-ins, calendar feeds, and what stands in whose calendar"""

import sqlalchemy as sa
from alembic import op

from crm_api.core import columns, dialect

revision = '0016'
down_revision = '0015'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('calendar_feeds',
    sa.Column('id', columns.GUID(), nullable=False),
    sa.Column('user_id', columns.GUID(), nullable=False),
    sa.Column('token_hash', sa.Text(), nullable=False),
    sa.Column('created_at', columns.UTCDateTime(), nullable=False),
    sa.Column('last_read_at', columns.UTCDateTime(), nullable=True),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_calendar_feeds_user_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_calendar_feeds')),
    sa.UniqueConstraint('token_hash', name=op.f('uq_calendar_feeds_token_hash')),
    sa.UniqueConstraint('user_id', name=op.f('uq_calendar_feeds_user_id'))
    )
    op.create_table('calendar_entries',
    sa.Column('id', columns.GUID(), nullable=False),
    sa.Column('activity_id', columns.GUID(), nullable=False),
    sa.Column('mailbox', sa.Text(), nullable=False),
    sa.Column('provider_id', sa.Text(), nullable=True),
    sa.Column('is_in', sa.Boolean(), nullable=False),
    sa.Column('seen_version', sa.BigInteger(), nullable=False),
    sa.Column('attempts', sa.BigInteger(), nullable=False),
    sa.Column('next_try_at', columns.UTCDateTime(), nullable=True),
    sa.Column('failed_because', sa.Text(), nullable=True),
    sa.Column('created_at', columns.UTCDateTime(), nullable=False),
    sa.Column('updated_at', columns.UTCDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['activity_id'], ['activities.id'], name=op.f('fk_calendar_entries_activity_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_calendar_entries')),
    sa.UniqueConstraint('activity_id', name=op.f('uq_calendar_entries_activity_id'))
    )
    with op.batch_alter_table('calendar_entries', schema=None) as batch_op:
        batch_op.create_index('ix_calendar_entries_due', ['next_try_at'], unique=False)

    op.create_table('check_ins',
    sa.Column('id', columns.GUID(), nullable=False),
    sa.Column('account_id', columns.GUID(), nullable=False),
    sa.Column('activity_id', columns.GUID(), nullable=False),
    sa.Column('owner_id', columns.GUID(), nullable=False),
    sa.Column('team_id', columns.GUID(), nullable=True),
    sa.Column('checked_in_at', columns.UTCDateTime(), nullable=False),
    sa.Column('received_at', columns.UTCDateTime(), nullable=False),
    sa.Column('checked_out_at', columns.UTCDateTime(), nullable=True),
    sa.Column('latitude', sa.Double(), nullable=True),
    sa.Column('longitude', sa.Double(), nullable=True),
    sa.Column('accuracy_metres', sa.BigInteger(), nullable=True),
    sa.Column('distance_metres', sa.BigInteger(), nullable=True),
    sa.Column('verdict', sa.Text(), nullable=False),
    sa.Column('created_at', columns.UTCDateTime(), nullable=False),
    sa.Column('updated_at', columns.UTCDateTime(), nullable=False),
    sa.CheckConstraint("verdict IN ('verified', 'away', 'unverified')", name=op.f('ck_check_ins_verdict_word')),
    sa.CheckConstraint('checked_out_at >= checked_in_at', name=op.f('ck_check_ins_out_after_in')),
    sa.CheckConstraint('latitude BETWEEN -90 AND 90', name=op.f('ck_check_ins_latitude_range')),
    sa.CheckConstraint('longitude BETWEEN -180 AND 180', name=op.f('ck_check_ins_longitude_range')),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_check_ins_account_id')),
    sa.ForeignKeyConstraint(['activity_id'], ['activities.id'], name=op.f('fk_check_ins_activity_id')),
    sa.ForeignKeyConstraint(['owner_id'], ['users.id'], name=op.f('fk_check_ins_owner_id')),
    sa.ForeignKeyConstraint(['team_id'], ['teams.id'], name=op.f('fk_check_ins_team_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_check_ins')),
    sa.UniqueConstraint('activity_id', name=op.f('uq_check_ins_activity_id'))
    )
    with op.batch_alter_table('check_ins', schema=None) as batch_op:
        batch_op.create_index('ix_check_ins_account', ['account_id', 'checked_in_at'], unique=False)
        batch_op.create_index('ix_check_ins_at', ['checked_in_at', 'id'], unique=False)
        batch_op.create_index('ix_check_ins_owner', ['owner_id', 'checked_in_at', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_check_ins_team_id'), ['team_id'], unique=False)

    dialect.create_objects(op.get_bind())
