"""Sums kept beside leads and activities, and how long deals took beside the others"""

import sqlalchemy as sa
from alembic import op

from crm_api.core import columns, dialect

revision = '0014'
down_revision = '0013'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('activity_rollups',
    sa.Column('id', columns.GUID(), nullable=False),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('activity_type', sa.Text(), nullable=False),
    sa.Column('owner_id', columns.GUID(), nullable=True),
    sa.Column('day', sa.Date(), nullable=True),
    sa.Column('activities', sa.BigInteger(), nullable=False),
    sa.Column('minutes', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_activity_rollups'))
    )
    with op.batch_alter_table('activity_rollups', schema=None) as batch_op:
        batch_op.create_index('ix_activity_rollups_owner', ['owner_id'], unique=False)
        batch_op.create_index('ix_activity_rollups_state', ['state', 'day'], unique=False)

    op.create_table('lead_rollups',
    sa.Column('id', columns.GUID(), nullable=False),
    sa.Column('axis', sa.Text(), nullable=False),
    sa.Column('word', sa.Text(), nullable=True),
    sa.Column('stage_id', columns.GUID(), nullable=True),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('leads', sa.BigInteger(), nullable=False),
    sa.Column('qualified', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('with_deal', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('converted', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('hot', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('score', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('timed', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('taken', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('value', sa.Float().with_variant(sa.NUMERIC(precision=38, scale=0), 'postgresql'), server_default='0', nullable=False),
    sa.Column('weighted', sa.Float().with_variant(sa.NUMERIC(precision=38, scale=0), 'postgresql'), server_default='0', nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_lead_rollups'))
    )
    with op.batch_alter_table('lead_rollups', schema=None) as batch_op:
        batch_op.create_index('ix_lead_rollups_axis', ['axis', 'day'], unique=False)
        batch_op.create_index('ix_lead_rollups_word', ['word'], unique=False)

    with op.batch_alter_table('leads', schema=None) as batch_op:
        batch_op.add_column(sa.Column('deal_count', sa.BigInteger(), server_default='0', nullable=False))

    with op.batch_alter_table('pipeline_rollups', schema=None) as batch_op:
        batch_op.add_column(sa.Column('timed', sa.BigInteger(), server_default='0', nullable=False))
        batch_op.add_column(sa.Column('taken', sa.BigInteger(), server_default='0', nullable=False))

    _fill(op.get_bind())

    dialect.create_objects(op.get_bind())


LIVE = "archived_at IS NULL"
CLOSED = "started_at IS NOT NULL AND actual_close_date IS NOT NULL"


def _fill(connection: sa.Connection) -> None:
    """What the triggers would have kept, had they been there from the beginning."""
    on_postgresql = connection.dialect.name == "postgresql"
    new_id = "gen_random_uuid()" if on_postgresql else "randomblob(16)"

    def day(instant: str) -> str:
        return f"CAST({instant} AT TIME ZONE 'UTC' AS date)" if on_postgresql else f"substr({instant}, 1, 10)"

    def taken(start: str, end: str) -> str:
        if on_postgresql:
            return f"CAST(round(extract(epoch from ({end} - {start})) * 1000) AS bigint)"
        return f"CAST(round((julianday({end}) - julianday({start})) * 86400000) AS INTEGER)"

    def wide(amount: str) -> str:
        return f"CAST({amount} AS numeric)" if on_postgresql else f"CAST({amount} AS REAL)"

    def one_if(condition: str) -> str:
        return f"sum(CASE WHEN {condition} THEN 1 ELSE 0 END)"

    def run(statement: str) -> None:
        connection.exec_driver_sql(statement)

    # The triggers of the revisions before know nothing of this column: it changes nothing they keep.
    run(
        "UPDATE leads SET deal_count = (SELECT count(*) FROM opportunities WHERE lead_id = leads.id "
        f"AND opportunities.{LIVE}) WHERE id IN (SELECT lead_id FROM opportunities WHERE lead_id IS NOT NULL)"
    )
    whole = {
        "qualified": one_if("is_qualified OR status = 'converted'"),
        "with_deal": one_if("deal_count > 0 OR converted_opportunity_id IS NOT NULL"),
        "converted": one_if("status = 'converted'"),
        "hot": one_if("score >= 80 OR coalesce(rating, '') = 'hot'"),
        "score": "sum(score)",
        "timed": "count(converted_at)",
        "taken": f"coalesce(sum({taken('created_at', 'converted_at')}), 0)",
        "value": f"sum({wide('coalesce(value_base, 0)')})",
        "weighted": f"sum({wide('coalesce(value_base, 0)')} * coalesce(probability, 0))",
    }
    for axis, more, sums in (("status", ", stage_id", whole), ("source", "", whole), ("priority", "", {})):
        run(
            f"INSERT INTO lead_rollups (id, axis, word, day{more}, {', '.join(['leads', *sums])}) "
            f"SELECT {new_id}, '{axis}', {axis}, {day('created_at')}{more}, "
            f"{', '.join(['count(*)', *sums.values()])} "
            f"FROM leads WHERE {LIVE} GROUP BY {axis}, {day('created_at')}{more}"
        )
    for state, at, holds in (
        ("done", "occurred_at", "status = 'completed'"),
        ("open", "due_at", "status IN ('scheduled', 'in_progress')"),
        ("follow_up", "follow_up_due", "follow_up_due IS NOT NULL"),
    ):
        keys = f"activity_type, owner_id, {day(at)}"
        run(
            "INSERT INTO activity_rollups (id, state, activity_type, owner_id, day, activities, minutes) "
            f"SELECT {new_id}, '{state}', {keys}, count(*), coalesce(sum(duration_minutes), 0) "
            f"FROM activities WHERE {LIVE} AND {holds} GROUP BY {keys}"
        )
    month = "to_char(closes_on, 'YYYY-MM')" if on_postgresql else "substr(closes_on, 1, 7)"
    keys = f"pipeline_id, stage_id, stage_kind, owner_id, team_id, {month}, forecast_category"
    run(
        "INSERT INTO pipeline_rollups (id, pipeline_id, stage_id, stage_kind, owner_id, team_id, month, "
        "forecast_category, deals, valued, value, weighted, timed, taken) "
        f"SELECT {new_id}, {keys}, 0, 0, 0, 0, count(*), sum({taken('started_at', 'actual_close_date')}) "
        f"FROM opportunities WHERE {LIVE} AND {CLOSED} GROUP BY {keys}"
    )
