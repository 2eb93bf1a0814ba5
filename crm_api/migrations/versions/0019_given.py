"""Indexes of columns that are empty in most rows leave those out; converted leads have one"""

import sqlalchemy as sa
from alembic import op

from crm_api.core import dialect

revision = '0019'
down_revision = '0018'
branch_labels = None
depends_on = None

_GIVEN = (
    ("ix_activities_contact", "activities", ["contact_id"]),
    ("ix_activities_lead", "activities", ["lead_id"]),
    ("ix_activities_opportunity", "activities", ["opportunity_id"]),
    ("ix_change_sets_reverts", "change_sets", ["reverts_id"]),
    ("ix_opportunities_contact_id", "opportunities", ["contact_id"]),
    ("ix_opportunities_lead_id", "opportunities", ["lead_id"]),
    ("ix_leads_next_follow_up_date", "leads", ["next_follow_up_date"]),
    ("ix_lead_stats_next_follow_up_at", "lead_stats", ["next_follow_up_at"]),
)


def upgrade() -> None:
    for name, table, columns in _GIVEN:
        op.drop_index(name, table_name=table)
        _create(name, table, columns)
    _create("ix_leads_converted", "leads", ["converted_at", "id"])
    dialect.create_objects(op.get_bind())


def _create(name: str, table: str, columns: list[str]) -> None:
    given = sa.text(f"{columns[0]} IS NOT NULL")
    op.create_index(name, table, columns, sqlite_where=given, postgresql_where=given)

