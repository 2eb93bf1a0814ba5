"""What a custom field can hold: how a value is checked, how it is kept, which column it is found by.

A value is kept as the API shows it (JSON: an amount in major units, a time in UTC), so that reading a record costs
nothing more than one column. The checks are those of the core's own bodies.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, TypeAdapter
from pydantic_core import to_jsonable_python

from crm_api.core.fields import FieldType
from crm_api.core.money import to_minor
from crm_api.core.schemas import LINE, TEXT, Amount, Day, Email, Instant, Line, Name, Phone, Text, Url
from crm_api.core.text import digits, fold

LARGEST = 10**15  # whole numbers and fractions beyond are not the same in every JSON reader
MOST_CHOSEN = 100
KEY_LENGTH = 200  # characters of a text that order it: PostgreSQL indexes 2,700 bytes at most


def _no_flag(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("a number, not true or false")
    return value


def _web_address(value: str) -> str:
    if not value.lower().startswith(("http://", "https://")) or any(c.isspace() for c in value):
        raise ValueError("an address that begins with http:// or https://")
    return value


Stripped = StringConstraints(strip_whitespace=True)
Whole = Annotated[int, BeforeValidator(_no_flag), Field(ge=-LARGEST, le=LARGEST)]
Real = Annotated[float, BeforeValidator(_no_flag), Field(ge=-LARGEST, le=LARGEST, allow_inf_nan=False)]
WebAddress = Annotated[Url, Stripped, AfterValidator(_web_address)]


@dataclass(frozen=True, slots=True)
class Type:
    """One type. `check` makes the kept form of what a client sent, `typed` the column's value of that.

    `bounds` says what minimum and maximum mean for it: the value, or the length of the text.
    """

    name: str
    said: Any
    field_type: FieldType
    column: str
    typed: Callable[[Any], Any] = lambda kept: kept
    bounds: str | None = None
    longest: int | None = None
    can_be_unique: bool = False
    can_be_searched: bool = False
    sortable: bool = True
    groupable: bool = False

    @property
    def is_text(self) -> bool:
        """Whether its values are texts, in the order of their folded beginnings."""
        return self.column == "text_key"


def text_key(text: str) -> str:
    """What texts are ordered by: without regard to case and accents, to 200 characters."""
    return fold(text)[:KEY_LENGTH]


def unique_key(type_: str, kept: Any) -> str:
    """Two values with the same key are one where a field is unique: case, accents and a phone's signs do not count."""
    key = digits(kept) if type_ == "phone" else fold(kept) if isinstance(kept, str) else str(kept)
    return key if len(key) <= KEY_LENGTH else hashlib.sha256(key.encode()).hexdigest()


_TEXT: dict[str, Any] = {"bounds": "length", "can_be_searched": True}
TYPES = {
    type_.name: type_
    for type_ in (
        Type(
            "text", Annotated[Line, Stripped], FieldType.TEXT, "text_key", text_key, longest=LINE,
            can_be_unique=True, groupable=True, **_TEXT,
        ),
        Type("long_text", Annotated[Text, Stripped], FieldType.TEXT, "text_key", text_key, longest=TEXT, **_TEXT),
        Type("integer", Whole, FieldType.INTEGER, "whole", bounds="value", can_be_unique=True),
        Type("number", Real, FieldType.NUMBER, "real", bounds="value"),
        Type("money", Amount, FieldType.MONEY, "whole", bounds="value"),
        Type("date", Day, FieldType.DATE, "day", date.fromisoformat),
        Type("datetime", Instant, FieldType.DATETIME, "instant", datetime.fromisoformat),
        Type("boolean", bool, FieldType.BOOLEAN, "flag", groupable=True),
        Type("choice", Annotated[Name, Stripped], FieldType.CHOICE, "text_key", text_key, can_be_searched=True,
             groupable=True),
        Type(
            "multi_choice", Annotated[list[Annotated[Name, Stripped]], Field(max_length=MOST_CHOSEN)],
            FieldType.TAGS, "text_key", text_key, can_be_searched=True, sortable=False,
        ),
        Type("url", WebAddress, FieldType.TEXT, "text_key", text_key, can_be_unique=True, longest=LINE, **_TEXT),
        Type("email", Annotated[Email, Stripped], FieldType.TEXT, "text_key", text_key, can_be_unique=True,
             longest=254, **_TEXT),
        Type("phone", Annotated[Phone, Stripped], FieldType.TEXT, "text_key", text_key, can_be_unique=True,
             longest=40, **_TEXT),
        Type("reference", UUID, FieldType.REFERENCE, "reference", UUID, sortable=False),
    )
}  # fmt: skip
_ADAPTERS: dict[str, TypeAdapter[Any]] = {name: TypeAdapter(type_.said) for name, type_ in TYPES.items()}


def kept(type_: str, value: Any) -> Any:
    """The form a value is kept in, None for an empty one; raises ValidationError where it is not of the type."""
    if isinstance(value, str) and not value.strip() and TYPES[type_].is_text:
        return None
    checked = _ADAPTERS[type_].validate_python(value)
    if type_ == "number":
        return checked + 0.0  # no negative zero: JSON and the databases disagree on it
    if type_ == "money":
        return checked
    return to_jsonable_python(checked) or (None if type_ == "multi_choice" else to_jsonable_python(checked))


def row_values(type_: str, kept: Any, *, currency: str | None, is_unique: bool) -> dict[str, Any]:
    """The columns of `field_values` that one kept value fills."""
    told = TYPES[type_]
    held = to_minor(kept, currency or "USD") if type_ == "money" else told.typed(kept)
    row = {told.column: held, "text": kept if told.is_text else None}
    return row | {"unique_key": unique_key(type_, kept) if is_unique else None}


def schema(type_: str) -> dict[str, Any]:
    """The JSON schema of a value, as OpenAPI has it."""
    return {k: v for k, v in _ADAPTERS[type_].json_schema(mode="validation").items() if k != "title"}
