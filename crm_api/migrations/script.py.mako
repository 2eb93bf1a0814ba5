"""${message}"""

import sqlalchemy as sa
from alembic import op

from crm_api.core import columns, dialect
${imports if imports else ""}
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}
    dialect.create_objects(op.get_bind())
