"""Sequences write to people at accounts as well as to leads"""

import sqlalchemy as sa
from alembic import op

from crm_api.core import columns, dialect

revision = '0024'
down_revision = '0023'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('enrolments', schema=None) as batch_op:
        batch_op.add_column(sa.Column('contact_id', columns.GUID(), nullable=True))
        batch_op.alter_column('lead_id', existing_type=columns.GUID(), nullable=True)
        batch_op.alter_column('lead_status', existing_type=sa.Text(), nullable=True)
        batch_op.create_foreign_key(batch_op.f('fk_enrolments_contact_id'), 'contacts', ['contact_id'], ['id'])
        batch_op.create_check_constraint(
            batch_op.f('ck_enrolments_one_of_them'), '(lead_id IS NULL) <> (contact_id IS NULL)'
        )
        live = sa.text("status IN ('active', 'paused')")
        batch_op.create_index(
            'uq_enrolments_live_contact', ['sequence_id', 'contact_id'], unique=True, sqlite_where=live,
            postgresql_where=live,
        )
        given = sa.text('contact_id IS NOT NULL')
        batch_op.create_index(
            'ix_enrolments_contact', ['contact_id'], unique=False, sqlite_where=given, postgresql_where=given
        )
    dialect.create_objects(op.get_bind())
