"""Forms: from fields to inputs, and from what was typed to the body that the API takes as well.

What cannot be taken comes back beside its field, with everything that was typed still there.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ValidationError

from crm_api.access import Actor
from crm_api.conditions import filters, records
from crm_api.core import hours
from crm_api.core.errors import FieldError, Invalid, Problem
from crm_api.core.fields import CUSTOM
from crm_api.core.listing import Window
from crm_api.core.problems import from_validation
from crm_api.pages import fields
from crm_api.pages.fields import Shown
from crm_api.pages.kinds import Kind, label_of

WIDGETS = {
    "long": "textarea", "phone": "tel", "mail": "email", "link": "text", "money": "text", "integer": "text",
    "number": "text", "date": "date", "datetime": "datetime-local", "boolean": "checkbox", "choice": "select",
    "tags": "text",
}  # fmt: skip
HINTS = {
    "tags": "Words with commas between them", "hours": "Mon-Fri 08:00-12:00, 13:00-18:00; Sat 09:00-14:00",
    "weekdays": "Tue, Thu; any day where nothing stands here",
}  # fmt: skip
_THOUSANDS = re.compile(r"\d{1,3}(,\d{3})+(\.\d+)?")
CALLED = " · "  # between what a record is called and what tells it from its namesakes


@dataclass(frozen=True, slots=True)
class Input:
    """One field of a form. `value` is what stands in it, `errors` what was wrong with it."""

    name: str
    title: str
    widget: str
    value: str = ""
    options: tuple[tuple[str, str], ...] = ()
    pick: str | None = None
    required: bool = False
    hint: str = ""
    errors: tuple[str, ...] = ()


def inputs(
    session: Any,
    actor: Actor,
    kind: Kind,
    names: Sequence[str],
    *,
    item: Mapping[str, Any] | None = None,
    typed: Mapping[str, str] | None = None,
    problem: Problem | None = None,
) -> list[Input]:
    """The inputs for some fields: empty, with a record's values, or with what was typed before a refusal."""
    known, made = fields.shown(session, kind), []
    for name in (name for name in names if name in known):
        field = known[name]
        value = typed.get(name, "") if typed is not None else written(actor, field, item) if item else ""
        needed = kind.creating.model_fields.get(name)
        made.append(
            Input(
                name,
                field.title,
                _widget(field),
                value,
                tuple(_options(session, actor, kind, field)),
                field.target if field.target and not field.is_few else None,
                bool(item is None and needed and needed.is_required()),
                HINTS.get(field.type, ""),
                tuple(e.message for e in problem.errors if e.field == name) if problem else (),
            )
        )
    return made


def _widget(field: Shown) -> str:
    if field.target:
        return "select" if field.is_few else "pick"
    return WIDGETS.get(field.type, "text")


def _options(session: Any, actor: Actor, kind: Kind, field: Shown) -> list[tuple[str, str]]:
    chosen = field.type == "choice" or (field.target is not None and field.is_few)
    return fields.options(session, actor, kind, field) if chosen else []


def written(actor: Actor, field: Shown, item: Mapping[str, Any]) -> str:
    """A value as it stands in an input."""
    value = fields.value_of(item, field)
    if field.target and not field.is_few:
        beside = item.get(field.relation or "")
        return called(beside) if beside else ""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else ""
    if field.type == "hours":
        return hours.said_hours(value)
    if field.type == "weekdays":
        return hours.said_days(value)
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    if isinstance(value, datetime):
        return value.astimezone(ZoneInfo(actor.time_zone)).strftime("%Y-%m-%dT%H:%M")
    if isinstance(value, float):
        return f"{value:.15g}"
    return value.isoformat() if isinstance(value, date) else str(value)


def called(beside: Mapping[str, Any]) -> str:
    """A related record as one picks it: its label, with its number where it has one."""
    return CALLED.join(str(part) for part in (beside["label"], beside.get("number")) if part)


# ── Reading ──────────────────────────────────────────────────────────────────────────────────────


