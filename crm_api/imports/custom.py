"""Custom fields as targets of an import: `"custom.bays" = "Service bays"` in a mapping.

A file's text is read as strictly as for any other field; then the definition has its word, as in a body.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from pydantic_core import to_jsonable_python
from sqlalchemy.orm import Session

from crm_api.core.fields import CUSTOM
from crm_api.core.schemas import NAME
from crm_api.custom_fields import definitions
from crm_api.custom_fields import values as custom_values
from crm_api.custom_fields.definitions import Definition
from crm_api.custom_fields.models import field_values
from crm_api.imports import values
from crm_api.imports.kinds import Kind, Reader, Reading, Target
from crm_api.imports.mapping import Mapping, Source

Row = dict[str, Any]
Fields = dict[str, Definition]
SEPARATOR = ";"  # between the choices of one cell


def with_custom_fields(session: Session, kind: Kind, mapping: Mapping) -> tuple[Kind, Fields]:
    """The kind with the live custom fields among its targets, and these by their names in mappings.

    One that is required has to be mapped, unless it has a default.
    """
    live = definitions.live(session, kind.kind)
    if any(is_custom(name) and name.partition(".")[2] not in live for name in mapping.fields):
        definitions.reread(session)
        live = definitions.live(session, kind.kind)
    fields = {each.path: each for each in live.values()}
    targets = {name: _target(each) for name, each in fields.items()}
    unique = tuple(name for name, each in fields.items() if each.is_unique)
    return replace(kind, targets=kind.targets | targets, unique=(*kind.unique, *unique)), fields


def is_custom(name: str) -> bool:
    """Whether a target's name is that of a custom field."""
    return name.startswith(f"{CUSTOM}.")


def _target(each: Definition) -> Target:
    required = each.required and each.default is None
    if each.type == "reference":
        check = values.text_of(NAME)
        return Target(lambda text, source, reading: check(text), refers=each.target, required=required)
    read: Reader = _READERS.get(each.type, lambda text, source, reading: text)
    return Target(
        lambda text, source, reading: custom_values.checked(each, read(text, source, reading)),
        required=required,
    )


def _day(text: str, source: Source, reading: Reading) -> date:
    return values.day(text, source.format)


def _instant(text: str, source: Source, reading: Reading) -> datetime:
    return values.instant(text, source.format, zone=reading.zone)


def _number(text: str, source: Source, reading: Reading) -> Any:
    return values.number(text) * (source.scale or 1)


def _choices(text: str, source: Source, reading: Reading) -> list[str]:
    return [part.strip() for part in text.split(SEPARATOR) if part.strip()]


_READERS: dict[str, Reader] = {
    "integer": lambda text, source, reading: values.integer(text, least=-(10**15), most=10**15),
    "number": _number,
    "money": _number,
    "date": _day,
    "datetime": _instant,
    "boolean": lambda text, source, reading: values.boolean(text),
    "multi_choice": _choices,
}


def gather(row: Row) -> Row:
    """The attributes of a record with its custom fields gathered under `custom`, where it has any."""
    names = [name for name in row if is_custom(name)]
    if names:
        row[CUSTOM] = {name.partition(".")[2]: to_jsonable_python(row.pop(name)) for name in names}
    return row


def settle(session: Session, kind: Kind, fresh: Sequence[Row], older: Sequence[Row]) -> None:
    """Give new records the defaults, and older ones the custom fields that the file says nothing of."""
    if not definitions.live(session, kind.kind):
        return
    for row in fresh:
        row[CUSTOM] = custom_values.with_defaults(session, kind.kind, row.get(CUSTOM))
    said = [row for row in older if CUSTOM in row]
    if not said:
        return
    statement = sa.select(kind.model.id, kind.model.custom).where(
        kind.model.id.in_([row["id"] for row in said])
    )
    present: dict[UUID, Any] = dict(session.execute(statement).all())
    for row in said:
        merged = {**(present[row["id"]] or {}), **row[CUSTOM]}
        row[CUSTOM] = {key: value for key, value in merged.items() if value is not None} or None


def taken(
    session: Session, each: Definition, model: Any, keys: Sequence[str]
) -> Iterator[tuple[str, Any, Any]]:
    """Which unique keys live records have, with the (external_system, external_id) of each."""
    statement = (
        sa.select(field_values.c.unique_key, model.external_system, model.external_id)
        .join(model, model.id == field_values.c.record_id)
        .where(field_values.c.definition_id == each.id, field_values.c.unique_key.in_(keys))
    )
    yield from session.execute(statement)
