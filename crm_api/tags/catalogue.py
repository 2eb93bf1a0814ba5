"""What may be asked about tags."""

import sqlalchemy as sa

from crm_api import access
from crm_api.core.fields import Catalogue, Field, FieldType
from crm_api.core.presenting import shown_by
from crm_api.tags.models import Tag
from crm_api.tags.schemas import TagOut

access.declare("tag", Tag, shared=True)

_SHOWN = sa.select(*shown_by(TagOut, Tag))

CATALOGUE = Catalogue(
    kind="tag",
    plural="tags",
    model=Tag,
    out=TagOut,
    label="name",
    default_sort="name",
    fields=(
        Field("name", FieldType.TEXT, Tag.name, sortable=True, nullable=False, sort_column=Tag.name_key),
        Field("color", FieldType.TEXT, Tag.color, nullable=False),
        Field("created_at", FieldType.DATETIME, Tag.created_at, nullable=False),
    ),
    shown=lambda: _SHOWN,
)
