"""An index of words for each kind"""

from alembic import op

from crm_api.core import dialect

revision = '0017'
down_revision = '0016'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute('DROP INDEX IF EXISTS ix_search_documents_words')
    dialect.create_objects(op.get_bind())

