"""Turning what a client wrote into what a column holds, by the type of the field."""

import re
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from crm_api.conditions.relative import moment
from crm_api.core.errors import Invalid
from crm_api.core.fields import Field, FieldType
from crm_api.core.schemas import clean

_TRUE, _FALSE = {"true", "1", "yes"}, {"false", "0", "no"}
_DIGITS = re.compile(r"[+-]?[0-9]{1,20}")


ME = "me"
_NOBODY = UUID(int=0)  # no record has it


def parse(
    field: Field,
    value: Any,
    *,
    zone: str = "UTC",
    currency: str = "",
    week_starts_on: int = 1,
    me: UUID | None = None,
) -> Any:
    """One value for one field; raises Invalid naming the field and what it takes.

    A bare date for an instant means the start of that day in `zone`; an amount is in major units of the field's
    own currency, else of `currency`, the organisation's. `me`, where an id is expected, is whoever asks: nobody,
    for a job. Dates may be relative: `this_month-1m`; a week begins on the ISO weekday `week_starts_on`.
    """
    try:
        if value == ME and field.type is FieldType.REFERENCE:
            return me or _NOBODY
        return _parse(field, value, zone, currency, week_starts_on)
    except (ValueError, TypeError, ArithmeticError) as error:
        raise Invalid.field(field.name, f"{value!r} is not {_expected(field)}") from error


def _parse(field: Field, value: Any, zone: str, currency: str, week_starts_on: int) -> Any:
    if isinstance(value, dict | list) or value is None:
        raise ValueError("one value is expected")
    match field.type:
        case FieldType.INTEGER:
            return _stored(_whole(value))
        case FieldType.NUMBER:
            return _finite(value)
        case FieldType.MONEY:
            return _stored(round(_finite(value) * field.scale(currency)))
        case FieldType.BOOLEAN:
            return _boolean(value)
        case FieldType.DATE:
            return _day(value, zone, week_starts_on)
        case FieldType.DATETIME:
            return instant(value, zone, week_starts_on=week_starts_on)
        case FieldType.REFERENCE:
            return UUID(str(value))
        case FieldType.CHOICE if field.choices:
            if str(value) not in field.choices:
                raise ValueError(value)
            return str(value)
        case _:
            return text(value)


def instant(value: Any, zone: str, *, week_starts_on: int = 1) -> datetime:
    """An aware instant from a datetime, a date, their ISO texts (without an offset, in `zone`), or a relative one."""
    if isinstance(value, datetime):
        at = value
    elif isinstance(value, date):
        at = datetime.combine(value, time())
    elif (found := moment(str(value), zone, week_starts_on=week_starts_on)) is not None:
        at = found
    else:
        text = str(value).strip()
        at = (
            datetime.fromisoformat(text)
            if len(text) > 10
            else datetime.combine(date.fromisoformat(text), time())
        )
    return (at if at.tzinfo else at.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)


def text(value: Any) -> str:
    """A text as a database can hold it; raises ValueError for control characters and half surrogates."""
    if isinstance(value, dict | list) or value is None:
        raise ValueError("one value is expected")
    return clean(str(value))


def _day(value: Any, zone: str, week_starts_on: int) -> date:
    """A date; of a date-time the written calendar day, of a relative one the day in `zone`."""
    if isinstance(value, datetime):
        return value.date()
    if (found := moment(str(value), zone, week_starts_on=week_starts_on)) is not None:
        return found.date()
    written = str(value).strip()
    return date.fromisoformat(written) if len(written) <= 10 else datetime.fromisoformat(written).date()


def _whole(value: Any) -> int:
    if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
        raise ValueError(value)
    if isinstance(value, str) and not _DIGITS.fullmatch(value.strip()):
        raise ValueError(value)
    return int(value)


def _stored(number: int) -> int:
    """The number, if a column can hold it (64 bits on both engines)."""
    if abs(number) >= 2**63:
        raise OverflowError(number)
    return number


def _finite(value: Any) -> float:
    if isinstance(value, bool):
        raise TypeError(value)
    if isinstance(value, str) and "_" in value:
        raise ValueError(value)
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
        FieldType.DATE: "a date such as 2026-11-21, or today-7d",
        FieldType.DATETIME: "a time such as 2026-11-21T09:30:00Z, or today-7d",
        FieldType.REFERENCE: "the id of a record (a UUID), or me",
    }.get(field.type, "a text")
