"""Definitions of custom fields, and the table their values are found by.

A record keeps its values as JSON, as the API shows them (`custom`, see `core.columns.Customised`). The same values
stand in `field_values`, each in the column of its type, because a list is filtered and sorted along an index there.
Both are written in one flush, by `custom_fields.values`. No table changes its shape for a definition.
"""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crm_api.core import dialect
from crm_api.core.columns import GUID, Archivable, Timestamps, UTCDateTime, Versioned, one_of
from crm_api.core.database import Base
from crm_api.custom_fields.types import TYPES

KINDS = ("account", "contact", "lead", "opportunity", "activity", "product")
TARGETS = (*KINDS, "user")


class CustomField(Timestamps, Versioned, Archivable, Base):
    """One definition. `kind`, `key`, `type`, `target`, `currency` and `is_unique` stay as they were made.

    `choices` is a list of `{"value", "label", "retired"}`. `minimum` and `maximum` bound a number, or the length of a
    text. From `erasing_at` on the definition is gone for everybody, while its values are removed in the background.
    """

    __tablename__ = "custom_fields"
    __kind__ = "custom_field"
    __audited__ = True
    __follows__ = ("reindexing",)
    __table_args__ = (
        one_of("kind", KINDS),
        one_of("type", tuple(TYPES)),
        sa.UniqueConstraint(
            "kind",
            "key",
            info={"refusal": "There is a custom field with this key already, perhaps an archived one."},
        ),
    )

    kind: Mapped[str]
    key: Mapped[str]
    label: Mapped[str]
    help: Mapped[str | None]
    type: Mapped[str]
    target: Mapped[str | None]
    currency: Mapped[str | None]
    unit: Mapped[str | None]
    choices: Mapped[list[Any]] = mapped_column(default=list)
    synonyms: Mapped[list[str]] = mapped_column(default=list)
    required: Mapped[bool] = mapped_column(default=False)
    is_unique: Mapped[bool] = mapped_column(default=False)
    searchable: Mapped[bool] = mapped_column(default=False)
    default: Mapped[Any] = mapped_column("default_value", dialect.Json, nullable=True)
    minimum: Mapped[float | None]
    maximum: Mapped[float | None]
    group: Mapped[str | None] = mapped_column("group_name")
    position: Mapped[int] = mapped_column(default=0)
    erasing_at: Mapped[datetime | None]
    reindexing: Mapped[bool] = mapped_column(default=False)


_COLUMNS: dict[str, Any] = {
    "text_key": dialect.SortText,
    "whole": sa.BigInteger(),
    "real": sa.Float(),
    "day": sa.Date(),
    "instant": UTCDateTime(),
    "flag": sa.Boolean(),
    "reference": GUID(),
}


def _held(column: str) -> dict[str, Any]:
    """The rows an index over one typed column is about: those of its types."""
    there = sa.text(f"{column} IS NOT NULL")
    return {"sqlite_where": there, "postgresql_where": there}


# `n` numbers the values of one field of one record: a multi-choice has several.
field_values = sa.Table(
    "field_values",
    Base.metadata,
    sa.Column("definition_id", GUID, sa.ForeignKey("custom_fields.id"), nullable=False),
    sa.Column("record_id", GUID, nullable=False),
    sa.Column("n", sa.SmallInteger, nullable=False),
    sa.Column("text", sa.Text),
    *(sa.Column(name, type_) for name, type_ in _COLUMNS.items()),
    sa.Column("unique_key", sa.Text),
    sa.PrimaryKeyConstraint("definition_id", "record_id", "n"),
    *(
        sa.Index(f"ix_field_values_{name}", "definition_id", name, "record_id", **_held(name))
        for name in _COLUMNS
    ),
    sa.Index(
        "uq_field_values_unique",
        "definition_id",
        "unique_key",
        unique=True,
        info={"refusal": "Another record has the same value in a custom field that must be unique."},
        **_held("unique_key"),
    ),
)
