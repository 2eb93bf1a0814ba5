"""Older and neighbouring systems' words for our fields and their values, declared once a kind.

What comes in (bodies, filters, sorts, `fields=`, import mappings) may use them; what goes out has them beside ours
where that is asked for; the API's description tells them as deprecated. Declared in a domain's `schemas.py`:

    WORDS = Vocabulary(names={"customer_id": "account_id"}, values={"status": {"inquiry": "new"}})
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from crm_api.core.errors import FieldError, Invalid


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The other words of one kind of record.

    `names` leads from another name to ours, `values` the same for the words of a field. `joined` are names of two of
    our fields at once, first and last name: given alone, such a name is split at its last space.
    """

    names: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    joined: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.names or self.values or self.joined)

    def ours(self, name: str) -> str:
        """Our name of a field, given whichever."""
        return self.names.get(name, name)

    def value(self, name: str, value: Any) -> Any:
        """Our word for a value of one of our fields, given whichever."""
        words = self.values.get(name)
        return words.get(value, value) if words and isinstance(value, str) else value

    def translated(
        self, body: Mapping[str, Any], taken: Iterable[str]
    ) -> tuple[dict[str, Any], dict[str, str]]:
        """A body in our words, and under which name each field was sent; `taken` are the fields it may have.

        Raises Invalid naming both where a field is given under two names with different values. A name that leads to a
        field this body does not take is left alone, so that it is refused under the name it was sent with.
        """
        told: dict[str, Any] = {}
        origin: dict[str, str] = {}
        parts: dict[str, Any] = {}
        fields = set(taken)
        for name, value in body.items():
            ours = self.ours(name)
            if ours in self.joined and not fields.isdisjoint(self.joined[ours]):
                _put(parts, origin, name, ours, value)
            elif ours in fields:
                _put(told, origin, name, ours, self.value(ours, value))
            else:
                told[name] = value
        for name, value in parts.items():
            self._split(told, origin, name, value)
        return told, origin

    def _split(self, told: dict[str, Any], origin: dict[str, str], name: str, value: Any) -> None:
        (first, last), sent = self.joined[name], origin[name]
        if value is not None and not isinstance(value, str):
            raise Invalid.field(sent, "a text")
        given = [told[part] for part in (first, last) if part in told]
        if not given:
            told[first], told[last] = split(value)
            origin[first] = origin[last] = sent
        elif _joined(given) != _plain(value):
            raise _clash(sent, first if first in told else last)

    def beside(self, answer: dict[str, Any]) -> dict[str, Any]:
        """The answer with every field that is in it under its other names too."""
        return answer | {old: answer[ours] for old, ours in self.names.items() if ours in answer}


NONE = Vocabulary()


def split(name: str | None) -> tuple[str | None, str | None]:
    """First and last name of a person's name: split at the last space; one word is the last name."""
    first, _, last = _plain(name).rpartition(" ")
    return first or None, last or None


def _plain(name: str | None) -> str:
    return " ".join((name or "").split())


def _joined(parts: Iterable[Any]) -> str:
    return _plain(" ".join(part for part in parts if isinstance(part, str)))


def _put(told: dict[str, Any], origin: dict[str, str], sent: str, ours: str, value: Any) -> None:
    if ours in told and told[ours] != value:
        raise _clash(sent, origin[ours])
    told.setdefault(ours, value)
    origin.setdefault(ours, sent)


def _clash(one: str, other: str) -> Invalid:
    told = f"{one} and {other} are one field and differ; send one of them"
    return Invalid(f"{told}.", errors=[FieldError(name, told) for name in (one, other)])


def described(schema: dict[str, Any], words: Vocabulary, *, incoming: bool) -> None:
    """Add the other words to the JSON schema of a body or an answer, in place: deprecated fields, more values."""
    properties = schema.get("properties", {})
    required = set(schema.get("required", ()))
    for old, ours in words.names.items():
        if ours in properties and old not in properties:
            properties[old] = properties[ours] | _deprecated(old, ours)
            required.discard(ours)
    if not incoming:
        return
    for name, parts in words.joined.items():
        if parts[0] in properties:
            whole = {"anyOf": [{"type": "string", "maxLength": 401}, {"type": "null"}], "title": _title(name)}
            told = f"{parts[0]} and {parts[1]}, split at the last space; one word is the {parts[1]}."
            properties[name] = whole | {"description": told}
            for old in (old for old, ours in words.names.items() if ours == name):
                properties[old] = properties[name] | _deprecated(old, name)
    for name, values in words.values.items():
        for ours in (name, *(old for old, new in words.names.items() if new == name)):
            if ours in properties:
                properties[ours] = _with_values(properties[ours], values)
    if "required" in schema:
        schema["required"] = [name for name in schema["required"] if name in required]


def _deprecated(old: str, ours: str) -> dict[str, Any]:
    return {"title": _title(old), "description": f"The same as `{ours}`.", "deprecated": True}


def _title(name: str) -> str:
    return name.replace("_", " ").title()


def _with_values(schema: dict[str, Any], values: Mapping[str, str]) -> dict[str, Any]:
    """The schema with the other words among the choices, wherever in it these are."""
    if "enum" in schema:
        told = ", ".join(f"`{old}` for `{ours}`" for old, ours in values.items())
        return schema | {"enum": [*schema["enum"], *values], "description": f"Also {told}."}
    if "anyOf" in schema:
        return schema | {"anyOf": [_with_values(part, values) for part in schema["anyOf"]]}
    return schema
