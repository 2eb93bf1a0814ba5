"""Orders and what they say of accounts, segments, more addresses, people who left"""

import sqlalchemy as sa
from alembic import op

from crm_api.core import columns, dialect

revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('segments',
    sa.Column('id', columns.GUID(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('name_key', dialect.SortText, nullable=True),
    sa.Column('code', sa.Text(), nullable=False),
    sa.Column('code_key', dialect.SortText, nullable=True),
    sa.Column('description', sa.Text(), nullable=True),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('criteria', dialect.Json, nullable=False),
    sa.Column('benefits', dialect.Json, nullable=False),
    sa.Column('is_active', sa.Boolean(), nullable=False),
    sa.Column('priority', sa.BigInteger(), nullable=False),
    sa.Column('external_system', sa.Text(), nullable=True),
    sa.Column('external_id', sa.Text(), nullable=True),
    sa.Column('origin', sa.Text(), nullable=False),
    sa.Column('created_at', columns.UTCDateTime(), nullable=False),
    sa.Column('updated_at', columns.UTCDateTime(), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.Column('archived_at', columns.UTCDateTime(), nullable=True),
    sa.CheckConstraint("kind IN ('static', 'dynamic')", name=op.f('ck_segments_kind_word')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_segments'))
    )
    with op.batch_alter_table('segments', schema=None) as batch_op:
        batch_op.create_index('ix_segments_active', ['is_active'], unique=False)
        batch_op.create_index('ix_segments_live_created', ['created_at', 'id'], unique=False, sqlite_where=sa.text('archived_at IS NULL'), postgresql_where=sa.text('archived_at IS NULL'), postgresql_ops={})
        batch_op.create_index('ix_segments_live_name', ['name_key', 'id'], unique=False, sqlite_where=sa.text('archived_at IS NULL'), postgresql_where=sa.text('archived_at IS NULL'), postgresql_ops={})
        batch_op.create_index('ix_segments_live_priority', ['priority', 'id'], unique=False, sqlite_where=sa.text('archived_at IS NULL'), postgresql_where=sa.text('archived_at IS NULL'), postgresql_ops={})
        batch_op.create_index('uq_segments_code', ['code_key'], unique=True, sqlite_where=sa.text('archived_at IS NULL'), postgresql_where=sa.text('archived_at IS NULL'))
        batch_op.create_index('uq_segments_external', ['external_system', 'external_id'], unique=True, sqlite_where=sa.text('external_id IS NOT NULL'), postgresql_where=sa.text('external_id IS NOT NULL'))

    op.create_table('segment_stats',
    sa.Column('id', columns.GUID(), nullable=False),
    sa.Column('segment_id', columns.GUID(), nullable=False),
    sa.Column('customer_count', sa.BigInteger(), nullable=False),
    sa.Column('evaluated_at', columns.UTCDateTime(), nullable=True),
    sa.ForeignKeyConstraint(['segment_id'], ['segments.id'], name=op.f('fk_segment_stats_segment_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_segment_stats')),
    sa.UniqueConstraint('segment_id', name=op.f('uq_segment_stats_segment_id'))
    )
    op.create_table('segment_members',
    sa.Column('id', columns.GUID(), nullable=False),
    sa.Column('segment_id', columns.GUID(), nullable=False),
    sa.Column('account_id', columns.GUID(), nullable=False),
    sa.Column('assigned_at', columns.UTCDateTime(), nullable=False),
    sa.Column('assigned_by_id', columns.GUID(), nullable=True),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_segment_members_account_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['assigned_by_id'], ['users.id'], name=op.f('fk_segment_members_assigned_by_id')),
    sa.ForeignKeyConstraint(['segment_id'], ['segments.id'], name=op.f('fk_segment_members_segment_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_segment_members')),
    sa.UniqueConstraint('segment_id', 'account_id', name=op.f('uq_segment_members_segment_id_account_id'))
    )
    with op.batch_alter_table('segment_members', schema=None) as batch_op:
        batch_op.create_index('ix_segment_members_account', ['account_id', 'segment_id'], unique=False)
        batch_op.create_index('ix_segment_members_assigned', ['segment_id', 'assigned_at', 'id'], unique=False)

    op.create_table('orders',
    sa.Column('id', columns.GUID(), nullable=False),
    sa.Column('number', sa.Text(), nullable=False),
    sa.Column('account_id', columns.GUID(), nullable=False),
    sa.Column('contact_id', columns.GUID(), nullable=True),
    sa.Column('opportunity_id', columns.GUID(), nullable=True),
    sa.Column('status', sa.Text(), nullable=False),
    sa.Column('order_date', sa.Date(), nullable=False),
    sa.Column('currency', sa.Text(), nullable=False),
    sa.Column('total', sa.BigInteger(), nullable=True),
    sa.Column('total_base', sa.BigInteger(), nullable=True),
    sa.Column('reference', sa.Text(), nullable=True),
    sa.Column('description', sa.Text(), nullable=True),
    sa.Column('external_system', sa.Text(), nullable=True),
    sa.Column('external_id', sa.Text(), nullable=True),
    sa.Column('source_updated_at', columns.UTCDateTime(), nullable=True),
    sa.Column('origin', sa.Text(), nullable=False),
    sa.Column('created_at', columns.UTCDateTime(), nullable=False),
    sa.Column('updated_at', columns.UTCDateTime(), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.Column('archived_at', columns.UTCDateTime(), nullable=True),
    sa.CheckConstraint("status IN ('draft', 'confirmed', 'shipped', 'delivered', 'invoiced', 'cancelled', 'returned')", name=op.f('ck_orders_status_word')),
    sa.CheckConstraint('total >= 0', name=op.f('ck_orders_total_sign')),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_orders_account_id')),
    sa.ForeignKeyConstraint(['contact_id'], ['contacts.id'], name=op.f('fk_orders_contact_id')),
    sa.ForeignKeyConstraint(['opportunity_id'], ['opportunities.id'], name=op.f('fk_orders_opportunity_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_orders'))
    )
    with op.batch_alter_table('orders', schema=None) as batch_op:
        batch_op.create_index('ix_orders_account', ['account_id', 'order_date', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_orders_contact_id'), ['contact_id'], unique=False)
        batch_op.create_index('ix_orders_live_created', ['created_at', 'id'], unique=False, sqlite_where=sa.text('archived_at IS NULL'), postgresql_where=sa.text('archived_at IS NULL'), postgresql_ops={})
        batch_op.create_index('ix_orders_live_date', ['order_date', 'id'], unique=False, sqlite_where=sa.text('archived_at IS NULL'), postgresql_where=sa.text('archived_at IS NULL'), postgresql_ops={})
        batch_op.create_index('ix_orders_live_number', ['number', 'id'], unique=False, sqlite_where=sa.text('archived_at IS NULL'), postgresql_where=sa.text('archived_at IS NULL'), postgresql_ops={})
        batch_op.create_index('ix_orders_live_total', ['total_base', 'id'], unique=False, sqlite_where=sa.text('archived_at IS NULL'), postgresql_where=sa.text('archived_at IS NULL'), postgresql_ops={'total_base': 'NULLS FIRST'})
        batch_op.create_index(batch_op.f('ix_orders_opportunity_id'), ['opportunity_id'], unique=False)
        batch_op.create_index('ix_orders_status', ['status', 'order_date'], unique=False)
        batch_op.create_index('uq_orders_external', ['external_system', 'external_id'], unique=True, sqlite_where=sa.text('external_id IS NOT NULL'), postgresql_where=sa.text('external_id IS NOT NULL'))

    op.create_table('order_lines',
    sa.Column('id', columns.GUID(), nullable=False),
    sa.Column('order_id', columns.GUID(), nullable=False),
    sa.Column('product_id', columns.GUID(), nullable=True),
    sa.Column('sku', sa.Text(), nullable=True),
    sa.Column('description', sa.Text(), nullable=True),
    sa.Column('position', sa.BigInteger(), nullable=False),
    sa.Column('quantity', sa.Double(), nullable=False),
    sa.Column('unit_price', sa.BigInteger(), nullable=False),
    sa.Column('discount_percent', sa.Double(), nullable=False),
    sa.CheckConstraint('discount_percent BETWEEN 0 AND 100', name=op.f('ck_order_lines_discount_range')),
    sa.CheckConstraint('quantity > 0', name=op.f('ck_order_lines_quantity_sign')),
    sa.CheckConstraint('unit_price >= 0', name=op.f('ck_order_lines_price_sign')),
    sa.ForeignKeyConstraint(['order_id'], ['orders.id'], name=op.f('fk_order_lines_order_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['product_id'], ['products.id'], name=op.f('fk_order_lines_product_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_order_lines'))
    )
    with op.batch_alter_table('order_lines', schema=None) as batch_op:
        batch_op.create_index('ix_order_lines_order', ['order_id', 'position'], unique=False)
        batch_op.create_index(batch_op.f('ix_order_lines_product_id'), ['product_id'], unique=False)

    with op.batch_alter_table('account_stats', schema=None) as batch_op:
        batch_op.add_column(sa.Column('order_count', sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column('annual_orders', sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column('annual_spend', sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column('last_order_date', sa.Date(), nullable=True))
        batch_op.add_column(sa.Column('last_order_value', sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column('order_rhythm_days', sa.Double(), nullable=True))
        batch_op.add_column(sa.Column('next_order_date', sa.Date(), nullable=True))
        batch_op.add_column(sa.Column('order_overdue_days', sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column('recency_score', sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column('frequency_score', sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column('monetary_score', sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column('figured_on', sa.Date(), nullable=True))
        batch_op.create_index('ix_account_stats_figured', ['figured_on'], unique=False)
        batch_op.create_index('ix_account_stats_last_order', ['last_order_date', 'account_id'], unique=False)
        batch_op.create_index('ix_account_stats_next_order', ['next_order_date', 'account_id'], unique=False)
        batch_op.create_index('ix_account_stats_spend', ['annual_spend', 'account_id'], unique=False)

    with op.batch_alter_table('accounts', schema=None) as batch_op:
        batch_op.add_column(sa.Column('shipping_street', sa.Text(), nullable=True))
        batch_op.add_column(sa.Column('shipping_city', sa.Text(), nullable=True))
        batch_op.add_column(sa.Column('shipping_state', sa.Text(), nullable=True))
        batch_op.add_column(sa.Column('shipping_zip', sa.Text(), nullable=True))
        batch_op.add_column(sa.Column('shipping_country', sa.Text(), nullable=True))
        batch_op.add_column(sa.Column('visit_street', sa.Text(), nullable=True))
        batch_op.add_column(sa.Column('visit_city', sa.Text(), nullable=True))
        batch_op.add_column(sa.Column('visit_state', sa.Text(), nullable=True))
        batch_op.add_column(sa.Column('visit_zip', sa.Text(), nullable=True))
        batch_op.add_column(sa.Column('visit_country', sa.Text(), nullable=True))

    with op.batch_alter_table('contacts', schema=None) as batch_op:
        batch_op.add_column(sa.Column('is_active', sa.Boolean(), nullable=False, server_default=sa.true()))

    dialect.create_objects(op.get_bind())
