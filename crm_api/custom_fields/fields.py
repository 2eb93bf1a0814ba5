"""Live definitions as catalogue fields, so that filters, searches, sorts, views, rules and questions know them.

The start-up registry stays as it is; an instance with custom fields has a second one, made once for each state of the
definitions. Everything that takes a `Registry` takes this one.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.core.fields import CATALOGUES, Catalogue, Elsewhere, Field, FieldType, Registry
from crm_api.custom_fields.definitions import Definition, known
from crm_api.custom_fields.models import field_values
from crm_api.custom_fields.types import text_key


def registry(session: Session) -> Registry:
    """All catalogues with the custom fields of this instance; the start-up registry where there are none."""
    found = known(session)
    if not found.live:
        return CATALOGUES
    extended: Registry | None = found.derived.get("registry")
    if extended is None:
        extended = found.derived["registry"] = Registry(
            replace(each, fields=(*each.fields, *fields_of(each, found.live.get(each.kind, {}).values())))
            for each in CATALOGUES
        )
    return extended


def fields_of(catalogue: Catalogue, definitions: Iterable[Definition]) -> list[Field]:
    """The catalogue fields of some definitions of its kind."""
    return [_field(catalogue.model, each) for each in definitions]


def _field(model: Any, each: Definition) -> Field:
    told = each.told
    tags = told.field_type is FieldType.TAGS
    values = field_values.c
    shown = values.text if told.is_text else values[told.column]
    return Field(
        name=each.path,
        type=told.field_type,
        column=_carrying(model, each) if tags else _looked_up(model, each, shown),
        label=each.label.lower(),
        synonyms=each.synonyms,
        choices=each.choices,
        choice_synonyms={value: (label.lower(),) for value, label in each.labels.items() if label != value},
        unit=each.unit,
        currency=each.currency,
        sortable=told.sortable,
        groupable=told.groupable,
        sort_column=_looked_up(model, each, values[told.column]) if told.sortable else None,
        elsewhere=None if tags else _elsewhere(model, each, shown),
    )


def _rows(each: Definition) -> sa.ColumnElement[bool]:
    return field_values.c.definition_id == each.id


def _looked_up(model: Any, each: Definition, column: sa.ColumnElement[Any]) -> sa.ScalarSelect[Any]:
    """The value of the record at hand."""
    here = field_values.c.record_id == model.id
    return sa.select(column).where(_rows(each), here).correlate_except(field_values).scalar_subquery()


def _elsewhere(model: Any, each: Definition, shown: Any) -> Elsewhere:
    values = field_values.c
    key = values[each.told.column]

    def holds(condition: Any) -> Any:
        having = sa.select(values.record_id).where(_rows(each), condition)
        return model.id.in_(having.correlate(None))

    def lacks(condition: Any) -> Any:
        here = sa.exists().where(_rows(each), values.record_id == model.id, condition)
        return sa.not_(here.correlate_except(field_values))

    def narrow(texts: Iterable[Any]) -> Any:
        return key.in_([text_key(str(text)) for text in texts])

    return Elsewhere(
        shown, key, _rows(each), values.record_id, holds, lacks, narrow if each.told.is_text else None
    )


def _carrying(model: Any, each: Definition) -> Any:
    """A TAGS field's `column`: the records that have any of the choices, or, for None, any choice."""

    def any_of(names: list[str] | None, actor: Any) -> Any:
        values = field_values.c
        having = sa.select(values.record_id).where(_rows(each))
        if names is not None:
            having = having.where(values.text_key.in_([text_key(name) for name in names]))
        return model.id.in_(having.correlate(None))

    return any_of
