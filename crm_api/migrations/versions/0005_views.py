"""views"""

import sqlalchemy as sa
from alembic import op

from crm_api.core import columns, dialect

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('views',
    sa.Column('id', columns.GUID(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('name_key', dialect.SortText, nullable=True),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('conditions', dialect.Json, nullable=False),
    sa.Column('search', sa.Text(), nullable=True),
    sa.Column('sort', dialect.Json, nullable=False),
    sa.Column('fields', dialect.Json, nullable=False),
    sa.Column('shared_with', sa.Text(), nullable=False),
    sa.Column('team_id', columns.GUID(), nullable=True),
    sa.Column('owner_id', columns.GUID(), nullable=False),
    sa.Column('created_at', columns.UTCDateTime(), nullable=False),
    sa.Column('updated_at', columns.UTCDateTime(), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.CheckConstraint("(shared_with = 'team') = (team_id IS NOT NULL)", name=op.f('ck_views_team_where_shared')),
    sa.CheckConstraint("shared_with IN ('nobody', 'team', 'all')", name=op.f('ck_views_shared_with_word')),
    sa.ForeignKeyConstraint(['owner_id'], ['users.id'], name=op.f('fk_views_owner_id')),
    sa.ForeignKeyConstraint(['team_id'], ['teams.id'], name=op.f('fk_views_team_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_views'))
    )
    with op.batch_alter_table('views', schema=None) as batch_op:
        batch_op.create_index('ix_views_name', ['name_key', 'id'], unique=False)
        batch_op.create_index('ix_views_owner', ['owner_id', 'kind'], unique=False)
        batch_op.create_index(batch_op.f('ix_views_team_id'), ['team_id'], unique=False)

    op.create_table('view_defaults',
    sa.Column('id', columns.GUID(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('user_id', columns.GUID(), nullable=True),
    sa.Column('view_id', columns.GUID(), nullable=False),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_view_defaults_user_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['view_id'], ['views.id'], name=op.f('fk_view_defaults_view_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_view_defaults')),
    sa.UniqueConstraint('kind', 'user_id', name=op.f('uq_view_defaults_kind_user_id'))
    )
    with op.batch_alter_table('view_defaults', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_view_defaults_view_id'), ['view_id'], unique=False)
        batch_op.create_index('uq_view_defaults_organisation', ['kind'], unique=True, sqlite_where=sa.text('user_id IS NULL'), postgresql_where=sa.text('user_id IS NULL'))

    dialect.create_objects(op.get_bind())
