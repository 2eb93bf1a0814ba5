"""An index of words for each kind

Revision ID: 0012
"""

from alembic import op

from crm_api.core import dialect

revision = '0012'
down_revision = '0040'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute('DROP INDEX IF EXISTS ix_search_documents_words')
    dialect.create_objects(op.get_bind())


def downgrade() -> None:
    raise NotImplementedError('Rounds migrates forward; restore the copy made before the upgrade.')
