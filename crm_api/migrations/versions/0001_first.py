"""first"""

import sqlalchemy as sa
from alembic import op

from crm_api.core import columns, dialect

revision = '0001'
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('change_sets',
    sa.Column('id', columns.GUID(), nullable=False),
    sa.Column('at', columns.UTCDateTime(), nullable=False),
    sa.Column('actor_id', columns.GUID(), nullable=True),
    sa.Column('origin', sa.Text(), nullable=False),
    sa.Column('request_id', sa.Text(), nullable=True),
    sa.Column('label', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_change_sets'))
    )
    with op.batch_alter_table('change_sets', schema=None) as batch_op:
        batch_op.create_index('ix_change_sets_at', ['at'], unique=False)

    op.create_table('counters',
    sa.Column('id', columns.GUID(), nullable=False),
    sa.Column('key', sa.Text(), nullable=False),
    sa.Column('value', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_counters')),
    sa.UniqueConstraint('key', name=op.f('uq_counters_key'))
    )
    op.create_table('events',
    sa.Column('id', columns.GUID(), nullable=False),
    sa.Column('type', sa.Text(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('subject_id', columns.GUID(), nullable=False),
    sa.Column('data', dialect.Json, nullable=False),
    sa.Column('occurred_at', columns.UTCDateTime(), nullable=False),
    sa.Column('position', sa.BigInteger(), nullable=True),
    sa.Column('delivered_at', columns.UTCDateTime(), nullable=True),
    sa.Column('actor_id', columns.GUID(), nullable=True),
    sa.Column('origin', sa.Text(), nullable=False),
    sa.Column('request_id', sa.Text(), nullable=True),
    sa.Column('owner_id', columns.GUID(), nullable=True),
    sa.Column('team_id', columns.GUID(), nullable=True),
    sa.Column('territory_id', columns.GUID(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_events')),
    sa.UniqueConstraint('position', name=op.f('uq_events_position'))
    )
    with op.batch_alter_table('events', schema=None) as batch_op:
        batch_op.create_index('ix_events_undelivered', ['position'], unique=False, sqlite_where=sa.text('delivered_at IS NULL'), postgresql_where=sa.text('delivered_at IS NULL'))
        batch_op.create_index('ix_events_unpositioned', ['id'], unique=False, sqlite_where=sa.text('position IS NULL'), postgresql_where=sa.text('position IS NULL'))

    op.create_table('import_runs',
    sa.Column('id', columns.GUID(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('file_name', sa.Text(), nullable=False),
    sa.Column('system', sa.Text(), nullable=False),
    sa.Column('digest', sa.Text(), nullable=False),
    sa.Column('mapping', sa.Text(), nullable=False),
    sa.Column('path', sa.Text(), nullable=True),
    sa.Column('dry_run', sa.Boolean(), nullable=False),
    sa.Column('skip_errors', sa.Boolean(), nullable=False),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('progress', sa.BigInteger(), nullable=False),
    sa.Column('total_rows', sa.BigInteger(), nullable=False),
    sa.Column('written_rows', sa.BigInteger(), nullable=False),
    sa.Column('created_records', sa.BigInteger(), nullable=False),
    sa.Column('updated_records', sa.BigInteger(), nullable=False),
    sa.Column('unchanged_records', sa.BigInteger(), nullable=False),
    sa.Column('repeated_rows', sa.BigInteger(), nullable=False),
    sa.Column('error_rows', sa.BigInteger(), nullable=False),
    sa.Column('message', sa.Text(), nullable=True),
    sa.Column('change_set_id', columns.GUID(), nullable=True),
    sa.Column('actor_id', columns.GUID(), nullable=True),
    sa.Column('lease_until', columns.UTCDateTime(), nullable=True),
    sa.Column('finished_at', columns.UTCDateTime(), nullable=True),
    sa.Column('created_at', columns.UTCDateTime(), nullable=False),
    sa.Column('updated_at', columns.UTCDateTime(), nullable=False),
    sa.CheckConstraint("state IN ('waiting', 'validating', 'refused', 'writing', 'done', 'failed')", name=op.f('ck_import_runs_state_word')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_import_runs'))
    )
    with op.batch_alter_table('import_runs', schema=None) as batch_op:
        batch_op.create_index('ix_import_runs_created', ['created_at', 'id'], unique=False)
        batch_op.create_index('ix_import_runs_digest', ['digest', 'state'], unique=False)

    op.create_table('job_slots',
    sa.Column('id', columns.GUID(), nullable=False),
    sa.Column('job', sa.Text(), nullable=False),
    sa.Column('slot', sa.BigInteger(), nullable=False),
    sa.Column('worker', sa.Text(), nullable=False),
    sa.Column('started_at', columns.UTCDateTime(), nullable=False),
    sa.Column('finished_at', columns.UTCDateTime(), nullable=True),
    sa.Column('done', sa.BigInteger(), nullable=False),
    sa.Column('error', sa.Text(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_job_slots')),
    sa.UniqueConstraint('job', name=op.f('uq_job_slots_job'))
    )
    op.create_table('mailbox_states',
    sa.Column('id', columns.GUID(), nullable=False),
    sa.Column('address_key', sa.Text(), nullable=False),
    sa.Column('cursor', sa.Text(), nullable=True),
    sa.Column('synced_at', columns.UTCDateTime(), nullable=True),
    sa.Column('failed_at', columns.UTCDateTime(), nullable=True),
    sa.Column('error', sa.Text(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_mailbox_states')),
    sa.UniqueConstraint('address_key', name=op.f('uq_mailbox_states_address_key'))
    )
    op.create_table('organisation',
    sa.Column('id', columns.GUID(), nullable=False),
    sa.Column('only', sa.BigInteger(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('postal_address', sa.Text(), nullable=True),
    sa.Column('time_zone', sa.Text(), nullable=False),
    sa.Column('currency', sa.Text(), nullable=False),
    sa.Column('fiscal_year_start_month', sa.BigInteger(), nullable=False),
    sa.Column('settings', dialect.Json, nullable=False),
    sa.Column('created_at', columns.UTCDateTime(), nullable=False),
    sa.Column('updated_at', columns.UTCDateTime(), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.CheckConstraint('"only" = 1', name=op.f('ck_organisation_only_one')),
    sa.CheckConstraint('fiscal_year_start_month BETWEEN 1 AND 12', name=op.f('ck_organisation_fiscal_month')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_organisation')),
    sa.UniqueConstraint('only', name=op.f('uq_organisation_only'))
    )
    op.create_table('pipelines',
    sa.Column('id', columns.GUID(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('name_key', dialect.SortText, nullable=True),
    sa.Column('applies_to', sa.Text(), nullable=False),
    sa.Column('is_default', sa.Boolean(), nullable=False),
    sa.Column('position', sa.BigInteger(), nullable=False),
    sa.Column('origin', sa.Text(), nullable=False),
    sa.Column('created_at', columns.UTCDateTime(), nullable=False),
    sa.Column('updated_at', columns.UTCDateTime(), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.Column('archived_at', columns.UTCDateTime(), nullable=True),
    sa.CheckConstraint("applies_to IN ('lead', 'opportunity')", name=op.f('ck_pipelines_applies_to_word')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_pipelines'))
    )
    with op.batch_alter_table('pipelines', schema=None) as batch_op:
        batch_op.create_index('uq_pipelines_default', ['applies_to'], unique=True, sqlite_where=sa.text('is_default'), postgresql_where=sa.text('is_default'))

    op.create_table('products',
    sa.Column('id', columns.GUID(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('name_key', dialect.SortText, nullable=True),
    sa.Column('code', sa.Text(), nullable=True),
    sa.Column('family', sa.Text(), nullable=True),
    sa.Column('description', sa.Text(), nullable=True),
    sa.Column('list_price', sa.BigInteger(), nullable=True),
    sa.Column('currency', sa.Text(), nullable=False),
    sa.Column('is_active', sa.Boolean(), nullable=False),
    sa.Column('external_system', sa.Text(), nullable=True),
    sa.Column('external_id', sa.Text(), nullable=True),
    sa.Column('origin', sa.Text(), nullable=False),
    sa.Column('created_at', columns.UTCDateTime(), nullable=False),
    sa.Column('updated_at', columns.UTCDateTime(), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.Column('archived_at', columns.UTCDateTime(), nullable=True),
    sa.CheckConstraint('list_price >= 0', name=op.f('ck_products_list_price_sign')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_products'))
    )
    with op.batch_alter_table('products', schema=None) as batch_op:
        batch_op.create_index('ix_products_live_code', ['code', 'id'], unique=False, sqlite_where=sa.text('archived_at IS NULL'), postgresql_where=sa.text('archived_at IS NULL'), postgresql_ops={'code': 'NULLS FIRST'})
        batch_op.create_index('ix_products_live_created', ['created_at', 'id'], unique=False, sqlite_where=sa.text('archived_at IS NULL'), postgresql_where=sa.text('archived_at IS NULL'), postgresql_ops={})
        batch_op.create_index(batch_op.f('ix_products_name_key'), ['name_key'], unique=False)
        batch_op.create_index('uq_products_code', ['code'], unique=True, sqlite_where=sa.text('archived_at IS NULL'), postgresql_where=sa.text('archived_at IS NULL'))
        batch_op.create_index('uq_products_external', ['external_system', 'external_id'], unique=True, sqlite_where=sa.text('external_id IS NOT NULL'), postgresql_where=sa.text('external_id IS NOT NULL'))

    op.create_table('recipient_turns',
    sa.Column('id', columns.GUID(), nullable=False),
    sa.Column('recipient_key', sa.Text(), nullable=False),
    sa.Column('checked_at', columns.UTCDateTime(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_recipient_turns')),
    sa.UniqueConstraint('recipient_key', name=op.f('uq_recipient_turns_recipient_key'))
    )
    op.create_table('search_documents',
    sa.Column('n', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('record_id', columns.GUID(), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('n', name=op.f('pk_search_documents')),
    sa.UniqueConstraint('record_id', name=op.f('uq_search_documents_record_id'))
    )
    op.create_table('secrets',
    sa.Column('id', columns.GUID(), nullable=False),
    sa.Column('key', sa.Text(), nullable=False),
    sa.Column('value', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_secrets')),
    sa.UniqueConstraint('key', name=op.f('uq_secrets_key'))
    )
    op.create_table('sequences',
    sa.Column('id', columns.GUID(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('category', sa.Text(), nullable=False),
    sa.Column('steps', dialect.Json, nullable=False),
    sa.Column('origin', sa.Text(), nullable=False),
    sa.Column('created_at', columns.UTCDateTime(), nullable=False),
    sa.Column('updated_at', columns.UTCDateTime(), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.Column('archived_at', columns.UTCDateTime(), nullable=True),
    sa.CheckConstraint("category IN ('transactional', 'relationship', 'marketing')", name=op.f('ck_sequences_category_word')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sequences'))
    )
    op.create_table('sign_in_attempts',
    sa.Column('id', columns.GUID(), nullable=False),
    sa.Column('email_key', sa.Text(), nullable=False),
    sa.Column('address', sa.Text(), nullable=True),
    sa.Column('at', columns.UTCDateTime(), nullable=False),
    sa.Column('succeeded', sa.Boolean(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sign_in_attempts'))
    )
    with op.batch_alter_table('sign_in_attempts', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_sign_in_attempts_at'), ['at'], unique=False)
        batch_op.create_index('ix_sign_in_attempts_key', ['email_key', 'at'], unique=False)

    op.create_table('stage_moves',
    sa.Column('id', columns.GUID(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('record_id', columns.GUID(), nullable=False),
    sa.Column('from_stage_id', columns.GUID(), nullable=True),
    sa.Column('to_stage_id', columns.GUID(), nullable=False),
    sa.Column('at', columns.UTCDateTime(), nullable=False),
    sa.Column('actor_id', columns.GUID(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_stage_moves'))
    )
    with op.batch_alter_table('stage_moves', schema=None) as batch_op:
        batch_op.create_index('ix_stage_moves_record', ['kind', 'record_id', 'at'], unique=False)
        batch_op.create_index(batch_op.f('ix_stage_moves_to_stage_id'), ['to_stage_id'], unique=False)

    op.create_table('suppressions',
    sa.Column('id', columns.GUID(), nullable=False),
    sa.Column('address_key', sa.Text(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('note', sa.Text(), nullable=True),
    sa.Column('message_id', columns.GUID(), nullable=True),
    sa.Column('created_by', columns.GUID(), nullable=True),
    sa.Column('created_at', columns.UTCDateTime(), nullable=False),
    sa.Column('updated_at', columns.UTCDateTime(), nullable=False),
    sa.CheckConstraint("reason IN ('opt_out', 'bounce', 'complaint', 'manual')", name=op.f('ck_suppressions_reason_word')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_suppressions')),
    sa.UniqueConstraint('address_key', name=op.f('uq_suppressions_address_key'))
    )
    op.create_table('tags',
    sa.Column('id', columns.GUID(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('name_key', dialect.SortText, nullable=True),
    sa.Column('color', sa.Text(), nullable=False),
    sa.Column('origin', sa.Text(), nullable=False),
    sa.Column('created_at', columns.UTCDateTime(), nullable=False),
    sa.Column('updated_at', columns.UTCDateTime(), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_tags')),
    sa.UniqueConstraint('name_key', name=op.f('uq_tags_name_key'))
    )
    op.create_table('teams',
    sa.Column('id', columns.GUID(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('name_key', dialect.SortText, nullable=True),
    sa.Column('parent_id', columns.GUID(), nullable=True),
    sa.Column('manager_id', columns.GUID(), nullable=True),
    sa.Column('origin', sa.Text(), nullable=False),
    sa.Column('created_at', columns.UTCDateTime(), nullable=False),
    sa.Column('updated_at', columns.UTCDateTime(), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.Column('archived_at', columns.UTCDateTime(), nullable=True),
    sa.ForeignKeyConstraint(['manager_id'], ['users.id'], name='fk_teams_manager_id', use_alter=True),
    sa.ForeignKeyConstraint(['parent_id'], ['teams.id'], name=op.f('fk_teams_parent_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_teams'))
    )
    with op.batch_alter_table('teams', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_teams_manager_id'), ['manager_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_teams_parent_id'), ['parent_id'], unique=False)

    op.create_table('territories',
    sa.Column('id', columns.GUID(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('name_key', dialect.SortText, nullable=True),
    sa.Column('parent_id', columns.GUID(), nullable=True),
    sa.Column('origin', sa.Text(), nullable=False),
    sa.Column('created_at', columns.UTCDateTime(), nullable=False),
    sa.Column('updated_at', columns.UTCDateTime(), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.Column('archived_at', columns.UTCDateTime(), nullable=True),
    sa.ForeignKeyConstraint(['parent_id'], ['territories.id'], name=op.f('fk_territories_parent_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_territories'))
    )
    with op.batch_alter_table('territories', schema=None) as batch_op:
        batch_op.create_index('uq_territories_name_key', ['name_key'], unique=True, sqlite_where=sa.text('archived_at IS NULL'), postgresql_where=sa.text('archived_at IS NULL'))

    op.create_table('audit_entries',
    sa.Column('id', columns.GUID(), nullable=False),
    sa.Column('change_set_id', columns.GUID(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('record_id', columns.GUID(), nullable=False),
    sa.Column('action', sa.Text(), nullable=False),
    sa.Column('before', dialect.Json, nullable=False),
    sa.Column('after', dialect.Json, nullable=False),
    sa.ForeignKeyConstraint(['change_set_id'], ['change_sets.id'], name=op.f('fk_audit_entries_change_set_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_audit_entries'))
    )
    with op.batch_alter_table('audit_entries', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_audit_entries_change_set_id'), ['change_set_id'], unique=False)
        batch_op.create_index('ix_audit_entries_record', ['kind', 'record_id', 'id'], unique=False)

    op.create_table('event_deliveries',
    sa.Column('id', columns.GUID(), nullable=False),
    sa.Column('event_id', columns.GUID(), nullable=False),
    sa.Column('handler', sa.Text(), nullable=False),
    sa.Column('attempts', sa.BigInteger(), nullable=False),
    sa.Column('done_at', columns.UTCDateTime(), nullable=True),
    sa.Column('not_before', columns.UTCDateTime(), nullable=True),
    sa.Column('error', sa.Text(), nullable=True),
    sa.ForeignKeyConstraint(['event_id'], ['events.id'], name=op.f('fk_event_deliveries_event_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_event_deliveries')),
    sa.UniqueConstraint('event_id', 'handler', name=op.f('uq_event_deliveries_event_id_handler'))
    )
    op.create_table('followup_rules',
    sa.Column('id', columns.GUID(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('sequence_id', columns.GUID(), nullable=False),
    sa.Column('is_on', sa.Boolean(), nullable=False),
    sa.Column('after_minutes', sa.BigInteger(), nullable=False),
    sa.Column('conditions', dialect.Json, nullable=True),
    sa.Column('window_days', dialect.Json, nullable=False),
    sa.Column('window_start', sa.Text(), nullable=False),
    sa.Column('window_end', sa.Text(), nullable=False),
    sa.Column('expected', sa.BigInteger(), nullable=True),
    sa.Column('switched_on_at', columns.UTCDateTime(), nullable=True),
    sa.Column('switched_on_by', columns.GUID(), nullable=True),
    sa.Column('off_reason', sa.Text(), nullable=True),
    sa.Column('origin', sa.Text(), nullable=False),
    sa.Column('created_at', columns.UTCDateTime(), nullable=False),
    sa.Column('updated_at', columns.UTCDateTime(), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.Column('archived_at', columns.UTCDateTime(), nullable=True),
    sa.CheckConstraint('after_minutes >= 0', name=op.f('ck_followup_rules_after_sign')),
    sa.ForeignKeyConstraint(['sequence_id'], ['sequences.id'], name=op.f('fk_followup_rules_sequence_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_followup_rules'))
    )
    with op.batch_alter_table('followup_rules', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_followup_rules_sequence_id'), ['sequence_id'], unique=False)

    op.create_table('record_tags',
    sa.Column('id', columns.GUID(), nullable=False),
    sa.Column('tag_id', columns.GUID(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('record_id', columns.GUID(), nullable=False),
    sa.ForeignKeyConstraint(['tag_id'], ['tags.id'], name=op.f('fk_record_tags_tag_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_record_tags')),
    sa.UniqueConstraint('kind', 'record_id', 'tag_id', name=op.f('uq_record_tags_kind_record_id_tag_id'))
    )
    with op.batch_alter_table('record_tags', schema=None) as batch_op:
        batch_op.create_index('ix_record_tags_tag', ['tag_id', 'kind', 'record_id'], unique=False)

    op.create_table('stages',
    sa.Column('id', columns.GUID(), nullable=False),
    sa.Column('pipeline_id', columns.GUID(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('name_key', dialect.SortText, nullable=True),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('position', sa.BigInteger(), nullable=False),
    sa.Column('probability', sa.BigInteger(), nullable=False),
    sa.Column('color', sa.Text(), nullable=False),
    sa.Column('rotting_days', sa.BigInteger(), nullable=True),
    sa.Column('created_at', columns.UTCDateTime(), nullable=False),
    sa.Column('updated_at', columns.UTCDateTime(), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.CheckConstraint("kind IN ('prospecting', 'qualification', 'needs_analysis', 'proposal', 'negotiation', 'closed_won', 'closed_lost', 'new', 'qualified', 'converted', 'lost')", name=op.f('ck_stages_kind_word')),
    sa.CheckConstraint('probability BETWEEN 0 AND 100', name=op.f('ck_stages_probability_range')),
    sa.ForeignKeyConstraint(['pipeline_id'], ['pipelines.id'], name=op.f('fk_stages_pipeline_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_stages'))
    )
    with op.batch_alter_table('stages', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_stages_pipeline_id'), ['pipeline_id'], unique=False)

    op.create_table('users',
    sa.Column('id', columns.GUID(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('name_key', dialect.SortText, nullable=True),
    sa.Column('email', sa.Text(), nullable=True),
    sa.Column('email_key', sa.Text(), nullable=True),
    sa.Column('role', sa.Text(), nullable=False),
    sa.Column('password_hash', sa.Text(), nullable=True),
    sa.Column('is_active', sa.Boolean(), nullable=False),
    sa.Column('team_id', columns.GUID(), nullable=True),
    sa.Column('manager_id', columns.GUID(), nullable=True),
    sa.Column('time_zone', sa.Text(), nullable=True),
    sa.Column('phone', sa.Text(), nullable=True),
    sa.Column('home_latitude', sa.Double(), nullable=True),
    sa.Column('home_longitude', sa.Double(), nullable=True),
    sa.Column('external_system', sa.Text(), nullable=True),
    sa.Column('external_id', sa.Text(), nullable=True),
    sa.Column('origin', sa.Text(), nullable=False),
    sa.Column('last_sign_in_at', columns.UTCDateTime(), nullable=True),
    sa.Column('created_at', columns.UTCDateTime(), nullable=False),
    sa.Column('updated_at', columns.UTCDateTime(), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.CheckConstraint("role IN ('administrator', 'manager', 'rep', 'field', 'viewer')", name=op.f('ck_users_role_word')),
    sa.ForeignKeyConstraint(['manager_id'], ['users.id'], name=op.f('fk_users_manager_id')),
    sa.ForeignKeyConstraint(['team_id'], ['teams.id'], name=op.f('fk_users_team_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_users')),
    sa.UniqueConstraint('email_key', name=op.f('uq_users_email_key'))
    )
    with op.batch_alter_table('users', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_users_manager_id'), ['manager_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_users_name_key'), ['name_key'], unique=False)
        batch_op.create_index(batch_op.f('ix_users_team_id'), ['team_id'], unique=False)
        batch_op.create_index('uq_users_external', ['external_system', 'external_id'], unique=True, sqlite_where=sa.text('external_id IS NOT NULL'), postgresql_where=sa.text('external_id IS NOT NULL'))

    op.create_table('accounts',
    sa.Column('id', columns.GUID(), nullable=False),
    sa.Column('number', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('name_key', dialect.SortText, nullable=True),
    sa.Column('account_type', sa.Text(), nullable=False),
    sa.Column('industry', sa.Text(), nullable=True),
    sa.Column('tier', sa.Text(), nullable=True),
    sa.Column('rating', sa.Text(), nullable=True),
    sa.Column('website', sa.Text(), nullable=True),
    sa.Column('email', sa.Text(), nullable=True),
    sa.Column('phone', sa.Text(), nullable=True),
    sa.Column('phone_e164', sa.Text(), nullable=True),
    sa.Column('employees', sa.BigInteger(), nullable=True),
    sa.Column('annual_revenue', sa.BigInteger(), nullable=True),
    sa.Column('currency', sa.Text(), nullable=False),
    sa.Column('year_established', sa.BigInteger(), nullable=True),
    sa.Column('description', sa.Text(), nullable=True),
    sa.Column('parent_id', columns.GUID(), nullable=True),
    sa.Column('owner_id', columns.GUID(), nullable=True),
    sa.Column('team_id', columns.GUID(), nullable=True),
    sa.Column('territory_id', columns.GUID(), nullable=True),
    sa.Column('billing_street', sa.Text(), nullable=True),
    sa.Column('billing_city', sa.Text(), nullable=True),
    sa.Column('billing_state', sa.Text(), nullable=True),
    sa.Column('billing_zip', sa.Text(), nullable=True),
    sa.Column('billing_country', sa.Text(), nullable=True),
    sa.Column('latitude', sa.Double(), nullable=True),
    sa.Column('longitude', sa.Double(), nullable=True),
    sa.Column('coordinates_source', sa.Text(), nullable=True),
    sa.Column('opening_hours', dialect.Json, nullable=True),
    sa.Column('visit_minutes', sa.BigInteger(), nullable=True),
    sa.Column('visit_every_days', sa.BigInteger(), nullable=True),
    sa.Column('external_system', sa.Text(), nullable=True),
    sa.Column('external_id', sa.Text(), nullable=True),
    sa.Column('source_updated_at', columns.UTCDateTime(), nullable=True),
    sa.Column('origin', sa.Text(), nullable=False),
    sa.Column('created_at', columns.UTCDateTime(), nullable=False),
    sa.Column('updated_at', columns.UTCDateTime(), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.Column('archived_at', columns.UTCDateTime(), nullable=True),
    sa.CheckConstraint("account_type IN ('prospect', 'customer', 'dealer', 'distributor', 'partner', 'supplier', 'competitor')", name=op.f('ck_accounts_account_type_word')),
    sa.CheckConstraint("rating IN ('cold', 'warm', 'hot')", name=op.f('ck_accounts_rating_word')),
    sa.CheckConstraint("tier IN ('bronze', 'silver', 'gold', 'platinum')", name=op.f('ck_accounts_tier_word')),
    sa.CheckConstraint('latitude BETWEEN -90 AND 90', name=op.f('ck_accounts_latitude_range')),
    sa.CheckConstraint('longitude BETWEEN -180 AND 180', name=op.f('ck_accounts_longitude_range')),
    sa.CheckConstraint('parent_id <> id', name=op.f('ck_accounts_not_its_own_parent')),
    sa.ForeignKeyConstraint(['owner_id'], ['users.id'], name=op.f('fk_accounts_owner_id')),
    sa.ForeignKeyConstraint(['parent_id'], ['accounts.id'], name=op.f('fk_accounts_parent_id')),
    sa.ForeignKeyConstraint(['team_id'], ['teams.id'], name=op.f('fk_accounts_team_id')),
    sa.ForeignKeyConstraint(['territory_id'], ['territories.id'], name=op.f('fk_accounts_territory_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_accounts')),
    sa.UniqueConstraint('number', name=op.f('uq_accounts_number'))
    )
    with op.batch_alter_table('accounts', schema=None) as batch_op:
        batch_op.create_index('ix_accounts_live_created', ['created_at', 'id'], unique=False, sqlite_where=sa.text('archived_at IS NULL'), postgresql_where=sa.text('archived_at IS NULL'))
        batch_op.create_index('ix_accounts_live_name', ['name_key', 'id'], unique=False, sqlite_where=sa.text('archived_at IS NULL'), postgresql_where=sa.text('archived_at IS NULL'))
        batch_op.create_index('ix_accounts_owner', ['owner_id', 'name_key', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_accounts_parent_id'), ['parent_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_accounts_phone_e164'), ['phone_e164'], unique=False)
        batch_op.create_index('ix_accounts_place', ['latitude', 'longitude'], unique=False)
        batch_op.create_index('ix_accounts_team', ['team_id'], unique=False)
        batch_op.create_index('ix_accounts_territory', ['territory_id', 'name_key', 'id'], unique=False)
        batch_op.create_index('uq_accounts_external', ['external_system', 'external_id'], unique=True, sqlite_where=sa.text('external_id IS NOT NULL'), postgresql_where=sa.text('external_id IS NOT NULL'))

    op.create_table('api_keys',
    sa.Column('id', columns.GUID(), nullable=False),
    sa.Column('user_id', columns.GUID(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('token_hash', sa.Text(), nullable=False),
    sa.Column('hint', sa.Text(), nullable=False),
    sa.Column('scopes', dialect.Json, nullable=False),
    sa.Column('created_at', columns.UTCDateTime(), nullable=False),
    sa.Column('created_by', columns.GUID(), nullable=True),
    sa.Column('expires_at', columns.UTCDateTime(), nullable=True),
    sa.Column('last_used_at', columns.UTCDateTime(), nullable=True),
    sa.Column('revoked_at', columns.UTCDateTime(), nullable=True),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_api_keys_user_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_api_keys')),
    sa.UniqueConstraint('token_hash', name=op.f('uq_api_keys_token_hash'))
    )
    with op.batch_alter_table('api_keys', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_api_keys_user_id'), ['user_id'], unique=False)

    op.create_table('asked_questions',
    sa.Column('id', columns.GUID(), nullable=False),
    sa.Column('asked_at', columns.UTCDateTime(), nullable=False),
    sa.Column('user_id', columns.GUID(), nullable=True),
    sa.Column('question', sa.Text(), nullable=False),
    sa.Column('planner', sa.Text(), nullable=False),
    sa.Column('outcome', sa.Text(), nullable=False),
    sa.Column('plan', dialect.Json, nullable=True),
    sa.Column('elapsed_ms', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_asked_questions_user_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_asked_questions'))
    )
    with op.batch_alter_table('asked_questions', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_asked_questions_asked_at'), ['asked_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_asked_questions_user_id'), ['user_id'], unique=False)

    op.create_table('leads',
    sa.Column('id', columns.GUID(), nullable=False),
    sa.Column('number', sa.Text(), nullable=False),
    sa.Column('title', sa.Text(), nullable=False),
    sa.Column('title_key', dialect.SortText, nullable=True),
    sa.Column('company_name', sa.Text(), nullable=True),
    sa.Column('first_name', sa.Text(), nullable=True),
    sa.Column('last_name', sa.Text(), nullable=True),
    sa.Column('job_title', sa.Text(), nullable=True),
    sa.Column('email', sa.Text(), nullable=True),
    sa.Column('email_key', dialect.SortText, nullable=True),
    sa.Column('phone', sa.Text(), nullable=True),
    sa.Column('phone_e164', sa.Text(), nullable=True),
    sa.Column('mobile', sa.Text(), nullable=True),
    sa.Column('website', sa.Text(), nullable=True),
    sa.Column('industry', sa.Text(), nullable=True),
    sa.Column('company_size', sa.Text(), nullable=True),
    sa.Column('street', sa.Text(), nullable=True),
    sa.Column('city', sa.Text(), nullable=True),
    sa.Column('state', sa.Text(), nullable=True),
    sa.Column('zip', sa.Text(), nullable=True),
    sa.Column('country', sa.Text(), nullable=True),
    sa.Column('status', sa.Text(), nullable=False),
    sa.Column('source', sa.Text(), nullable=True),
    sa.Column('priority', sa.Text(), nullable=False),
    sa.Column('rating', sa.Text(), nullable=True),
    sa.Column('score', sa.BigInteger(), nullable=False),
    sa.Column('is_qualified', sa.Boolean(), nullable=False),
    sa.Column('probability', sa.BigInteger(), nullable=True),
    sa.Column('estimated_value', sa.BigInteger(), nullable=True),
    sa.Column('currency', sa.Text(), nullable=False),
    sa.Column('value_base', sa.BigInteger(), nullable=True),
    sa.Column('requirements', sa.Text(), nullable=True),
    sa.Column('description', sa.Text(), nullable=True),
    sa.Column('next_follow_up_date', columns.UTCDateTime(), nullable=True),
    sa.Column('email_opt_out', sa.Boolean(), nullable=False),
    sa.Column('do_not_call', sa.Boolean(), nullable=False),
    sa.Column('pipeline_id', columns.GUID(), nullable=False),
    sa.Column('stage_id', columns.GUID(), nullable=False),
    sa.Column('owner_id', columns.GUID(), nullable=True),
    sa.Column('team_id', columns.GUID(), nullable=True),
    sa.Column('territory_id', columns.GUID(), nullable=True),
    sa.Column('converted_at', columns.UTCDateTime(), nullable=True),
    sa.Column('lost_reason', sa.Text(), nullable=True),
    sa.Column('external_system', sa.Text(), nullable=True),
    sa.Column('external_id', sa.Text(), nullable=True),
    sa.Column('source_updated_at', columns.UTCDateTime(), nullable=True),
    sa.Column('origin', sa.Text(), nullable=False),
    sa.Column('created_at', columns.UTCDateTime(), nullable=False),
    sa.Column('updated_at', columns.UTCDateTime(), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.Column('archived_at', columns.UTCDateTime(), nullable=True),
    sa.CheckConstraint("priority IN ('low', 'medium', 'high', 'urgent')", name=op.f('ck_leads_priority_word')),
    sa.CheckConstraint("rating IN ('cold', 'warm', 'hot')", name=op.f('ck_leads_rating_word')),
    sa.CheckConstraint("source IN ('website', 'referral', 'phone', 'email', 'trade_show', 'social_media', 'facebook', 'instagram', 'whatsapp', 'advertising', 'partner', 'cold_call', 'other')", name=op.f('ck_leads_source_word')),
    sa.CheckConstraint("status IN ('new', 'contacted', 'callback', 'qualified', 'proposal', 'negotiation', 'converted', 'lost')", name=op.f('ck_leads_status_word')),
    sa.CheckConstraint('estimated_value >= 0', name=op.f('ck_leads_value_sign')),
    sa.CheckConstraint('probability BETWEEN 0 AND 100', name=op.f('ck_leads_probability_range')),
    sa.CheckConstraint('score BETWEEN 0 AND 100', name=op.f('ck_leads_score_range')),
    sa.ForeignKeyConstraint(['owner_id'], ['users.id'], name=op.f('fk_leads_owner_id')),
    sa.ForeignKeyConstraint(['pipeline_id'], ['pipelines.id'], name=op.f('fk_leads_pipeline_id')),
    sa.ForeignKeyConstraint(['stage_id'], ['stages.id'], name=op.f('fk_leads_stage_id')),
    sa.ForeignKeyConstraint(['team_id'], ['teams.id'], name=op.f('fk_leads_team_id')),
    sa.ForeignKeyConstraint(['territory_id'], ['territories.id'], name=op.f('fk_leads_territory_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_leads')),
    sa.UniqueConstraint('number', name=op.f('uq_leads_number'))
    )
    with op.batch_alter_table('leads', schema=None) as batch_op:
        batch_op.create_index('ix_leads_live_created', ['created_at', 'id'], unique=False, sqlite_where=sa.text('archived_at IS NULL'), postgresql_where=sa.text('archived_at IS NULL'))
        batch_op.create_index('ix_leads_live_score', ['score', 'id'], unique=False, sqlite_where=sa.text('archived_at IS NULL'), postgresql_where=sa.text('archived_at IS NULL'))
        batch_op.create_index('ix_leads_live_title', ['title_key', 'id'], unique=False, sqlite_where=sa.text('archived_at IS NULL'), postgresql_where=sa.text('archived_at IS NULL'))
        batch_op.create_index(batch_op.f('ix_leads_next_follow_up_date'), ['next_follow_up_date'], unique=False)
        batch_op.create_index('ix_leads_owner', ['owner_id', 'created_at', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_leads_phone_e164'), ['phone_e164'], unique=False)
        batch_op.create_index(batch_op.f('ix_leads_stage_id'), ['stage_id'], unique=False)
        batch_op.create_index('ix_leads_status', ['status', 'created_at', 'id'], unique=False)
        batch_op.create_index('ix_leads_team', ['team_id', 'created_at', 'id'], unique=False)
        batch_op.create_index('ix_leads_territory', ['territory_id', 'created_at', 'id'], unique=False)
        batch_op.create_index('uq_leads_email', ['email_key'], unique=True, sqlite_where=sa.text('archived_at IS NULL AND email_key IS NOT NULL'), postgresql_where=sa.text('archived_at IS NULL AND email_key IS NOT NULL'))
        batch_op.create_index('uq_leads_external', ['external_system', 'external_id'], unique=True, sqlite_where=sa.text('external_id IS NOT NULL'), postgresql_where=sa.text('external_id IS NOT NULL'))

    op.create_table('user_sessions',
    sa.Column('id', columns.GUID(), nullable=False),
    sa.Column('user_id', columns.GUID(), nullable=False),
    sa.Column('channel', sa.Text(), nullable=False),
    sa.Column('token_hash', sa.Text(), nullable=False),
    sa.Column('previous_hash', sa.Text(), nullable=True),
    sa.Column('csrf_token', sa.Text(), nullable=True),
    sa.Column('created_at', columns.UTCDateTime(), nullable=False),
    sa.Column('last_used_at', columns.UTCDateTime(), nullable=False),
    sa.Column('expires_at', columns.UTCDateTime(), nullable=False),
    sa.Column('ended_at', columns.UTCDateTime(), nullable=True),
    sa.Column('end_reason', sa.Text(), nullable=True),
    sa.Column('user_agent', sa.Text(), nullable=True),
    sa.Column('address', sa.Text(), nullable=True),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_user_sessions_user_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_user_sessions')),
    sa.UniqueConstraint('token_hash', name=op.f('uq_user_sessions_token_hash'))
    )
    with op.batch_alter_table('user_sessions', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_user_sessions_previous_hash'), ['previous_hash'], unique=False)
        batch_op.create_index(batch_op.f('ix_user_sessions_user_id'), ['user_id'], unique=False)

    op.create_table('user_territories',
    sa.Column('user_id', columns.GUID(), nullable=False),
    sa.Column('territory_id', columns.GUID(), nullable=False),
    sa.ForeignKeyConstraint(['territory_id'], ['territories.id'], name=op.f('fk_user_territories_territory_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_user_territories_user_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('user_id', 'territory_id', name=op.f('pk_user_territories'))
    )
    op.create_table('visit_plans',
    sa.Column('id', columns.GUID(), nullable=False),
    sa.Column('owner_id', columns.GUID(), nullable=False),
    sa.Column('team_id', columns.GUID(), nullable=True),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('time_zone', sa.Text(), nullable=False),
    sa.Column('status', sa.Text(), nullable=False),
    sa.Column('accepted_at', columns.UTCDateTime(), nullable=True),
    sa.Column('start_latitude', sa.Double(), nullable=False),
    sa.Column('start_longitude', sa.Double(), nullable=False),
    sa.Column('end_latitude', sa.Double(), nullable=False),
    sa.Column('end_longitude', sa.Double(), nullable=False),
    sa.Column('shift_starts_at', columns.UTCDateTime(), nullable=False),
    sa.Column('shift_ends_at', columns.UTCDateTime(), nullable=False),
    sa.Column('leaves_at', columns.UTCDateTime(), nullable=False),
    sa.Column('returns_at', columns.UTCDateTime(), nullable=False),
    sa.Column('over_at', columns.UTCDateTime(), nullable=False),
    sa.Column('lunch_starts_at', columns.UTCDateTime(), nullable=True),
    sa.Column('lunch_ends_at', columns.UTCDateTime(), nullable=True),
    sa.Column('lunch_leg', sa.BigInteger(), nullable=True),
    sa.Column('visits', sa.BigInteger(), nullable=False),
    sa.Column('value', sa.BigInteger(), nullable=False),
    sa.Column('driving_seconds', sa.BigInteger(), nullable=False),
    sa.Column('driving_metres', sa.BigInteger(), nullable=False),
    sa.Column('visiting_seconds', sa.BigInteger(), nullable=False),
    sa.Column('idle_seconds', sa.BigInteger(), nullable=False),
    sa.Column('engine', sa.Text(), nullable=False),
    sa.Column('travel_source', sa.Text(), nullable=False),
    sa.Column('is_estimate', sa.Boolean(), nullable=False),
    sa.Column('notes', dialect.Json, nullable=False),
    sa.Column('left_out', dialect.Json, nullable=False),
    sa.Column('request', dialect.Json, nullable=False),
    sa.Column('origin', sa.Text(), nullable=False),
    sa.Column('created_at', columns.UTCDateTime(), nullable=False),
    sa.Column('updated_at', columns.UTCDateTime(), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.CheckConstraint("status IN ('proposed', 'accepted', 'replaced')", name=op.f('ck_visit_plans_status_word')),
    sa.ForeignKeyConstraint(['owner_id'], ['users.id'], name=op.f('fk_visit_plans_owner_id')),
    sa.ForeignKeyConstraint(['team_id'], ['teams.id'], name=op.f('fk_visit_plans_team_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_visit_plans'))
    )
    with op.batch_alter_table('visit_plans', schema=None) as batch_op:
        batch_op.create_index('ix_visit_plans_created', ['created_at', 'id'], unique=False)
        batch_op.create_index('ix_visit_plans_day', ['day', 'id'], unique=False)
        batch_op.create_index('ix_visit_plans_owner_day', ['owner_id', 'day', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_visit_plans_team_id'), ['team_id'], unique=False)
        batch_op.create_index('uq_visit_plans_accepted', ['owner_id', 'day'], unique=True, sqlite_where=sa.text("status = 'accepted'"), postgresql_where=sa.text("status = 'accepted'"))

    op.create_table('webhooks',
    sa.Column('id', columns.GUID(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('url', sa.Text(), nullable=False),
    sa.Column('event_types', dialect.Json, nullable=False),
    sa.Column('exclude_origins', dialect.Json, nullable=False),
    sa.Column('owner_id', columns.GUID(), nullable=False),
    sa.Column('is_active', sa.Boolean(), nullable=False),
    sa.Column('disabled_at', columns.UTCDateTime(), nullable=True),
    sa.Column('disabled_reason', sa.Text(), nullable=True),
    sa.Column('secret', sa.LargeBinary(), nullable=False),
    sa.Column('previous_secret', sa.LargeBinary(), nullable=True),
    sa.Column('previous_secret_until', columns.UTCDateTime(), nullable=True),
    sa.Column('created_at', columns.UTCDateTime(), nullable=False),
    sa.Column('updated_at', columns.UTCDateTime(), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['owner_id'], ['users.id'], name=op.f('fk_webhooks_owner_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_webhooks'))
    )
    with op.batch_alter_table('webhooks', schema=None) as batch_op:
        batch_op.create_index('ix_webhooks_created', ['created_at', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_webhooks_owner_id'), ['owner_id'], unique=False)

    op.create_table('account_access',
    sa.Column('id', columns.GUID(), nullable=False),
    sa.Column('account_id', columns.GUID(), nullable=False),
    sa.Column('user_id', columns.GUID(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_account_access_account_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_account_access_user_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_account_access')),
    sa.UniqueConstraint('account_id', 'user_id', 'reason', name=op.f('uq_account_access_account_id_user_id_reason'))
    )
    with op.batch_alter_table('account_access', schema=None) as batch_op:
        batch_op.create_index('ix_account_access_user', ['user_id', 'account_id'], unique=False)

    op.create_table('account_stats',
    sa.Column('id', columns.GUID(), nullable=False),
    sa.Column('account_id', columns.GUID(), nullable=False),
    sa.Column('last_contact_at', columns.UTCDateTime(), nullable=True),
    sa.Column('last_visit_at', columns.UTCDateTime(), nullable=True),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_account_stats_account_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_account_stats')),
    sa.UniqueConstraint('account_id', name=op.f('uq_account_stats_account_id'))
    )
    with op.batch_alter_table('account_stats', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_account_stats_last_contact_at'), ['last_contact_at'], unique=False)

    op.create_table('contacts',
    sa.Column('id', columns.GUID(), nullable=False),
    sa.Column('first_name', sa.Text(), nullable=False),
    sa.Column('last_name', sa.Text(), nullable=True),
    sa.Column('name_key', dialect.SortText, nullable=True),
    sa.Column('email', sa.Text(), nullable=True),
    sa.Column('email_key', dialect.SortText, nullable=True),
    sa.Column('phone', sa.Text(), nullable=True),
    sa.Column('phone_e164', sa.Text(), nullable=True),
    sa.Column('mobile', sa.Text(), nullable=True),
    sa.Column('mobile_e164', sa.Text(), nullable=True),
    sa.Column('job_title', sa.Text(), nullable=True),
    sa.Column('department', sa.Text(), nullable=True),
    sa.Column('role', sa.Text(), nullable=False),
    sa.Column('account_id', columns.GUID(), nullable=True),
    sa.Column('reports_to_id', columns.GUID(), nullable=True),
    sa.Column('owner_id', columns.GUID(), nullable=True),
    sa.Column('is_primary', sa.Boolean(), nullable=False),
    sa.Column('do_not_call', sa.Boolean(), nullable=False),
    sa.Column('email_opt_out', sa.Boolean(), nullable=False),
    sa.Column('time_zone', sa.Text(), nullable=True),
    sa.Column('street', sa.Text(), nullable=True),
    sa.Column('city', sa.Text(), nullable=True),
    sa.Column('state', sa.Text(), nullable=True),
    sa.Column('zip', sa.Text(), nullable=True),
    sa.Column('country', sa.Text(), nullable=True),
    sa.Column('description', sa.Text(), nullable=True),
    sa.Column('external_system', sa.Text(), nullable=True),
    sa.Column('external_id', sa.Text(), nullable=True),
    sa.Column('origin', sa.Text(), nullable=False),
    sa.Column('created_at', columns.UTCDateTime(), nullable=False),
    sa.Column('updated_at', columns.UTCDateTime(), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.Column('archived_at', columns.UTCDateTime(), nullable=True),
    sa.CheckConstraint("role IN ('decision_maker', 'influencer', 'contact', 'distributor', 'dealer')", name=op.f('ck_contacts_role_word')),
    sa.CheckConstraint('reports_to_id <> id', name=op.f('ck_contacts_not_their_own_boss')),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_contacts_account_id')),
    sa.ForeignKeyConstraint(['owner_id'], ['users.id'], name=op.f('fk_contacts_owner_id')),
    sa.ForeignKeyConstraint(['reports_to_id'], ['contacts.id'], name=op.f('fk_contacts_reports_to_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_contacts'))
    )
    with op.batch_alter_table('contacts', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_contacts_account_id'), ['account_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_contacts_email_key'), ['email_key'], unique=False)
        batch_op.create_index('ix_contacts_live_created', ['created_at', 'id'], unique=False, sqlite_where=sa.text('archived_at IS NULL'), postgresql_where=sa.text('archived_at IS NULL'))
        batch_op.create_index('ix_contacts_live_name', ['name_key', 'id'], unique=False, sqlite_where=sa.text('archived_at IS NULL'), postgresql_where=sa.text('archived_at IS NULL'))
        batch_op.create_index(batch_op.f('ix_contacts_mobile_e164'), ['mobile_e164'], unique=False)
        batch_op.create_index(batch_op.f('ix_contacts_owner_id'), ['owner_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_contacts_phone_e164'), ['phone_e164'], unique=False)
        batch_op.create_index(batch_op.f('ix_contacts_reports_to_id'), ['reports_to_id'], unique=False)
        batch_op.create_index('uq_contacts_external', ['external_system', 'external_id'], unique=True, sqlite_where=sa.text('external_id IS NOT NULL'), postgresql_where=sa.text('external_id IS NOT NULL'))
        batch_op.create_index('uq_contacts_primary', ['account_id'], unique=True, sqlite_where=sa.text('is_primary AND archived_at IS NULL'), postgresql_where=sa.text('is_primary AND archived_at IS NULL'))

    op.create_table('enrolments',
    sa.Column('id', columns.GUID(), nullable=False),
    sa.Column('sequence_id', columns.GUID(), nullable=False),
    sa.Column('rule_id', columns.GUID(), nullable=True),
    sa.Column('lead_id', columns.GUID(), nullable=False),
    sa.Column('owner_id', columns.GUID(), nullable=False),
    sa.Column('run_no', sa.BigInteger(), nullable=False),
    sa.Column('status', sa.Text(), nullable=False),
    sa.Column('stop_epoch', sa.BigInteger(), nullable=False),
    sa.Column('stop_reason', sa.Text(), nullable=True),
    sa.Column('step', sa.BigInteger(), nullable=False),
    sa.Column('steps', dialect.Json, nullable=False),
    sa.Column('address_key', sa.Text(), nullable=False),
    sa.Column('lead_status', sa.Text(), nullable=False),
    sa.Column('time_zone', sa.Text(), nullable=False),
    sa.Column('resume_at', columns.UTCDateTime(), nullable=True),
    sa.Column('ended_at', columns.UTCDateTime(), nullable=True),
    sa.Column('created_at', columns.UTCDateTime(), nullable=False),
    sa.Column('updated_at', columns.UTCDateTime(), nullable=False),
    sa.CheckConstraint("status IN ('active', 'paused', 'completed', 'stopped', 'failed')", name=op.f('ck_enrolments_status_word')),
    sa.ForeignKeyConstraint(['lead_id'], ['leads.id'], name=op.f('fk_enrolments_lead_id')),
    sa.ForeignKeyConstraint(['owner_id'], ['users.id'], name=op.f('fk_enrolments_owner_id')),
    sa.ForeignKeyConstraint(['rule_id'], ['followup_rules.id'], name=op.f('fk_enrolments_rule_id')),
    sa.ForeignKeyConstraint(['sequence_id'], ['sequences.id'], name=op.f('fk_enrolments_sequence_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_enrolments')),
    sa.UniqueConstraint('rule_id', 'lead_id', 'run_no', name=op.f('uq_enrolments_rule_id_lead_id_run_no'))
    )
    with op.batch_alter_table('enrolments', schema=None) as batch_op:
        batch_op.create_index('ix_enrolments_address', ['address_key'], unique=False, sqlite_where=sa.text("status IN ('active', 'paused')"), postgresql_where=sa.text("status IN ('active', 'paused')"))
        batch_op.create_index('ix_enrolments_created', ['created_at', 'id'], unique=False)
        batch_op.create_index('ix_enrolments_lead', ['lead_id', 'status'], unique=False)
        batch_op.create_index(batch_op.f('ix_enrolments_owner_id'), ['owner_id'], unique=False)
        batch_op.create_index('ix_enrolments_rule_created', ['rule_id', 'created_at'], unique=False)
        batch_op.create_index('uq_enrolments_live', ['sequence_id', 'lead_id'], unique=True, sqlite_where=sa.text("status IN ('active', 'paused')"), postgresql_where=sa.text("status IN ('active', 'paused')"))

    op.create_table('lead_stats',
    sa.Column('id', columns.GUID(), nullable=False),
    sa.Column('lead_id', columns.GUID(), nullable=False),
    sa.Column('last_contact_at', columns.UTCDateTime(), nullable=True),
    sa.Column('call_attempts', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['lead_id'], ['leads.id'], name=op.f('fk_lead_stats_lead_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_lead_stats')),
    sa.UniqueConstraint('lead_id', name=op.f('uq_lead_stats_lead_id'))
    )
    with op.batch_alter_table('lead_stats', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_lead_stats_last_contact_at'), ['last_contact_at'], unique=False)

    op.create_table('webhook_deliveries',
    sa.Column('id', columns.GUID(), nullable=False),
    sa.Column('webhook_id', columns.GUID(), nullable=False),
    sa.Column('event_id', columns.GUID(), nullable=True),
    sa.Column('event_type', sa.Text(), nullable=False),
    sa.Column('status', sa.Text(), nullable=False),
    sa.Column('token', sa.BigInteger(), nullable=False),
    sa.Column('attempts', sa.BigInteger(), nullable=False),
    sa.Column('due_at', columns.UTCDateTime(), nullable=False),
    sa.Column('created_at', columns.UTCDateTime(), nullable=False),
    sa.Column('last_attempt_at', columns.UTCDateTime(), nullable=True),
    sa.Column('delivered_at', columns.UTCDateTime(), nullable=True),
    sa.Column('response_status', sa.BigInteger(), nullable=True),
    sa.Column('latency_ms', sa.BigInteger(), nullable=True),
    sa.Column('response_excerpt', sa.Text(), nullable=True),
    sa.Column('error', sa.Text(), nullable=True),
    sa.CheckConstraint("status IN ('pending', 'sending', 'delivered', 'failed', 'cancelled')", name=op.f('ck_webhook_deliveries_status_word')),
    sa.ForeignKeyConstraint(['event_id'], ['events.id'], name=op.f('fk_webhook_deliveries_event_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['webhook_id'], ['webhooks.id'], name=op.f('fk_webhook_deliveries_webhook_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_webhook_deliveries')),
    sa.UniqueConstraint('webhook_id', 'event_id', name=op.f('uq_webhook_deliveries_webhook_id_event_id'))
    )
    with op.batch_alter_table('webhook_deliveries', schema=None) as batch_op:
        batch_op.create_index('ix_webhook_deliveries_created', ['created_at', 'id'], unique=False)
        batch_op.create_index('ix_webhook_deliveries_due', ['webhook_id', 'due_at', 'id'], unique=False, sqlite_where=sa.text("status IN ('pending', 'sending')"), postgresql_where=sa.text("status IN ('pending', 'sending')"))
        batch_op.create_index('ix_webhook_deliveries_event', ['event_id'], unique=False)
        batch_op.create_index('ix_webhook_deliveries_log', ['webhook_id', 'created_at', 'id'], unique=False)

    op.create_table('webhook_stats',
    sa.Column('id', columns.GUID(), nullable=False),
    sa.Column('webhook_id', columns.GUID(), nullable=False),
    sa.Column('failing_since', columns.UTCDateTime(), nullable=True),
    sa.Column('last_success_at', columns.UTCDateTime(), nullable=True),
    sa.Column('last_failure_at', columns.UTCDateTime(), nullable=True),
    sa.ForeignKeyConstraint(['webhook_id'], ['webhooks.id'], name=op.f('fk_webhook_stats_webhook_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_webhook_stats')),
    sa.UniqueConstraint('webhook_id', name=op.f('uq_webhook_stats_webhook_id'))
    )
    op.create_table('contact_stats',
    sa.Column('id', columns.GUID(), nullable=False),
    sa.Column('contact_id', columns.GUID(), nullable=False),
    sa.Column('last_contact_at', columns.UTCDateTime(), nullable=True),
    sa.ForeignKeyConstraint(['contact_id'], ['contacts.id'], name=op.f('fk_contact_stats_contact_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_contact_stats')),
    sa.UniqueConstraint('contact_id', name=op.f('uq_contact_stats_contact_id'))
    )
    op.create_table('opportunities',
    sa.Column('id', columns.GUID(), nullable=False),
    sa.Column('number', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('name_key', dialect.SortText, nullable=True),
    sa.Column('description', sa.Text(), nullable=True),
    sa.Column('account_id', columns.GUID(), nullable=True),
    sa.Column('contact_id', columns.GUID(), nullable=True),
    sa.Column('lead_id', columns.GUID(), nullable=True),
    sa.Column('pipeline_id', columns.GUID(), nullable=False),
    sa.Column('stage_id', columns.GUID(), nullable=False),
    sa.Column('stage_kind', sa.Text(), nullable=False),
    sa.Column('owner_id', columns.GUID(), nullable=True),
    sa.Column('team_id', columns.GUID(), nullable=True),
    sa.Column('opportunity_type', sa.Text(), nullable=False),
    sa.Column('priority', sa.Text(), nullable=False),
    sa.Column('estimated_value', sa.BigInteger(), nullable=True),
    sa.Column('currency', sa.Text(), nullable=False),
    sa.Column('value_base', sa.BigInteger(), nullable=True),
    sa.Column('probability', sa.BigInteger(), nullable=False),
    sa.Column('expected_revenue', sa.Numeric(precision=20, scale=2), sa.Computed('estimated_value * probability / 100.0', persisted=True), nullable=True),
    sa.Column('expected_close_date', sa.Date(), nullable=True),
    sa.Column('started_at', columns.UTCDateTime(), nullable=True),
    sa.Column('actual_close_date', columns.UTCDateTime(), nullable=True),
    sa.Column('loss_reason', sa.Text(), nullable=True),
    sa.Column('next_step', sa.Text(), nullable=True),
    sa.Column('next_step_date', columns.UTCDateTime(), nullable=True),
    sa.Column('external_system', sa.Text(), nullable=True),
    sa.Column('external_id', sa.Text(), nullable=True),
    sa.Column('source_updated_at', columns.UTCDateTime(), nullable=True),
    sa.Column('origin', sa.Text(), nullable=False),
    sa.Column('created_at', columns.UTCDateTime(), nullable=False),
    sa.Column('updated_at', columns.UTCDateTime(), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.Column('archived_at', columns.UTCDateTime(), nullable=True),
    sa.CheckConstraint("opportunity_type IN ('new_business', 'existing_business', 'renewal', 'upsell', 'cross_sell')", name=op.f('ck_opportunities_opportunity_type_word')),
    sa.CheckConstraint("priority IN ('low', 'medium', 'high', 'urgent')", name=op.f('ck_opportunities_priority_word')),
    sa.CheckConstraint("stage_kind IN ('prospecting', 'qualification', 'needs_analysis', 'proposal', 'negotiation', 'closed_won', 'closed_lost')", name=op.f('ck_opportunities_stage_kind_word')),
    sa.CheckConstraint('estimated_value >= 0', name=op.f('ck_opportunities_value_sign')),
    sa.CheckConstraint('probability BETWEEN 0 AND 100', name=op.f('ck_opportunities_probability_range')),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_opportunities_account_id')),
    sa.ForeignKeyConstraint(['contact_id'], ['contacts.id'], name=op.f('fk_opportunities_contact_id')),
    sa.ForeignKeyConstraint(['lead_id'], ['leads.id'], name=op.f('fk_opportunities_lead_id')),
    sa.ForeignKeyConstraint(['owner_id'], ['users.id'], name=op.f('fk_opportunities_owner_id')),
    sa.ForeignKeyConstraint(['pipeline_id'], ['pipelines.id'], name=op.f('fk_opportunities_pipeline_id')),
    sa.ForeignKeyConstraint(['stage_id'], ['stages.id'], name=op.f('fk_opportunities_stage_id')),
    sa.ForeignKeyConstraint(['team_id'], ['teams.id'], name=op.f('fk_opportunities_team_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_opportunities')),
    sa.UniqueConstraint('number', name=op.f('uq_opportunities_number'))
    )
    with op.batch_alter_table('opportunities', schema=None) as batch_op:
        batch_op.create_index('ix_opportunities_account', ['account_id', 'stage_kind'], unique=False)
        batch_op.create_index('ix_opportunities_closed', ['actual_close_date', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_opportunities_contact_id'), ['contact_id'], unique=False)
        batch_op.create_index('ix_opportunities_kind', ['stage_kind', 'owner_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_opportunities_lead_id'), ['lead_id'], unique=False)
        batch_op.create_index('ix_opportunities_live_close', ['expected_close_date', 'id'], unique=False, sqlite_where=sa.text('archived_at IS NULL'), postgresql_where=sa.text('archived_at IS NULL'), postgresql_ops={'expected_close_date': 'NULLS FIRST'})
        batch_op.create_index('ix_opportunities_live_created', ['created_at', 'id'], unique=False, sqlite_where=sa.text('archived_at IS NULL'), postgresql_where=sa.text('archived_at IS NULL'), postgresql_ops={})
        batch_op.create_index('ix_opportunities_live_name', ['name_key', 'id'], unique=False, sqlite_where=sa.text('archived_at IS NULL'), postgresql_where=sa.text('archived_at IS NULL'), postgresql_ops={})
        batch_op.create_index('ix_opportunities_live_value', ['value_base', 'id'], unique=False, sqlite_where=sa.text('archived_at IS NULL'), postgresql_where=sa.text('archived_at IS NULL'), postgresql_ops={'value_base': 'NULLS FIRST'})
        batch_op.create_index('ix_opportunities_owner', ['owner_id', 'created_at', 'id'], unique=False)
        batch_op.create_index('ix_opportunities_stage', ['stage_id', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_opportunities_team_id'), ['team_id'], unique=False)
        batch_op.create_index('uq_opportunities_external', ['external_system', 'external_id'], unique=True, sqlite_where=sa.text('external_id IS NOT NULL'), postgresql_where=sa.text('external_id IS NOT NULL'))

    op.create_table('outbox_messages',
    sa.Column('id', columns.GUID(), nullable=False),
    sa.Column('purpose', sa.Text(), nullable=False),
    sa.Column('idem_key', sa.Text(), nullable=False),
    sa.Column('status', sa.Text(), nullable=False),
    sa.Column('token', sa.BigInteger(), nullable=False),
    sa.Column('attempts', sa.BigInteger(), nullable=False),
    sa.Column('looks', sa.BigInteger(), nullable=False),
    sa.Column('due_at', columns.UTCDateTime(), nullable=True),
    sa.Column('expires_at', columns.UTCDateTime(), nullable=True),
    sa.Column('lease_until', columns.UTCDateTime(), nullable=True),
    sa.Column('claimed_by', sa.Text(), nullable=True),
    sa.Column('handle', sa.Text(), nullable=True),
    sa.Column('provider_id', sa.Text(), nullable=True),
    sa.Column('reason', sa.Text(), nullable=True),
    sa.Column('stop_requested', sa.Boolean(), nullable=False),
    sa.Column('sender_id', columns.GUID(), nullable=True),
    sa.Column('team_id', columns.GUID(), nullable=True),
    sa.Column('sender_address', sa.Text(), nullable=False),
    sa.Column('sender_name', sa.Text(), nullable=False),
    sa.Column('recipient_address', sa.Text(), nullable=False),
    sa.Column('recipient_name', sa.Text(), nullable=False),
    sa.Column('recipient_key', sa.Text(), nullable=False),
    sa.Column('template', sa.Text(), nullable=True),
    sa.Column('subject', sa.Text(), nullable=True),
    sa.Column('text', sa.Text(), nullable=True),
    sa.Column('html', sa.Text(), nullable=True),
    sa.Column('content_hash', sa.Text(), nullable=True),
    sa.Column('message_id', sa.Text(), nullable=False),
    sa.Column('sent_message_id', sa.Text(), nullable=True),
    sa.Column('transport', sa.Text(), nullable=True),
    sa.Column('sending_at', columns.UTCDateTime(), nullable=True),
    sa.Column('sent_at', columns.UTCDateTime(), nullable=True),
    sa.Column('account_id', columns.GUID(), nullable=True),
    sa.Column('contact_id', columns.GUID(), nullable=True),
    sa.Column('lead_id', columns.GUID(), nullable=True),
    sa.Column('source_id', columns.GUID(), nullable=True),
    sa.Column('source_step', sa.BigInteger(), nullable=True),
    sa.Column('source_epoch', sa.BigInteger(), nullable=True),
    sa.Column('created_at', columns.UTCDateTime(), nullable=False),
    sa.Column('updated_at', columns.UTCDateTime(), nullable=False),
    sa.CheckConstraint("status IN ('planned', 'queued', 'claimed', 'sending', 'sent', 'unknown', 'held', 'cancelled', 'suppressed', 'expired', 'dead')", name=op.f('ck_outbox_messages_status_word')),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_outbox_messages_account_id')),
    sa.ForeignKeyConstraint(['contact_id'], ['contacts.id'], name=op.f('fk_outbox_messages_contact_id')),
    sa.ForeignKeyConstraint(['lead_id'], ['leads.id'], name=op.f('fk_outbox_messages_lead_id')),
    sa.ForeignKeyConstraint(['sender_id'], ['users.id'], name=op.f('fk_outbox_messages_sender_id')),
    sa.ForeignKeyConstraint(['team_id'], ['teams.id'], name=op.f('fk_outbox_messages_team_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_outbox_messages')),
    sa.UniqueConstraint('idem_key', name=op.f('uq_outbox_messages_idem_key')),
    sa.UniqueConstraint('message_id', name=op.f('uq_outbox_messages_message_id'))
    )
    with op.batch_alter_table('outbox_messages', schema=None) as batch_op:
        batch_op.create_index('ix_outbox_created', ['created_at', 'id'], unique=False)
        batch_op.create_index('ix_outbox_due', ['due_at', 'id'], unique=False, sqlite_where=sa.text("status IN ('queued', 'planned', 'unknown')"), postgresql_where=sa.text("status IN ('queued', 'planned', 'unknown')"))
        batch_op.create_index('ix_outbox_expiry', ['expires_at'], unique=False, sqlite_where=sa.text("status IN ('planned', 'queued', 'held')"), postgresql_where=sa.text("status IN ('planned', 'queued', 'held')"))
        batch_op.create_index('ix_outbox_lead', ['lead_id'], unique=False)
        batch_op.create_index('ix_outbox_leases', ['lease_until'], unique=False, sqlite_where=sa.text("status IN ('claimed', 'sending')"), postgresql_where=sa.text("status IN ('claimed', 'sending')"))
        batch_op.create_index(batch_op.f('ix_outbox_messages_sent_message_id'), ['sent_message_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_outbox_messages_team_id'), ['team_id'], unique=False)
        batch_op.create_index('ix_outbox_recipient', ['recipient_key', 'sending_at'], unique=False)
        batch_op.create_index('ix_outbox_sender', ['sender_id', 'created_at', 'id'], unique=False)
        batch_op.create_index('ix_outbox_source', ['source_id'], unique=False)
        batch_op.create_index('ix_outbox_status', ['status', 'created_at', 'id'], unique=False)

    op.create_table('webhook_attempts',
    sa.Column('id', columns.GUID(), nullable=False),
    sa.Column('delivery_id', columns.GUID(), nullable=False),
    sa.Column('at', columns.UTCDateTime(), nullable=False),
    sa.Column('response_status', sa.BigInteger(), nullable=True),
    sa.Column('latency_ms', sa.BigInteger(), nullable=False),
    sa.Column('response_excerpt', sa.Text(), nullable=True),
    sa.Column('error', sa.Text(), nullable=True),
    sa.ForeignKeyConstraint(['delivery_id'], ['webhook_deliveries.id'], name=op.f('fk_webhook_attempts_delivery_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_webhook_attempts'))
    )
    with op.batch_alter_table('webhook_attempts', schema=None) as batch_op:
        batch_op.create_index('ix_webhook_attempts_delivery', ['delivery_id', 'at'], unique=False)

    op.create_table('activities',
    sa.Column('id', columns.GUID(), nullable=False),
    sa.Column('activity_type', sa.Text(), nullable=False),
    sa.Column('subject', sa.Text(), nullable=False),
    sa.Column('description', sa.Text(), nullable=True),
    sa.Column('direction', sa.Text(), nullable=True),
    sa.Column('status', sa.Text(), nullable=False),
    sa.Column('priority', sa.Text(), nullable=False),
    sa.Column('task_type', sa.Text(), nullable=True),
    sa.Column('occurred_at', columns.UTCDateTime(), nullable=True),
    sa.Column('due_at', columns.UTCDateTime(), nullable=True),
    sa.Column('remind_at', columns.UTCDateTime(), nullable=True),
    sa.Column('completed_at', columns.UTCDateTime(), nullable=True),
    sa.Column('duration_minutes', sa.BigInteger(), nullable=True),
    sa.Column('outcome', sa.Text(), nullable=True),
    sa.Column('next_steps', sa.Text(), nullable=True),
    sa.Column('requires_follow_up', sa.Boolean(), nullable=False),
    sa.Column('follow_up_date', columns.UTCDateTime(), nullable=True),
    sa.Column('latitude', sa.Double(), nullable=True),
    sa.Column('longitude', sa.Double(), nullable=True),
    sa.Column('details', dialect.Json, nullable=True),
    sa.Column('account_id', columns.GUID(), nullable=True),
    sa.Column('contact_id', columns.GUID(), nullable=True),
    sa.Column('lead_id', columns.GUID(), nullable=True),
    sa.Column('opportunity_id', columns.GUID(), nullable=True),
    sa.Column('owner_id', columns.GUID(), nullable=True),
    sa.Column('team_id', columns.GUID(), nullable=True),
    sa.Column('external_system', sa.Text(), nullable=True),
    sa.Column('external_id', sa.Text(), nullable=True),
    sa.Column('origin', sa.Text(), nullable=False),
    sa.Column('created_at', columns.UTCDateTime(), nullable=False),
    sa.Column('updated_at', columns.UTCDateTime(), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.Column('archived_at', columns.UTCDateTime(), nullable=True),
    sa.CheckConstraint("activity_type IN ('call', 'email', 'meeting', 'video_call', 'chat', 'sms', 'visit', 'other', 'task', 'note')", name=op.f('ck_activities_activity_type_word')),
    sa.CheckConstraint("direction IN ('inbound', 'outbound')", name=op.f('ck_activities_direction_word')),
    sa.CheckConstraint("priority IN ('low', 'medium', 'high', 'urgent')", name=op.f('ck_activities_priority_word')),
    sa.CheckConstraint("status IN ('scheduled', 'in_progress', 'completed', 'cancelled')", name=op.f('ck_activities_status_word')),
    sa.CheckConstraint("task_type IN ('general', 'follow_up', 'reminder', 'deadline')", name=op.f('ck_activities_task_type_word')),
    sa.CheckConstraint('duration_minutes >= 0', name=op.f('ck_activities_duration_sign')),
    sa.CheckConstraint('latitude BETWEEN -90 AND 90', name=op.f('ck_activities_latitude_range')),
    sa.CheckConstraint('longitude BETWEEN -180 AND 180', name=op.f('ck_activities_longitude_range')),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_activities_account_id')),
    sa.ForeignKeyConstraint(['contact_id'], ['contacts.id'], name=op.f('fk_activities_contact_id')),
    sa.ForeignKeyConstraint(['lead_id'], ['leads.id'], name=op.f('fk_activities_lead_id')),
    sa.ForeignKeyConstraint(['opportunity_id'], ['opportunities.id'], name=op.f('fk_activities_opportunity_id')),
    sa.ForeignKeyConstraint(['owner_id'], ['users.id'], name=op.f('fk_activities_owner_id')),
    sa.ForeignKeyConstraint(['team_id'], ['teams.id'], name=op.f('fk_activities_team_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_activities'))
    )
    with op.batch_alter_table('activities', schema=None) as batch_op:
        batch_op.create_index('ix_activities_account', ['account_id', 'occurred_at'], unique=False)
        batch_op.create_index('ix_activities_contact', ['contact_id'], unique=False)
        batch_op.create_index('ix_activities_lead', ['lead_id'], unique=False)
        batch_op.create_index('ix_activities_live_created', ['created_at', 'id'], unique=False, sqlite_where=sa.text('archived_at IS NULL'), postgresql_where=sa.text('archived_at IS NULL'), postgresql_ops={})
        batch_op.create_index('ix_activities_live_due', ['due_at', 'id'], unique=False, sqlite_where=sa.text('archived_at IS NULL'), postgresql_where=sa.text('archived_at IS NULL'), postgresql_ops={'due_at': 'NULLS FIRST'})
        batch_op.create_index('ix_activities_live_occurred', ['occurred_at', 'id'], unique=False, sqlite_where=sa.text('archived_at IS NULL'), postgresql_where=sa.text('archived_at IS NULL'), postgresql_ops={'occurred_at': 'NULLS FIRST'})
        batch_op.create_index('ix_activities_opportunity', ['opportunity_id'], unique=False)
        batch_op.create_index('ix_activities_owner_due', ['owner_id', 'due_at', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_activities_team_id'), ['team_id'], unique=False)

    op.create_table('opportunity_lines',
    sa.Column('id', columns.GUID(), nullable=False),
    sa.Column('opportunity_id', columns.GUID(), nullable=False),
    sa.Column('product_id', columns.GUID(), nullable=False),
    sa.Column('position', sa.BigInteger(), nullable=False),
    sa.Column('quantity', sa.Double(), nullable=False),
    sa.Column('unit_price', sa.BigInteger(), nullable=True),
    sa.Column('discount_percent', sa.Double(), nullable=False),
    sa.CheckConstraint('discount_percent BETWEEN 0 AND 100', name=op.f('ck_opportunity_lines_discount_range')),
    sa.CheckConstraint('quantity > 0', name=op.f('ck_opportunity_lines_quantity_sign')),
    sa.CheckConstraint('unit_price >= 0', name=op.f('ck_opportunity_lines_price_sign')),
    sa.ForeignKeyConstraint(['opportunity_id'], ['opportunities.id'], name=op.f('fk_opportunity_lines_opportunity_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['product_id'], ['products.id'], name=op.f('fk_opportunity_lines_product_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_opportunity_lines'))
    )
    with op.batch_alter_table('opportunity_lines', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_opportunity_lines_opportunity_id'), ['opportunity_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_opportunity_lines_product_id'), ['product_id'], unique=False)

    op.create_table('timeline_entries',
    sa.Column('id', columns.GUID(), nullable=False),
    sa.Column('at', columns.UTCDateTime(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('record_id', columns.GUID(), nullable=False),
    sa.Column('summary', sa.Text(), nullable=False),
    sa.Column('actor_id', columns.GUID(), nullable=True),
    sa.Column('account_id', columns.GUID(), nullable=True),
    sa.Column('contact_id', columns.GUID(), nullable=True),
    sa.Column('lead_id', columns.GUID(), nullable=True),
    sa.Column('opportunity_id', columns.GUID(), nullable=True),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_timeline_entries_account_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['contact_id'], ['contacts.id'], name=op.f('fk_timeline_entries_contact_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['lead_id'], ['leads.id'], name=op.f('fk_timeline_entries_lead_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['opportunity_id'], ['opportunities.id'], name=op.f('fk_timeline_entries_opportunity_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_timeline_entries'))
    )
    with op.batch_alter_table('timeline_entries', schema=None) as batch_op:
        batch_op.create_index('ix_timeline_account', ['account_id', 'at', 'id'], unique=False)
        batch_op.create_index('ix_timeline_contact', ['contact_id', 'at', 'id'], unique=False)
        batch_op.create_index('ix_timeline_lead', ['lead_id', 'at', 'id'], unique=False)
        batch_op.create_index('ix_timeline_opportunity', ['opportunity_id', 'at', 'id'], unique=False)
        batch_op.create_index('ix_timeline_record', ['kind', 'record_id'], unique=False)

    op.create_table('received_mails',
    sa.Column('id', columns.GUID(), nullable=False),
    sa.Column('mailbox_key', sa.Text(), nullable=False),
    sa.Column('provider_id', sa.Text(), nullable=False),
    sa.Column('message_id', sa.Text(), nullable=False),
    sa.Column('sender_key', sa.Text(), nullable=False),
    sa.Column('subject', sa.Text(), nullable=False),
    sa.Column('received_at', columns.UTCDateTime(), nullable=False),
    sa.Column('read_at', columns.UTCDateTime(), nullable=False),
    sa.Column('verdict', sa.Text(), nullable=False),
    sa.Column('outbox_id', columns.GUID(), nullable=True),
    sa.Column('activity_id', columns.GUID(), nullable=True),
    sa.CheckConstraint("verdict IN ('reply', 'stop', 'automatic', 'bounce', 'soft_bounce', 'other')", name=op.f('ck_received_mails_verdict_word')),
    sa.ForeignKeyConstraint(['activity_id'], ['activities.id'], name=op.f('fk_received_mails_activity_id')),
    sa.ForeignKeyConstraint(['outbox_id'], ['outbox_messages.id'], name=op.f('fk_received_mails_outbox_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_received_mails')),
    sa.UniqueConstraint('mailbox_key', 'provider_id', name=op.f('uq_received_mails_mailbox_key_provider_id'))
    )
    with op.batch_alter_table('received_mails', schema=None) as batch_op:
        batch_op.create_index('ix_received_mails_outbox', ['outbox_id'], unique=False)

    op.create_table('visit_plan_stops',
    sa.Column('id', columns.GUID(), nullable=False),
    sa.Column('plan_id', columns.GUID(), nullable=False),
    sa.Column('position', sa.BigInteger(), nullable=False),
    sa.Column('account_id', columns.GUID(), nullable=False),
    sa.Column('activity_id', columns.GUID(), nullable=True),
    sa.Column('latitude', sa.Double(), nullable=False),
    sa.Column('longitude', sa.Double(), nullable=False),
    sa.Column('leaves_at', columns.UTCDateTime(), nullable=False),
    sa.Column('arrives_at', columns.UTCDateTime(), nullable=False),
    sa.Column('starts_at', columns.UTCDateTime(), nullable=False),
    sa.Column('ends_at', columns.UTCDateTime(), nullable=False),
    sa.Column('driving_seconds', sa.BigInteger(), nullable=False),
    sa.Column('driving_metres', sa.BigInteger(), nullable=False),
    sa.Column('waiting_seconds', sa.BigInteger(), nullable=False),
    sa.Column('value', sa.BigInteger(), nullable=False),
    sa.Column('must_see', sa.Boolean(), nullable=False),
    sa.Column('has_appointment', sa.Boolean(), nullable=False),
    sa.Column('reasons', dialect.Json, nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_visit_plan_stops_account_id')),
    sa.ForeignKeyConstraint(['activity_id'], ['activities.id'], name=op.f('fk_visit_plan_stops_activity_id')),
    sa.ForeignKeyConstraint(['plan_id'], ['visit_plans.id'], name=op.f('fk_visit_plan_stops_plan_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_visit_plan_stops')),
    sa.UniqueConstraint('plan_id', 'position', name=op.f('uq_visit_plan_stops_plan_id_position'))
    )
    with op.batch_alter_table('visit_plan_stops', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_visit_plan_stops_account_id'), ['account_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_visit_plan_stops_activity_id'), ['activity_id'], unique=False)

    # Users and teams point at each other: one of the two links has to come after both tables.
    with op.batch_alter_table("teams") as batch_op:
        batch_op.create_foreign_key("fk_teams_manager_id", "users", ["manager_id"], ["id"])
    dialect.create_objects(op.get_bind())
