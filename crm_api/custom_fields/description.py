"""The API's description with the custom fields of this instance in it: their keys, types, bounds and filters."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy.orm import Session

from crm_api.core.fields import CATALOGUES
from crm_api.custom_fields.definitions import Definition, known
from crm_api.custom_fields.types import schema
from crm_api.custom_fields.values import NAME

Schema = dict[str, Any]


def described(session: Session, general: Schema) -> Schema:
    """The general description, or one made of it for this instance; made once for each state of the definitions."""
    found = known(session)
    if not found.live:
        return general
    kept: tuple[Schema, Schema] | None = found.derived.get("description")
    if kept is None or kept[0] is not general:
        kept = found.derived["description"] = (general, _extended(general, found.live))
    return kept[1]


def _extended(general: Schema, live: dict[str, dict[str, Definition]]) -> Schema:
    schemas, paths = dict(general["components"]["schemas"]), dict(general["paths"])
    for kind, fields in live.items():
        each = list(fields.values())
        for name, making in ((f"{kind.title()}In", True), (f"{kind.title()}Patch", False)):
            schemas[name] = _with_values(schemas[name], _sent(each, making=making), making=making)
        schemas[f"{kind.title()}Out"] = _with_values(
            schemas[f"{kind.title()}Out"], _shown(each), making=False
        )
        path = f"/api/v1/crm/{CATALOGUES[kind].plural}"
        get = paths[path]["get"]
        parameters = [*get.get("parameters", []), *(_filter(one) for one in each)]
        paths[path] = paths[path] | {"get": get | {"parameters": parameters}}
    return general | {"components": general["components"] | {"schemas": schemas}, "paths": paths}


def _with_values(body: Schema, values: Schema, *, making: bool) -> Schema:
    body = body | {"properties": body["properties"] | {NAME: values}}
    if making and values.get("required"):
        body["required"] = sorted({*body.get("required", ()), NAME})
    return body


def _sent(fields: Iterable[Definition], *, making: bool) -> Schema:
    return {
        "type": "object",
        "title": "Custom fields",
        "description": "A change merges the keys sent; null removes a value.",
        "properties": {one.key: _or_null(_value(one, offered=True)) for one in fields},
        "additionalProperties": False,
        "required": [one.key for one in fields if making and one.required and one.default is None],
    }


def _shown(fields: Iterable[Definition]) -> Schema:
    return {
        "type": "object",
        "title": "Custom fields",
        "properties": {one.key: _or_null(_value(one, offered=False)) for one in fields},
        "required": [one.key for one in fields],
    }


def _value(each: Definition, *, offered: bool) -> Schema:
    """What one value looks like; `offered` leaves retired choices out."""
    told = schema(each.type) | {"title": each.label}
    if each.help:
        told["description"] = each.help
    words = [choice for choice in each.choices if not (offered and choice in each.retired)]
    if each.type == "choice":
        told = {**told, "enum": words}
    elif each.type == "multi_choice":
        told["items"] = {"type": "string", "enum": words}
    low, high = ("minLength", "maxLength") if each.told.bounds == "length" else ("minimum", "maximum")
    for name, bound in ((low, each.minimum), (high, each.maximum)):
        if bound is not None:
            told[name] = int(bound) if bound.is_integer() else bound
    return told


def _or_null(value: Schema) -> Schema:
    return {"anyOf": [value, {"type": "null"}]}


def _filter(each: Definition) -> Schema:
    return {
        "name": each.path,
        "in": "query",
        "required": False,
        "description": f"Filter by {each.label}, as by any field: `{each.path}__gte`, `sort=-{each.path}`.",
        "schema": {"type": "string"},
    }
