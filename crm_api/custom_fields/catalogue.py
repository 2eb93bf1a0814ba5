"""What may be asked about the definitions of custom fields."""

import sqlalchemy as sa

from crm_api import access
from crm_api.core.fields import Catalogue, Field, FieldType
from crm_api.core.presenting import shown_by
from crm_api.custom_fields.models import KINDS, CustomField
from crm_api.custom_fields.schemas import CustomFieldOut
from crm_api.custom_fields.types import TYPES

access.declare("custom_field", CustomField, shared=True, config=True)

# Named one by one where the column is called otherwise than the field.
_SHOWN = sa.select(
    *shown_by(
        CustomFieldOut,
        CustomField,
        unique=CustomField.is_unique,
        default=CustomField.default,
        group=CustomField.group,
    )
)

CATALOGUE = Catalogue(
    kind="custom_field",
    plural="custom fields",
    model=CustomField,
    out=CustomFieldOut,
    asked=False,
    label="label",
    default_sort="kind,position,key",
    fields=(
        Field("kind", FieldType.CHOICE, CustomField.kind, choices=KINDS, nullable=False),
        Field("key", FieldType.TEXT, CustomField.key, sortable=True, nullable=False),
        Field("label", FieldType.TEXT, CustomField.label, nullable=False),
        Field("type", FieldType.CHOICE, CustomField.type, choices=tuple(TYPES), nullable=False),
        Field("required", FieldType.BOOLEAN, CustomField.required, nullable=False),
        Field("searchable", FieldType.BOOLEAN, CustomField.searchable, nullable=False),
        Field("group", FieldType.TEXT, CustomField.group),
        Field("position", FieldType.INTEGER, CustomField.position, sortable=True, nullable=False),
        Field("created_at", FieldType.DATETIME, CustomField.created_at, nullable=False),
    ),
    live=lambda: CustomField.archived_at.is_(None),
    shown=lambda: _SHOWN,
)
