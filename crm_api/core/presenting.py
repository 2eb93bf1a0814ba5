"""From rows to JSON answers: the columns a schema shows, and money in major units."""

from collections.abc import Callable, Mapping
from functools import cache
from operator import itemgetter
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
    names, take = _shown(schema)
    try:
        return dict(zip(names, take(row), strict=True))
    except KeyError:  # of a row that lacks some of them
        return {name: row[name] for name in names if name in row}


@cache
def _shown(schema: type[BaseModel]) -> tuple[tuple[str, ...], Callable[[Any], tuple[Any, ...]]]:
    names = tuple(schema.model_fields)
    return names, itemgetter(*names) if len(names) > 1 else lambda row: tuple(row[name] for name in names)
