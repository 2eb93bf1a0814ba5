"""Types that bodies are made of, with their documented limits."""

import json
import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Self, cast

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    ModelWrapValidatorHandler,
    StringConstraints,
    ValidationError,
    WithJsonSchema,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, InitErrorDetails, PydanticCustomError, core_schema

from crm_api.core.errors import Invalid
from crm_api.core.vocabulary import NONE, Vocabulary, described

NAME, LINE, TEXT = 200, 500, 20_000

_ADDRESS = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
    r"(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)+"
)

_DASHED = re.compile(r"\s*\d{4}-")
_CLOCK = re.compile(r"^(([01]\d|2[0-3]):[0-5]\d|24:00)$")


def _no_truth(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("a number, not true or false")
    return value


def _no_truth_for_numbers(schema: Any) -> Any:
    """The core schema with numbers that refuse `true` and `false`, which Python takes for 1 and 0."""
    if isinstance(schema, list):
        return [_no_truth_for_numbers(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("type") in ("int", "float"):
        return core_schema.no_info_before_validator_function(_no_truth, cast(CoreSchema, schema))
    inside = ("schema", "fields", "items_schema", "values_schema", "choices", "steps", "definitions")
    return {name: _walked(part) if name in inside else part for name, part in schema.items()}


def _walked(part: Any) -> Any:
    """One branch of a core schema; the fields of a model are named, not typed."""
    if isinstance(part, dict) and "type" not in part:
        return {name: _no_truth_for_numbers(inner) for name, inner in part.items()}
    return _no_truth_for_numbers(part)


class Body(BaseModel):
    """What a client sends. A field that does not exist is refused, so that a typing mistake is no loss.

    `vocabulary` has the other words in which it may be said.
    """

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, populate_by_name=True)
    vocabulary: ClassVar[Vocabulary] = NONE

    @model_validator(mode="wrap")
    @classmethod
    def _in_our_words(cls, given: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        if not cls.vocabulary or not isinstance(given, dict):
            return handler(given)
        told, sent = cls.vocabulary.translated(given, cls.model_fields)
        try:
            return handler(told)
        except ValidationError as error:
            raise _as_sent(error, sent) from None

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return _described(cls.vocabulary, handler(schema), handler, incoming=True)

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: type[BaseModel], handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return cast(CoreSchema, _no_truth_for_numbers(handler(source)))


def _as_sent(error: ValidationError, sent: dict[str, str]) -> ValidationError:
    """The same faults, of the names the client used."""
    faults: list[InitErrorDetails] = []
    for fault in error.errors():
        first, *rest = fault["loc"] or ("",)
        at = (sent.get(str(first), first), *rest) if fault["loc"] else ()
        told = PydanticCustomError(fault["type"], "{told}", {"told": fault["msg"]})
        faults.append(InitErrorDetails(type=told, loc=at, input=fault["input"]))
    return ValidationError.from_exception_data(error.title, faults)


class Shown(BaseModel):
    """What a client is shown of a record; with `vocabulary`, under its other names too."""

    vocabulary: ClassVar[Vocabulary] = NONE

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return _described(cls.vocabulary, handler(schema), handler, incoming=False)


def _described(
    words: Vocabulary, schema: JsonSchemaValue, handler: GetJsonSchemaHandler, *, incoming: bool
) -> JsonSchemaValue:
    if words:
        described(handler.resolve_ref_schema(schema), words, incoming=incoming)
    return schema


def example(body: dict[str, Any]) -> ConfigDict:
    """The `model_config` of a body that shows this one in the API's description."""
    return ConfigDict(json_schema_extra={"examples": [body]})


def clean(value: str) -> str:
    """The text itself; raises ValueError for what no database stores: control characters, half surrogates."""
    if any((ord(c) < 32 and c not in "\n\r\t") or ord(c) == 127 for c in value):
        raise ValueError("control characters are not allowed")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as error:
        raise ValueError("not valid Unicode text") from error
    return value


def _email(value: str) -> str:
    """The pattern of the HTML living standard (input type=email), with a dot in the domain."""
    if not _ADDRESS.fullmatch(value):
        raise ValueError("an e-mail address such as name@example.com")
    return value


def _phone(value: str) -> str:
    count = sum(c.isdigit() for c in value)
    if not 7 <= count <= 15 or re.search(r"[^\d\s+().\-/x#,;ext]", value, re.IGNORECASE):
        raise ValueError("a phone number has 7 to 15 digits, for example +1 614 555 0100")
    return value


def _written_out(value: Any) -> Any:
    """Refuse numbers: 20261121 would be read as seconds since 1970."""
    if isinstance(value, int | float) or (isinstance(value, str) and not _DASHED.match(value)):
        raise ValueError("a date or time in RFC 3339, such as 2026-11-21T09:30:00Z")
    return value


def _whole_percent(value: Any) -> Any:
    if isinstance(value, float) and 0 < value < 1:
        raise ValueError(f"a whole number from 0 to 100: write {value * 100:.0f} for {value}")
    return value


def _aware(value: datetime) -> datetime:
    if value.tzinfo is None:
        value = value.replace(tzinfo=UTC)
    if not 1900 <= value.year <= 9998:
        raise ValueError("a year between 1900 and 9998")
    return value.astimezone(UTC)


def _calendar_day(value: Any) -> Any:
    """A date, or the written calendar day of a date-time."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, str) and len(value) > 10 and value[10] in "T ":
        datetime.fromisoformat(value)
        return value[:10]
    return value


def _within_years(value: date) -> date:
    if not 1900 <= value.year <= 9998:
        raise ValueError("a year between 1900 and 9998")
    return value


def _hours(value: dict[str, list[tuple[str, str]]]) -> dict[str, list[tuple[str, str]]]:
    for day, windows in value.items():
        if day not in "1234567" or len(day) != 1:
            raise ValueError("days are ISO weekdays, 1 (Monday) to 7 (Sunday)")
        last = ""
        for opens, closes in windows:
            if not (_CLOCK.fullmatch(opens) and _CLOCK.fullmatch(closes)) or not last <= opens < closes:
                raise ValueError('windows are rising pairs of times such as ["08:00", "12:00"]')
            last = closes
    return value


Clean = AfterValidator(clean)
Name = Annotated[str, StringConstraints(min_length=1, max_length=NAME), Clean]
Line = Annotated[str, StringConstraints(max_length=LINE), Clean]
Text = Annotated[str, StringConstraints(max_length=TEXT), Clean]
Email = Annotated[str, StringConstraints(max_length=254), Clean, AfterValidator(_email)]
Phone = Annotated[str, StringConstraints(max_length=40), Clean, AfterValidator(_phone)]
Url = Annotated[str, StringConstraints(max_length=LINE), Clean]
Instant = Annotated[datetime, BeforeValidator(_written_out), AfterValidator(_aware)]
Day = Annotated[
    date, BeforeValidator(_calendar_day), BeforeValidator(_written_out), AfterValidator(_within_years)
]
Amount = Annotated[Decimal, Field(ge=0, le=Decimal(10) ** 14, allow_inf_nan=False)]
Percent = Annotated[int, BeforeValidator(_whole_percent), Field(ge=0, le=100)]
Currency = Annotated[str, StringConstraints(min_length=3, max_length=3, to_upper=True)]
Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0, le=10**9)]


def _flexible(value: Any) -> Any:
    """JSON as it comes, if the databases can keep it: of a bounded size, without control characters."""
    try:
        written = json.dumps(value, allow_nan=False, ensure_ascii=False)
    except (ValueError, RecursionError) as error:
        raise ValueError("plain JSON, without numbers beyond all bounds") from error
    if len(written) > TEXT:
        raise ValueError(f"at most {TEXT:,} characters of JSON")
    _clean_within(value)
    return value


def _clean_within(value: Any) -> None:
    if isinstance(value, str):
        clean(value)
    elif isinstance(value, dict):
        for key, inner in value.items():
            clean(key)
            _clean_within(inner)
    elif isinstance(value, list):
        for inner in value:
            _clean_within(inner)


Flexible = Annotated[
    str | list[Any] | dict[str, Any],
    AfterValidator(_flexible),
    Field(description="A text, a list or an object, kept as it is sent."),
]
CustomValues = Annotated[
    dict[str, Any],
    Field(
        max_length=200, description="Values of custom fields by key; a change merges them, null removes one."
    ),
]
_Window = Annotated[
    tuple[str, str],
    WithJsonSchema(
        {
            "type": "array",
            "items": {"type": "string", "pattern": _CLOCK.pattern},
            "minItems": 2,
            "maxItems": 2,
        }
    ),
]
OpeningHours = Annotated[
    dict[str, list[_Window]],
    Field(
        max_length=7,
        examples=[{"1": [["08:00", "12:00"], ["13:00", "18:00"]]}],
        description="Local opening windows by ISO weekday.",
    ),
    AfterValidator(_hours),
]

Weekdays = Annotated[
    list[Annotated[int, Field(ge=1, le=7)]],
    Field(min_length=1, max_length=7, examples=[[2, 4]], description="ISO weekdays, 1 is Monday."),
    AfterValidator(lambda days: sorted(set(days))),
]


def changes(body: BaseModel, *, leave_out: tuple[str, ...] = ()) -> dict[str, Any]:
    """Just the fields that were sent: `PUT` and `PATCH` change nothing else."""
    return {name: getattr(body, name) for name in body.model_fields_set if name not in leave_out}


def refuse_null(values: dict[str, Any], *names: str) -> None:
    """Raise Invalid where a field that always has a value was sent as null."""
    for name in names:
        if name in values and values[name] is None:
            raise Invalid.field(name, "cannot be empty")


def apply_patch(record: Any, values: dict[str, Any]) -> bool:
    """Set what differs; returns whether anything did."""
    changed = False
    for name, value in values.items():
        if getattr(record, name) != value:
            setattr(record, name, value)
            changed = True
    return changed
