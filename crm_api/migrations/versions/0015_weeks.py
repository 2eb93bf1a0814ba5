"""Visits planned together over days and reps, days planned anew, and what visits teach of a dealer"""

import sqlalchemy as sa
from alembic import op

from crm_api.core import columns, dialect

revision = '0015'
down_revision = '0014'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('visit_weeks',
    sa.Column('id', columns.GUID(), nullable=False),
    sa.Column('owner_id', columns.GUID(), nullable=False),
    sa.Column('team_id', columns.GUID(), nullable=True),
    sa.Column('first_day', sa.Date(), nullable=False),
    sa.Column('last_day', sa.Date(), nullable=False),
    sa.Column('reps', sa.BigInteger(), nullable=False),
    sa.Column('visits', sa.BigInteger(), nullable=False),
    sa.Column('value', sa.BigInteger(), nullable=False),
    sa.Column('driving_seconds', sa.BigInteger(), nullable=False),
    sa.Column('driving_metres', sa.BigInteger(), nullable=False),
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
    sa.ForeignKeyConstraint(['owner_id'], ['users.id'], name=op.f('fk_visit_weeks_owner_id')),
    sa.ForeignKeyConstraint(['team_id'], ['teams.id'], name=op.f('fk_visit_weeks_team_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_visit_weeks'))
    )
    with op.batch_alter_table('visit_weeks', schema=None) as batch_op:
        batch_op.create_index('ix_visit_weeks_created', ['created_at', 'id'], unique=False)
        batch_op.create_index('ix_visit_weeks_day', ['first_day', 'id'], unique=False)
        batch_op.create_index('ix_visit_weeks_owner_day', ['owner_id', 'first_day', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_visit_weeks_team_id'), ['team_id'], unique=False)

    op.create_table('visit_habits',
    sa.Column('id', columns.GUID(), nullable=False),
    sa.Column('account_id', columns.GUID(), nullable=False),
    sa.Column('minutes', dialect.Json, nullable=False),
    sa.Column('typical_minutes', sa.BigInteger(), nullable=True),
    sa.Column('found_open', dialect.Json, nullable=False),
    sa.Column('found_shut', dialect.Json, nullable=False),
    sa.Column('learned_at', columns.UTCDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_visit_habits_account_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_visit_habits')),
    sa.UniqueConstraint('account_id', name=op.f('uq_visit_habits_account_id'))
    )
    with op.batch_alter_table('accounts', schema=None) as batch_op:
        batch_op.add_column(sa.Column('visit_days', dialect.Json, nullable=True))

    with op.batch_alter_table('visit_plans', schema=None) as batch_op:
        batch_op.add_column(sa.Column('week_id', columns.GUID(), nullable=True))
        batch_op.add_column(sa.Column('replans_id', columns.GUID(), nullable=True))
        batch_op.add_column(sa.Column('proposed_by', columns.GUID(), nullable=True))
        batch_op.add_column(sa.Column('busy', dialect.Json, nullable=False, server_default='[]'))
        batch_op.drop_constraint(batch_op.f('ck_visit_plans_status_word'), type_='check')
        batch_op.create_check_constraint(
            batch_op.f('ck_visit_plans_status_word'), "status IN ('proposed', 'accepted', 'declined', 'replaced')"
        )
        batch_op.create_index(batch_op.f('ix_visit_plans_proposed_by'), ['proposed_by'], unique=False)
        batch_op.create_index(batch_op.f('ix_visit_plans_replans_id'), ['replans_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_visit_plans_week_id'), ['week_id'], unique=False)
        batch_op.create_foreign_key(batch_op.f('fk_visit_plans_week_id'), 'visit_weeks', ['week_id'], ['id'])
        batch_op.create_foreign_key(batch_op.f('fk_visit_plans_replans_id'), 'visit_plans', ['replans_id'], ['id'])
        batch_op.create_foreign_key(batch_op.f('fk_visit_plans_proposed_by'), 'users', ['proposed_by'], ['id'])

    dialect.create_objects(op.get_bind())
