"""Proposed visits and the answers to them are told as notifications"""

from alembic import op

from crm_api.core import dialect

revision = '0023'
down_revision = '0019'
branch_labels = None
depends_on = None

_TYPES = "type IN ('assignment', 'stage_change', 'reminder', 'follow_up', 'mention', 'approval', 'visit_plan')"


def upgrade() -> None:
    for table in ("notifications", "notification_preferences"):
        with op.batch_alter_table(table, schema=None) as batch_op:
            name = batch_op.f(f"ck_{table}_type_word")
            batch_op.drop_constraint(name, type_="check")
            batch_op.create_check_constraint(name, _TYPES)
    dialect.create_objects(op.get_bind())
