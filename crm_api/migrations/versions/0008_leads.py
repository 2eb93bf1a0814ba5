"""what is known of leads, and the keys duplicates are found by"""

import sqlalchemy as sa
from alembic import op

from crm_api.core import columns, dialect
from crm_api.matching.names import company_key, domain_of, person_key

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('accounts', schema=None) as batch_op:
        batch_op.add_column(sa.Column('company_key', dialect.SortText, nullable=True))
        batch_op.add_column(sa.Column('domain_key', dialect.SortText, nullable=True))
        batch_op.create_index(batch_op.f('ix_accounts_company_key'), ['company_key'], unique=False)
        batch_op.create_index(batch_op.f('ix_accounts_domain_key'), ['domain_key'], unique=False)

    with op.batch_alter_table('import_runs', schema=None) as batch_op:
        batch_op.add_column(sa.Column('possible_duplicates', sa.BigInteger(), server_default='0', nullable=False))

    with op.batch_alter_table('lead_stats', schema=None) as batch_op:
        batch_op.add_column(sa.Column('missed_calls', sa.BigInteger(), server_default='0', nullable=False))

    with op.batch_alter_table('leads', schema=None) as batch_op:
        batch_op.add_column(sa.Column('company_key', dialect.SortText, nullable=True))
        batch_op.add_column(sa.Column('domain_key', dialect.SortText, nullable=True))
        batch_op.add_column(sa.Column('person_key', dialect.SortText, nullable=True))
        batch_op.add_column(sa.Column('score_is_manual', sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(sa.Column('score_reasons', dialect.Json, nullable=True))
        batch_op.add_column(sa.Column('qualified_at', columns.UTCDateTime(), nullable=True))
        batch_op.add_column(sa.Column('budget', sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column('budget_base', sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column('authority', sa.Text(), nullable=True))
        batch_op.add_column(sa.Column('need', sa.Text(), nullable=True))
        batch_op.add_column(sa.Column('timeline', sa.Text(), nullable=True))
        batch_op.add_column(sa.Column('estimated_close_date', sa.Date(), nullable=True))
        batch_op.add_column(sa.Column('converted_account_id', columns.GUID(), nullable=True))
        batch_op.add_column(sa.Column('converted_contact_id', columns.GUID(), nullable=True))
        batch_op.add_column(sa.Column('converted_opportunity_id', columns.GUID(), nullable=True))
        batch_op.add_column(sa.Column('archived_from', dialect.Json, nullable=True))
        batch_op.create_check_constraint(batch_op.f('ck_leads_budget_sign'), 'budget >= 0')
        batch_op.drop_index(batch_op.f('ix_leads_stage_id'))
        batch_op.create_index(batch_op.f('ix_leads_company_key'), ['company_key'], unique=False)
        batch_op.create_index(batch_op.f('ix_leads_converted_account_id'), ['converted_account_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_leads_converted_contact_id'), ['converted_contact_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_leads_converted_opportunity_id'), ['converted_opportunity_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_leads_domain_key'), ['domain_key'], unique=False)
        batch_op.create_index(batch_op.f('ix_leads_person_key'), ['person_key'], unique=False)
        batch_op.create_index('ix_leads_stage', ['stage_id', 'created_at', 'id'], unique=False)
        batch_op.create_foreign_key(batch_op.f('fk_leads_converted_contact_id'), 'contacts', ['converted_contact_id'], ['id'])
        batch_op.create_foreign_key(batch_op.f('fk_leads_converted_account_id'), 'accounts', ['converted_account_id'], ['id'])
        batch_op.create_foreign_key('fk_leads_converted_opportunity_id', 'opportunities', ['converted_opportunity_id'], ['id'], use_alter=True)

    _fill('accounts', 'name', 'website', 'email')
    _fill('leads', 'company_name', 'website', 'email')
    # Until now every score was the default of 50 or one that somebody gave.
    op.execute(sa.text('UPDATE leads SET score_is_manual = true WHERE score <> 50'))
    dialect.create_objects(op.get_bind())


def _fill(table: str, company: str, website: str, email: str) -> None:
    """Work the keys out for the rows there are, a thousand at a time."""
    is_lead = table == 'leads'
    people = [sa.column('first_name', sa.Text), sa.column('last_name', sa.Text)] if is_lead else []
    keys = ['company_key', 'domain_key'] + (['person_key'] if is_lead else [])
    rows = sa.table(
        table, sa.column('id', columns.GUID()), sa.column(company, sa.Text), sa.column(website, sa.Text),
        sa.column(email, sa.Text), *people, *(sa.column(key, sa.Text) for key in keys),
    )
    update = sa.update(rows).where(rows.c.id == sa.bindparam('row_id', type_=columns.GUID()))
    update = update.values({key: sa.bindparam(f'new_{key}', type_=sa.Text) for key in keys})
    last = None
    while True:
        some = sa.select(rows).order_by(rows.c.id).limit(1000)
        found = op.get_bind().execute(some if last is None else some.where(rows.c.id > last)).mappings().all()
        if not found:
            return
        op.get_bind().execute(update, [
            {'row_id': row['id'], 'new_company_key': company_key(row[company]),
             'new_domain_key': domain_of(row[website], row[email])}
            | ({'new_person_key': person_key(row['first_name'], row['last_name'])} if is_lead else {})
            for row in found
        ])
        last = found[-1]['id']
