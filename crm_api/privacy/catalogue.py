"""What may be asked about erasures; administrators alone see them."""

import sqlalchemy as sa

from crm_api import access
from crm_api.audit.models import Erasure
from crm_api.core.fields import Catalogue, Field, FieldType
from crm_api.core.presenting import shown_by
from crm_api.privacy.schemas import ErasureOut

access.declare(
    "erasure", Erasure, config=True, sees=lambda actor: sa.true() if actor.is_administrator else sa.false()
)

_SHOWN = sa.select(*shown_by(ErasureOut, Erasure))

CATALOGUE = Catalogue(
    kind="erasure",
    plural="erasures",
    asked=False,
    model=Erasure,
    out=ErasureOut,
    label="reason",
    default_sort="-at",
    time_field="at",
    fields=(
        Field("at", FieldType.DATETIME, Erasure.at, sortable=True, nullable=False),
        Field("actor_id", FieldType.REFERENCE, Erasure.actor_id, aliases=("actor",)),
        Field("subject_kind", FieldType.TEXT, Erasure.subject_kind, nullable=False),
        Field("subject_id", FieldType.REFERENCE, Erasure.subject_id),
        Field("reason", FieldType.TEXT, Erasure.reason, nullable=False),
    ),
    filters={"since": ("at", "gte"), "until": ("at", "lt")},
    shown=lambda: _SHOWN,
)
