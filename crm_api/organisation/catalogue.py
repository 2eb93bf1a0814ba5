"""What may be asked about territories."""

import sqlalchemy as sa

from crm_api.core.fields import Catalogue, Field, FieldType
from crm_api.core.presenting import shown_by
from crm_api.organisation.models import Territory
from crm_api.organisation.schemas import TerritoryOut

_TERRITORIES = sa.select(*shown_by(TerritoryOut, Territory))

TERRITORIES = Catalogue(
    kind="territory",
    plural="territories",
    model=Territory,
    out=TerritoryOut,
    label="name",
    named=True,
    synonyms=("region",),
    default_sort="name",
    fields=(
        Field(
            "name",
            FieldType.TEXT,
            Territory.name,
            sortable=True,
            groupable=True,
            nullable=False,
            sort_column=Territory.name_key,
        ),
        Field("parent_id", FieldType.REFERENCE, Territory.parent_id),
        Field("created_at", FieldType.DATETIME, Territory.created_at, nullable=False),
    ),
    live=lambda: Territory.archived_at.is_(None),
    shown=lambda: _TERRITORIES,
)
