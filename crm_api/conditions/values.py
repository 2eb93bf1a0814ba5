"""Turning what a client wrote into what a column holds, by the type of the field."""

from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from crm_api.core.errors import Invalid
from crm_api.core.fields import Field, FieldType

_TRUE, _FALSE = {"true", "1", "yes"}, {"false", "0", "no"}


def parse(field: Field, value: Any, *, zone: str = "UTC") -> Any:
    """One value for one field; raises Invalid naming the field and what it takes.

    A bare date for an instant means the start of that day in `zone`; an amount is in shown units.
    """
    try:
        return _parse(field, value, zone)
    except (ValueError, TypeError, OverflowError) as error:
        raise Invalid.field(field.name, f"{value!r} is not {_expected(field)}") from error


def _parse(field: Field, value: Any, zone: str) -> Any:
    if isinstance(value, dict | list) or value is None:
        raise ValueError("one value is expected")
    match field.type:
        case FieldType.INTEGER:
            return _whole(value) * field.scale
        case FieldType.NUMBER:
            return _finite(value) * field.scale
        case FieldType.MONEY:
            return round(_finite(value) * field.scale)
        case FieldType.BOOLEAN:
            return _boolean(value)
        case FieldType.DATE:
            return date.fromisoformat(str(value)[:10])
        case FieldType.DATETIME:
            return instant(value, zone)
        case FieldType.REFERENCE:
            return UUID(str(value))
        case FieldType.CHOICE if field.choices:
            if str(value) not in field.choices:
                raise ValueError(value)
            return str(value)
        case _:
            return str(value)


def instant(value: Any, zone: str) -> datetime:
    """An aware instant from a datetime, a date, or their ISO texts; without an offset, in `zone`."""
    if isinstance(value, datetime):
        at = value
    elif isinstance(value, date):
        at = datetime.combine(value, time())
    else:
        text = str(value).strip()
        at = (
            datetime.fromisoformat(text)
            if len(text) > 10
            else datetime.combine(date.fromisoformat(text), time())
        )
    return (at if at.tzinfo else at.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)


def _whole(value: Any) -> int:
    if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
        raise ValueError(value)
    number = int(value)
    if abs(number) > 2**62:
        raise OverflowError(value)
    return number


def _finite(value: Any) -> float:
    if isinstance(value, bool):
        raise TypeError(value)
    number = float(value)
    if not abs(number) < 1e17:
        raise OverflowError(value)
    return number


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    word = str(value).lower()
    if word in _TRUE or word in _FALSE:
        return word in _TRUE
    raise ValueError(value)


def _expected(field: Field) -> str:
    if field.type is FieldType.CHOICE and field.choices:
        return "one of " + ", ".join(field.choices)
    return {
        FieldType.INTEGER: "a whole number",
        FieldType.NUMBER: "a number",
        FieldType.MONEY: "an amount",
        FieldType.BOOLEAN: "true or false",
        FieldType.DATE: "a date such as 2026-11-21",
        FieldType.DATETIME: "a time such as 2026-11-21T09:30:00Z",
        FieldType.REFERENCE: "the id of a record (a UUID)",
    }.get(field.type, "a text")
