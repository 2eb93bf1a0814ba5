"""The organisation's profile, holidays and exchange rates, targets, and amounts in its currency"""

import sqlalchemy as sa
from alembic import op

from crm_api.core import columns, dialect

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('exchange_rates',
    sa.Column('id', columns.GUID(), nullable=False),
    sa.Column('currency', sa.Text(), nullable=False),
    sa.Column('valid_from', sa.Date(), nullable=False),
    sa.Column('rate', columns.ExactDecimal(), nullable=False),
    sa.Column('source', sa.Text(), nullable=True),
    sa.Column('origin', sa.Text(), nullable=False),
    sa.Column('created_at', columns.UTCDateTime(), nullable=False),
    sa.Column('updated_at', columns.UTCDateTime(), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_exchange_rates')),
    sa.UniqueConstraint('currency', 'valid_from', name=op.f('uq_exchange_rates_currency_valid_from'))
    )
    with op.batch_alter_table('exchange_rates', schema=None) as batch_op:
        batch_op.create_index('ix_exchange_rates_day', ['valid_from', 'id'], unique=False)

    op.create_table('holiday_calendars',
    sa.Column('id', columns.GUID(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('name_key', dialect.SortText, nullable=True),
    sa.Column('country', sa.Text(), nullable=True),
    sa.Column('origin', sa.Text(), nullable=False),
    sa.Column('created_at', columns.UTCDateTime(), nullable=False),
    sa.Column('updated_at', columns.UTCDateTime(), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_holiday_calendars'))
    )
    with op.batch_alter_table('holiday_calendars', schema=None) as batch_op:
        batch_op.create_index('uq_holiday_calendars_name_key', ['name_key'], unique=True)

    op.create_table('revaluations',
    sa.Column('id', columns.GUID(), nullable=False),
    sa.Column('currency', sa.Text(), nullable=False),
    sa.Column('due_on', sa.Date(), nullable=False),
    sa.Column('requested_at', columns.UTCDateTime(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_revaluations')),
    sa.UniqueConstraint('currency', 'due_on', name=op.f('uq_revaluations_currency_due_on'))
    )
    op.create_table('holiday_calendar_territories',
    sa.Column('calendar_id', columns.GUID(), nullable=False),
    sa.Column('territory_id', columns.GUID(), nullable=False),
    sa.ForeignKeyConstraint(['calendar_id'], ['holiday_calendars.id'], name=op.f('fk_holiday_calendar_territories_calendar_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['territory_id'], ['territories.id'], name=op.f('fk_holiday_calendar_territories_territory_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('calendar_id', 'territory_id', name=op.f('pk_holiday_calendar_territories'))
    )
    op.create_table('holidays',
    sa.Column('id', columns.GUID(), nullable=False),
    sa.Column('calendar_id', columns.GUID(), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['calendar_id'], ['holiday_calendars.id'], name=op.f('fk_holidays_calendar_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_holidays')),
    sa.UniqueConstraint('calendar_id', 'day', name=op.f('uq_holidays_calendar_id_day'))
    )
    with op.batch_alter_table('holidays', schema=None) as batch_op:
        batch_op.create_index('ix_holidays_day', ['day'], unique=False)

    op.create_table('targets',
    sa.Column('id', columns.GUID(), nullable=False),
    sa.Column('user_id', columns.GUID(), nullable=True),
    sa.Column('team_id', columns.GUID(), nullable=True),
    sa.Column('measure', sa.Text(), nullable=False),
    sa.Column('period', sa.Text(), nullable=False),
    sa.Column('starts_on', sa.Date(), nullable=False),
    sa.Column('amount', sa.BigInteger(), nullable=False),
    sa.Column('currency', sa.Text(), nullable=True),
    sa.Column('origin', sa.Text(), nullable=False),
    sa.Column('created_at', columns.UTCDateTime(), nullable=False),
    sa.Column('updated_at', columns.UTCDateTime(), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.CheckConstraint("measure IN ('won_value', 'won_count', 'new_leads', 'activities', 'visits')", name=op.f('ck_targets_measure_word')),
    sa.CheckConstraint("period IN ('month', 'quarter', 'year')", name=op.f('ck_targets_period_word')),
    sa.CheckConstraint('amount >= 0', name=op.f('ck_targets_amount_sign')),
    sa.CheckConstraint('user_id IS NOT NULL OR team_id IS NOT NULL', name=op.f('ck_targets_somebodys')),
    sa.ForeignKeyConstraint(['team_id'], ['teams.id'], name=op.f('fk_targets_team_id')),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_targets_user_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_targets'))
    )
    with op.batch_alter_table('targets', schema=None) as batch_op:
        batch_op.create_index('ix_targets_starts', ['starts_on', 'id'], unique=False)
        batch_op.create_index('ix_targets_team', ['team_id'], unique=False)
        batch_op.create_index('uq_targets_team', ['team_id', 'measure', 'period', 'starts_on'], unique=True, sqlite_where=sa.text('user_id IS NULL'), postgresql_where=sa.text('user_id IS NULL'))
        batch_op.create_index('uq_targets_user', ['user_id', 'measure', 'period', 'starts_on'], unique=True, sqlite_where=sa.text('user_id IS NOT NULL'), postgresql_where=sa.text('user_id IS NOT NULL'))

    with op.batch_alter_table('accounts', schema=None) as batch_op:
        batch_op.add_column(sa.Column('annual_revenue_base', sa.BigInteger(), nullable=True))

    with op.batch_alter_table('organisation', schema=None) as batch_op:
        batch_op.add_column(sa.Column('street', sa.Text(), nullable=True))
        batch_op.add_column(sa.Column('city', sa.Text(), nullable=True))
        batch_op.add_column(sa.Column('state', sa.Text(), nullable=True))
        batch_op.add_column(sa.Column('zip', sa.Text(), nullable=True))
        batch_op.add_column(sa.Column('country', sa.Text(), nullable=True))
        batch_op.add_column(sa.Column('working_hours', dialect.Json, nullable=True))
        batch_op.add_column(sa.Column('locale', sa.Text(), nullable=False, server_default='en-GB'))

    with op.batch_alter_table('products', schema=None) as batch_op:
        batch_op.add_column(sa.Column('list_price_base', sa.BigInteger(), nullable=True))

    with op.batch_alter_table('users', schema=None) as batch_op:
        batch_op.add_column(sa.Column('locale', sa.Text(), nullable=True))

    # Alembic adds a check to a table on SQLite by writing the table anew, and loses the checks it had. Both
    # engines take the check along with its column, in the same words.
    for table, given in (("organisation", {"week_starts_on": "1", "distance_unit": "'km'"}), ("users", {})):
        checks = {
            "week_starts_on": ("BIGINT", "week_start", "week_starts_on BETWEEN 1 AND 7"),
            "distance_unit": ("TEXT", "distance_unit_word", "distance_unit IN ('km', 'mi')"),
        }
        for column, (type_, name, rule) in checks.items():
            default = f" NOT NULL DEFAULT {given[column]}" if column in given else ""
            op.execute(
                f"ALTER TABLE {table} ADD COLUMN {column} {type_}{default} "
                f"CONSTRAINT ck_{table}_{name} CHECK ({rule})"
            )

    # Amounts that are kept in the organisation's currency are their own value in it.
    currency = "COALESCE((SELECT currency FROM organisation), 'USD')"
    op.execute(f"UPDATE accounts SET annual_revenue_base = annual_revenue WHERE currency = {currency}")
    op.execute(f"UPDATE products SET list_price_base = list_price WHERE currency = {currency}")
    dialect.create_objects(op.get_bind())
