"""custom_fields"""

import sqlalchemy as sa
from alembic import op

from crm_api.core import columns, dialect

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('custom_fields',
    sa.Column('id', columns.GUID(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('key', sa.Text(), nullable=False),
    sa.Column('label', sa.Text(), nullable=False),
    sa.Column('help', sa.Text(), nullable=True),
    sa.Column('type', sa.Text(), nullable=False),
    sa.Column('target', sa.Text(), nullable=True),
    sa.Column('currency', sa.Text(), nullable=True),
    sa.Column('unit', sa.Text(), nullable=True),
    sa.Column('choices', dialect.Json, nullable=False),
    sa.Column('synonyms', dialect.Json, nullable=False),
    sa.Column('required', sa.Boolean(), nullable=False),
    sa.Column('is_unique', sa.Boolean(), nullable=False),
    sa.Column('searchable', sa.Boolean(), nullable=False),
    sa.Column('default_value', dialect.Json, nullable=True),
    sa.Column('minimum', sa.Double(), nullable=True),
    sa.Column('maximum', sa.Double(), nullable=True),
    sa.Column('group_name', sa.Text(), nullable=True),
    sa.Column('position', sa.BigInteger(), nullable=False),
    sa.Column('erasing_at', columns.UTCDateTime(), nullable=True),
    sa.Column('reindexing', sa.Boolean(), nullable=False),
    sa.Column('created_at', columns.UTCDateTime(), nullable=False),
    sa.Column('updated_at', columns.UTCDateTime(), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.Column('archived_at', columns.UTCDateTime(), nullable=True),
    sa.CheckConstraint("kind IN ('account', 'contact', 'lead', 'opportunity', 'activity', 'product')", name=op.f('ck_custom_fields_kind_word')),
    sa.CheckConstraint("type IN ('text', 'long_text', 'integer', 'number', 'money', 'date', 'datetime', 'boolean', 'choice', 'multi_choice', 'url', 'email', 'phone', 'reference')", name=op.f('ck_custom_fields_type_word')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_custom_fields')),
    sa.UniqueConstraint('kind', 'key', name=op.f('uq_custom_fields_kind_key'))
    )
    op.create_table('field_values',
    sa.Column('definition_id', columns.GUID(), nullable=False),
    sa.Column('record_id', columns.GUID(), nullable=False),
    sa.Column('n', sa.SmallInteger(), nullable=False),
    sa.Column('text', sa.Text(), nullable=True),
    sa.Column('text_key', dialect.SortText, nullable=True),
    sa.Column('whole', sa.BigInteger(), nullable=True),
    sa.Column('real', sa.Float(), nullable=True),
    sa.Column('day', sa.Date(), nullable=True),
    sa.Column('instant', columns.UTCDateTime(), nullable=True),
    sa.Column('flag', sa.Boolean(), nullable=True),
    sa.Column('reference', columns.GUID(), nullable=True),
    sa.Column('unique_key', sa.Text(), nullable=True),
    sa.ForeignKeyConstraint(['definition_id'], ['custom_fields.id'], name=op.f('fk_field_values_definition_id')),
    sa.PrimaryKeyConstraint('definition_id', 'record_id', 'n', name=op.f('pk_field_values'))
    )
    with op.batch_alter_table('field_values', schema=None) as batch_op:
        batch_op.create_index('ix_field_values_day', ['definition_id', 'day', 'record_id'], unique=False, sqlite_where=sa.text('day IS NOT NULL'), postgresql_where=sa.text('day IS NOT NULL'))
        batch_op.create_index('ix_field_values_flag', ['definition_id', 'flag', 'record_id'], unique=False, sqlite_where=sa.text('flag IS NOT NULL'), postgresql_where=sa.text('flag IS NOT NULL'))
        batch_op.create_index('ix_field_values_instant', ['definition_id', 'instant', 'record_id'], unique=False, sqlite_where=sa.text('instant IS NOT NULL'), postgresql_where=sa.text('instant IS NOT NULL'))
        batch_op.create_index('ix_field_values_real', ['definition_id', 'real', 'record_id'], unique=False, sqlite_where=sa.text('real IS NOT NULL'), postgresql_where=sa.text('real IS NOT NULL'))
        batch_op.create_index('ix_field_values_reference', ['definition_id', 'reference', 'record_id'], unique=False, sqlite_where=sa.text('reference IS NOT NULL'), postgresql_where=sa.text('reference IS NOT NULL'))
        batch_op.create_index('ix_field_values_text_key', ['definition_id', 'text_key', 'record_id'], unique=False, sqlite_where=sa.text('text_key IS NOT NULL'), postgresql_where=sa.text('text_key IS NOT NULL'))
        batch_op.create_index('ix_field_values_whole', ['definition_id', 'whole', 'record_id'], unique=False, sqlite_where=sa.text('whole IS NOT NULL'), postgresql_where=sa.text('whole IS NOT NULL'))
        batch_op.create_index('uq_field_values_unique', ['definition_id', 'unique_key'], unique=True, sqlite_where=sa.text('unique_key IS NOT NULL'), postgresql_where=sa.text('unique_key IS NOT NULL'))

    with op.batch_alter_table('accounts', schema=None) as batch_op:
        batch_op.add_column(sa.Column('custom', dialect.Json, nullable=True))

    with op.batch_alter_table('activities', schema=None) as batch_op:
        batch_op.add_column(sa.Column('custom', dialect.Json, nullable=True))

    with op.batch_alter_table('contacts', schema=None) as batch_op:
        batch_op.add_column(sa.Column('custom', dialect.Json, nullable=True))

    with op.batch_alter_table('leads', schema=None) as batch_op:
        batch_op.add_column(sa.Column('custom', dialect.Json, nullable=True))

    with op.batch_alter_table('opportunities', schema=None) as batch_op:
        batch_op.add_column(sa.Column('custom', dialect.Json, nullable=True))

    with op.batch_alter_table('products', schema=None) as batch_op:
        batch_op.add_column(sa.Column('custom', dialect.Json, nullable=True))

    dialect.create_objects(op.get_bind())
