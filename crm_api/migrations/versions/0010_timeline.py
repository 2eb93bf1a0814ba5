"""Files, notifications, follow-ups of communications, and timelines that can be filtered by type"""

import sqlalchemy as sa
from alembic import op

from crm_api.core import columns, dialect

revision = '0010'
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('attachments',
    sa.Column('id', columns.GUID(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('type', sa.Text(), nullable=False),
    sa.Column('size', sa.BigInteger(), nullable=False),
    sa.Column('sha256', sa.Text(), nullable=False),
    sa.Column('record_kind', sa.Text(), nullable=True),
    sa.Column('record_id', columns.GUID(), nullable=True),
    sa.Column('owner_id', columns.GUID(), nullable=True),
    sa.Column('origin', sa.Text(), nullable=False),
    sa.Column('created_at', columns.UTCDateTime(), nullable=False),
    sa.Column('updated_at', columns.UTCDateTime(), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.CheckConstraint("record_kind IN ('account', 'contact', 'lead', 'opportunity', 'activity')", name=op.f('ck_attachments_record_kind_word')),
    sa.CheckConstraint('(record_kind IS NULL) = (record_id IS NULL)', name=op.f('ck_attachments_whole_link')),
    sa.CheckConstraint('size >= 0', name=op.f('ck_attachments_size_sign')),
    sa.ForeignKeyConstraint(['owner_id'], ['users.id'], name=op.f('fk_attachments_owner_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_attachments'))
    )
    with op.batch_alter_table('attachments', schema=None) as batch_op:
        batch_op.create_index('ix_attachments_created', ['created_at', 'id'], unique=False)
        batch_op.create_index('ix_attachments_loose', ['updated_at'], unique=False, sqlite_where=sa.text('record_id IS NULL'), postgresql_where=sa.text('record_id IS NULL'))
        batch_op.create_index('ix_attachments_owner', ['owner_id', 'created_at', 'id'], unique=False)
        batch_op.create_index('ix_attachments_record', ['record_kind', 'record_id', 'created_at', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_attachments_sha256'), ['sha256'], unique=False)

    op.create_table('notification_preferences',
    sa.Column('id', columns.GUID(), nullable=False),
    sa.Column('user_id', columns.GUID(), nullable=False),
    sa.Column('type', sa.Text(), nullable=False),
    sa.Column('channel', sa.Text(), nullable=False),
    sa.Column('created_at', columns.UTCDateTime(), nullable=False),
    sa.Column('updated_at', columns.UTCDateTime(), nullable=False),
    sa.CheckConstraint("channel IN ('in_app', 'email', 'off')", name=op.f('ck_notification_preferences_channel_word')),
    sa.CheckConstraint("type IN ('assignment', 'stage_change', 'reminder', 'follow_up', 'mention', 'approval')", name=op.f('ck_notification_preferences_type_word')),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_notification_preferences_user_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_notification_preferences')),
    sa.UniqueConstraint('user_id', 'type', name=op.f('uq_notification_preferences_user_id_type'))
    )
    op.create_table('notifications',
    sa.Column('id', columns.GUID(), nullable=False),
    sa.Column('user_id', columns.GUID(), nullable=False),
    sa.Column('type', sa.Text(), nullable=False),
    sa.Column('key', sa.Text(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('record_id', columns.GUID(), nullable=False),
    sa.Column('summary', sa.Text(), nullable=False),
    sa.Column('actor_id', columns.GUID(), nullable=True),
    sa.Column('at', columns.UTCDateTime(), nullable=False),
    sa.Column('due_at', columns.UTCDateTime(), nullable=True),
    sa.Column('read_at', columns.UTCDateTime(), nullable=True),
    sa.Column('in_app', sa.Boolean(), nullable=False),
    sa.Column('by_mail', sa.Boolean(), nullable=False),
    sa.Column('message_id', columns.GUID(), nullable=True),
    sa.CheckConstraint("type IN ('assignment', 'stage_change', 'reminder', 'follow_up', 'mention', 'approval')", name=op.f('ck_notifications_type_word')),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_notifications_user_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_notifications')),
    sa.UniqueConstraint('user_id', 'key', name=op.f('uq_notifications_user_id_key'))
    )
    with op.batch_alter_table('notifications', schema=None) as batch_op:
        batch_op.create_index('ix_notifications_at', ['at'], unique=False)
        batch_op.create_index('ix_notifications_list', ['user_id', 'at', 'id'], unique=False, sqlite_where=sa.text('in_app'), postgresql_where=sa.text('in_app'))
        batch_op.create_index('ix_notifications_mail', ['user_id', 'at'], unique=False, sqlite_where=sa.text('by_mail AND message_id IS NULL'), postgresql_where=sa.text('by_mail AND message_id IS NULL'))
        batch_op.create_index('ix_notifications_record', ['record_id', 'type', 'due_at'], unique=False)
        batch_op.create_index('ix_notifications_unread', ['user_id'], unique=False, sqlite_where=sa.text('in_app AND read_at IS NULL'), postgresql_where=sa.text('in_app AND read_at IS NULL'))

    with op.batch_alter_table('activities', schema=None) as batch_op:
        batch_op.add_column(sa.Column('follow_up_completed', sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column('follow_up_due', columns.UTCDateTime(), nullable=True))
        batch_op.add_column(sa.Column('contact_person', sa.Text(), nullable=True))
        batch_op.add_column(sa.Column('related_order', sa.Text(), nullable=True))
        batch_op.add_column(sa.Column('attachments', dialect.Json, nullable=True))
        batch_op.create_index('ix_activities_type_due', ['activity_type', 'due_at', 'id'], unique=False, sqlite_where=sa.text('archived_at IS NULL'), postgresql_where=sa.text('archived_at IS NULL'), postgresql_ops={'due_at': 'NULLS FIRST'})
        batch_op.create_index('ix_activities_live_follow_up', ['follow_up_due', 'id'], unique=False, sqlite_where=sa.text('archived_at IS NULL'), postgresql_where=sa.text('archived_at IS NULL'), postgresql_ops={'follow_up_due': 'NULLS FIRST'})
        batch_op.create_index('ix_activities_remind', ['remind_at', 'id'], unique=False, sqlite_where=sa.text('remind_at IS NOT NULL AND completed_at IS NULL AND archived_at IS NULL'), postgresql_where=sa.text('remind_at IS NOT NULL AND completed_at IS NULL AND archived_at IS NULL'))

    with op.batch_alter_table('lead_stats', schema=None) as batch_op:
        batch_op.add_column(sa.Column('next_follow_up_at', columns.UTCDateTime(), nullable=True))
        batch_op.create_index(batch_op.f('ix_lead_stats_next_follow_up_at'), ['next_follow_up_at'], unique=False)

    with op.batch_alter_table('timeline_entries', schema=None) as batch_op:
        batch_op.add_column(sa.Column('type', sa.Text(), nullable=True))

    _fill()
    dialect.create_objects(op.get_bind())


def _fill() -> None:
    """What the new columns say of the rows there are."""
    op.execute(
        "UPDATE activities SET follow_up_due = coalesce(follow_up_date, occurred_at, created_at) "
        "WHERE requires_follow_up"
    )
    op.execute(
        "UPDATE timeline_entries SET type = CASE kind WHEN 'activity' THEN "
        "(SELECT activity_type FROM activities WHERE activities.id = timeline_entries.record_id) "
        "ELSE 'stage_change' END"
    )
    op.execute(
        "UPDATE lead_stats SET next_follow_up_at = (SELECT min(CASE activity_type WHEN 'task' THEN due_at "
        "ELSE follow_up_date END) FROM activities WHERE activities.lead_id = lead_stats.lead_id "
        "AND archived_at IS NULL AND (requires_follow_up OR (task_type = 'follow_up' "
        "AND status IN ('scheduled', 'in_progress'))))"
    )