def body(
    session: Any, actor: Actor, kind: Kind, typed: Mapping[str, str], *, changing: bool = False
) -> BaseModel:
    """The body for what was typed; raises Invalid naming each field at fault.

    What is left empty is left out of a new record, and empties a field of one that is changed.
    """
    known = fields.shown(session, kind)
    values: dict[str, Any] = {} if changing else dict(kind.fixed)
    faults: list[FieldError] = []
    for name, text in typed.items():
        field = known.get(name)
        if field is None or (text == "" and not changing and field.type != "boolean"):
            continue
        try:
            value = read(session, actor, field, text)
        except ValueError as error:
            faults.append(FieldError(name, str(error)))
            continue
        if name.startswith(f"{CUSTOM}."):
            values.setdefault("custom_fields", {})[name.partition(".")[2]] = value
        else:
            values[name] = value
    if faults:
        raise Invalid(f"{faults[0].field}: {faults[0].message}", errors=faults)
    try:
        return (kind.changing if changing else kind.creating).model_validate(values)
    except ValidationError as error:
        raise from_validation(error.errors()) from error


def read(session: Any, actor: Actor, field: Shown, text: str) -> Any:
    """One value out of an input; raises ValueError with what to do."""
    text = text.strip()
    if field.type == "boolean":
        return text.lower() in ("true", "on", "1", "yes")
    if field.type == "tags":
        return [word.strip() for word in text.split(",") if word.strip()]
    if not text:
        return None
    if field.type in ("money", "number", "integer"):
        return _number(text, whole=field.type == "integer")
    if field.type == "datetime":
        return instant(text, actor.time_zone)
    if field.type in ("hours", "weekdays"):
        return _of_the_week(field.type, text)
    if field.target and not field.is_few:
        return picked(session, actor, field.target, text)
    return text


def _of_the_week(type_: str, text: str) -> Any:
    try:
        return hours.opening_hours(text) if type_ == "hours" else hours.weekdays(text)
    except ValueError as error:
        raise ValueError(f"this is {error}") from error


def _number(text: str, *, whole: bool) -> Any:
    plain = text.replace(" ", "").replace("\u202f", "").replace("\u00a0", "")
    if _THOUSANDS.fullmatch(plain):
        plain = plain.replace(",", "")
    try:
        number = Decimal(plain)
    except InvalidOperation as error:
        raise ValueError("a number, such as 12500 or 12,500.50") from error
    if whole and number == number.to_integral_value() and abs(number) < Decimal(10) ** 15:
        return int(number)
    return number


def instant(text: str, zone: str) -> datetime:
    """What an input for a day and a time says, on the wall clock of a zone; raises ValueError."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError("a day and a time, such as 2026-11-23 14:30") from error
    return at if at.tzinfo else at.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def candidates(session: Any, actor: Actor, kind: str, typed: str, most: int = 8) -> list[tuple[str, str]]:
    """Records of a kind that the typed words may mean: (as one is picked, its id)."""
    label = typed.partition(CALLED)[0].strip()
    return found(session, actor, kind, filters.Query(search=label[:200] or None), most)


def found(
    session: Any, actor: Actor, kind: str, query: filters.Query, most: int = 8
) -> list[tuple[str, str]]:
    """The same for the records of a query."""
    page = records.page(session, actor, kind, replace(query, window=Window(page_size=most, count="none")))
    return [(_name(kind, item), str(item["id"])) for item in page["items"]]


def _name(kind: str, item: Mapping[str, Any]) -> str:
    return called({"label": label_of(kind, item), "number": item.get("number")})


def picked(session: Any, actor: Actor, kind: str, text: str) -> str:
    """The id of the record that was picked by name; the number decides between namesakes."""
    near = candidates(session, actor, kind, text, most=50)
    exact = [one for one in near if one[0].casefold() == text.casefold()] or [
        one for one in near if one[0].partition(CALLED)[0].casefold() == text.casefold()
    ]
    if len(exact) == 1:
        return exact[0][1]
    if exact:
        raise ValueError(f"several are called so; pick one of {'; '.join(name for name, _ in exact[:4])}")
    if len(near) == 1 and text.casefold() in near[0][0].casefold():
        return near[0][1]
    raise ValueError(f"there is no {kind} called so; pick one from the list")
