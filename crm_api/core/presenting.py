"""From rows to JSON answers: the columns a schema shows, and money in major units."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import sqlalchemy as sa
from pydantic import BaseModel

from crm_api.core.money import to_major


def shown_by(schema: type[BaseModel], model: type[Any], **others: Any) -> list[Any]:
    """The columns for a schema's fields, in its order: the model's own, or given in `others`.

    Fields that neither has are made by `decorate` or `present`.
    """
    columns = []
    for name in schema.model_fields:
        if name in others:
            columns.append(others[name].label(name))
        elif name in sa.inspect(model).column_attrs:
            columns.append(getattr(model, name))
    return columns


def in_major(row: dict[str, Any], *fields: str) -> dict[str, Any]:
    """Turn minor units into JSON numbers of the row's currency, in place."""
    for field in fields:
        row[field] = to_major(row.get(field), row["currency"])
    return row


def in_order(schema: type[BaseModel], row: Mapping[str, Any]) -> dict[str, Any]:
    """The row with just the schema's fields, in its order."""
    return {name: row[name] for name in _names(schema) if name in row}


@cache
def _names(schema: type[BaseModel]) -> tuple[str, ...]:
    return tuple(schema.model_fields)
