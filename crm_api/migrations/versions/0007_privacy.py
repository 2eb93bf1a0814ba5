"""indexes that erasing finds its rows by"""

from alembic import op

from crm_api.core import dialect

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name, table, column in (
        ('ix_events_subject', 'events', 'subject_id'),
        ('ix_outbox_contact', 'outbox_messages', 'contact_id'),
        ('ix_outbox_account', 'outbox_messages', 'account_id'),
        ('ix_received_mails_activity', 'received_mails', 'activity_id'),
        ('ix_received_mails_sender', 'received_mails', 'sender_key'),
    ):
        op.create_index(name, table, [column], unique=False)

    dialect.create_objects(op.get_bind())
