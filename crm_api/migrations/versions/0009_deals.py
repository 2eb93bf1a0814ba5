"""Deals: what is known about them, forecast, approval, quotes, and sums kept beside them"""

from collections import Counter
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from alembic import op

from crm_api.core import columns, dialect
from crm_api.core.ids import new_id

revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('pipeline_rollups',
    sa.Column('id', columns.GUID(), nullable=False),
    sa.Column('pipeline_id', columns.GUID(), nullable=False),
    sa.Column('stage_id', columns.GUID(), nullable=False),
    sa.Column('stage_kind', sa.Text(), nullable=False),
    sa.Column('owner_id', columns.GUID(), nullable=True),
    sa.Column('team_id', columns.GUID(), nullable=True),
    sa.Column('month', sa.Text(), nullable=True),
    sa.Column('forecast_category', sa.Text(), nullable=False),
    sa.Column('deals', sa.BigInteger(), nullable=False),
    sa.Column('valued', sa.BigInteger(), nullable=False),
    sa.Column('value', sa.Float().with_variant(sa.NUMERIC(precision=38, scale=0), 'postgresql'), nullable=False),
    sa.Column('weighted', sa.Float().with_variant(sa.NUMERIC(precision=38, scale=0), 'postgresql'), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_pipeline_rollups'))
    )
    with op.batch_alter_table('pipeline_rollups', schema=None) as batch_op:
        batch_op.create_index('ix_pipeline_rollups_month', ['month'], unique=False)
        batch_op.create_index('ix_pipeline_rollups_stage', ['stage_id'], unique=False)

    op.create_table('opportunity_quotes',
    sa.Column('id', columns.GUID(), nullable=False),
    sa.Column('opportunity_id', columns.GUID(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('message_id', columns.GUID(), nullable=True),
    sa.Column('attachment', dialect.Json, nullable=True),
    sa.Column('amount', sa.BigInteger(), nullable=True),
    sa.Column('currency', sa.Text(), nullable=False),
    sa.Column('valid_until', sa.Date(), nullable=True),
    sa.Column('sent_at', columns.UTCDateTime(), nullable=True),
    sa.Column('created_by_id', columns.GUID(), nullable=True),
    sa.Column('created_at', columns.UTCDateTime(), nullable=False),
    sa.Column('updated_at', columns.UTCDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['opportunity_id'], ['opportunities.id'], name=op.f('fk_opportunity_quotes_opportunity_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_opportunity_quotes'))
    )
    with op.batch_alter_table('opportunity_quotes', schema=None) as batch_op:
        batch_op.create_index('ix_opportunity_quotes_deal', ['opportunity_id', 'id'], unique=False)

    # Never by copying the table: what SQLite tells of a computed column cannot be read back.
    for column in (
        sa.Column('products_interested', dialect.Json, nullable=True),
        sa.Column('competitors', dialect.Json, nullable=True),
        sa.Column('risks', dialect.Json, nullable=True),
        sa.Column('requirements', dialect.Json, nullable=True),
        sa.Column('approved_value', sa.BigInteger(), nullable=True),
        sa.Column('approval_note', sa.Text(), nullable=True),
        sa.Column('approval_by_id', columns.GUID(), nullable=True),
        sa.Column('approval_at', columns.UTCDateTime(), nullable=True),
        sa.Column('closes_on', sa.Date(), nullable=True),
        sa.Column('stage_entered_at', columns.UTCDateTime(), nullable=False, server_default='1970-01-01 00:00:00'),
        sa.Column('push_count', sa.BigInteger(), nullable=False, server_default='0'),
    ):
        op.add_column('opportunities', column)
    for name, how, words in (
        ('forecast_category', "NOT NULL DEFAULT 'pipeline'", "'pipeline', 'best_case', 'commit', 'omitted'"),
        ('approval_status', '', "'requested', 'approved', 'rejected'"),
    ):
        op.execute(
            f"ALTER TABLE opportunities ADD COLUMN {name} TEXT {how} "
            f"CONSTRAINT ck_opportunities_{name}_word CHECK ({name} IN ({words}))"
        )
    live = sa.text('archived_at IS NULL')
    op.create_index('ix_opportunities_board', 'opportunities', ['stage_id', 'stage_entered_at', 'id'],
                    sqlite_where=live, postgresql_where=live)
    op.create_index('ix_opportunities_closes', 'opportunities', ['closes_on', 'stage_kind'])

    with op.batch_alter_table('organisation', schema=None) as batch_op:
        batch_op.add_column(sa.Column('approval_threshold', sa.BigInteger(), nullable=True))

    _fill(op.get_bind())

    dialect.create_objects(op.get_bind())


def _fill(connection: sa.Connection) -> None:
    """What today's service keeps with a deal, worked out from what there is."""
    deals = sa.table(
        'opportunities', sa.column('id', columns.GUID()), sa.column('stage_kind', sa.Text()),
        sa.column('stage_id', columns.GUID()), sa.column('pipeline_id', columns.GUID()),
        sa.column('owner_id', columns.GUID()), sa.column('team_id', columns.GUID()),
        sa.column('value_base', sa.BigInteger()), sa.column('probability', sa.BigInteger()),
        sa.column('forecast_category', sa.Text()), sa.column('closes_on', sa.Date()),
        sa.column('expected_close_date', sa.Date()), sa.column('actual_close_date', columns.UTCDateTime()),
        sa.column('stage_entered_at', columns.UTCDateTime()), sa.column('created_at', columns.UTCDateTime()),
        sa.column('archived_at', columns.UTCDateTime()), sa.column('push_count', sa.BigInteger()),
    )
    moves = sa.table('stage_moves', sa.column('kind', sa.Text()), sa.column('record_id', columns.GUID()),
                     sa.column('at', columns.UTCDateTime()))
    entered = sa.select(sa.func.max(moves.c.at)).where(
        moves.c.kind == 'opportunity', moves.c.record_id == deals.c.id
    ).scalar_subquery()
    connection.execute(sa.update(deals).values(
        stage_entered_at=sa.func.coalesce(entered, deals.c.created_at),
        closes_on=sa.case((deals.c.stage_kind.not_in(('closed_won', 'closed_lost')), deals.c.expected_close_date)),
        forecast_category=sa.case(
            (deals.c.stage_kind == 'closed_lost', 'omitted'), (deals.c.probability >= 75, 'commit'),
            (deals.c.probability >= 50, 'best_case'), else_='pipeline',
        ),
    ))
    _date(connection, deals)
    _count_pushes(connection, deals)
    _sum_up(connection, deals)


def _date(connection: sa.Connection, deals: Any) -> None:
    """The day closed deals closed, in the organisation's zone, which only Python knows on both engines."""
    name = connection.scalar(sa.text('SELECT time_zone FROM organisation')) or 'UTC'
    closed = connection.execute(
        sa.select(deals.c.id, deals.c.actual_close_date).where(
            deals.c.stage_kind.in_(('closed_won', 'closed_lost')), deals.c.actual_close_date.is_not(None)
        )
    ).all()
    _write(connection, deals, 'closes_on', [(i, at.astimezone(ZoneInfo(name)).date()) for i, at in closed])


def _count_pushes(connection: sa.Connection, deals: Any) -> None:
    """How often the trail tells that the expected closing was put off."""
    entries = sa.table(
        'audit_entries', sa.column('kind', sa.Text()), sa.column('action', sa.Text()),
        sa.column('record_id', columns.GUID()), sa.column('before', dialect.Json), sa.column('after', dialect.Json),
    )
    told = sa.select(entries.c.record_id, entries.c.before, entries.c.after).where(
        entries.c.kind == 'opportunity', entries.c.action == 'update'
    )
    pushed: Counter[Any] = Counter()
    for record_id, before, after in connection.execute(told):
        was, became = before.get('expected_close_date'), after.get('expected_close_date')
        if was and became and became > was:
            pushed[record_id] += 1
    _write(connection, deals, 'push_count', list(pushed.items()))


def _sum_up(connection: sa.Connection, deals: Any) -> None:
    sums = sa.table(
        'pipeline_rollups', sa.column('id', columns.GUID()), sa.column('pipeline_id', columns.GUID()),
        sa.column('stage_id', columns.GUID()), sa.column('stage_kind', sa.Text()),
        sa.column('owner_id', columns.GUID()), sa.column('team_id', columns.GUID()), sa.column('month', sa.Text()),
        sa.column('forecast_category', sa.Text()), sa.column('deals', sa.BigInteger()),
        sa.column('valued', sa.BigInteger()), sa.column('value', dialect.Wide), sa.column('weighted', dialect.Wide),
    )
    value = sa.cast(sa.func.coalesce(deals.c.value_base, 0), dialect.Wide)
    keys = [
        deals.c.pipeline_id, deals.c.stage_id, deals.c.stage_kind, deals.c.owner_id, deals.c.team_id,
        dialect.month_of(deals.c.closes_on).label('month'), deals.c.forecast_category,
    ]
    counted = sa.select(
        *keys, sa.func.count().label('deals'), sa.func.count(deals.c.value_base).label('valued'),
        sa.func.sum(value).label('value'), sa.func.sum(value * deals.c.probability).label('weighted'),
    ).where(deals.c.archived_at.is_(None)).group_by(*keys)
    rows = [{'id': new_id(), **row} for row in connection.execute(counted).mappings()]
    if rows:
        connection.execute(sa.insert(sums), rows)


def _write(connection: sa.Connection, deals: Any, column: str, values: list[Any]) -> None:
    if values:
        connection.execute(
            sa.update(deals).where(deals.c.id == sa.bindparam('which')).values({column: sa.bindparam('wanted')}),
            [{'which': record_id, 'wanted': value} for record_id, value in values],
        )
