"""Microsoft's own description of Graph as an oracle: does a request fit it?"""

import json
import os
import re
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

SHARED = Path(os.environ.get("CRM_TEST_DATA", Path(__file__).resolve().parents[3] / "shared"))
CONTRACT = SHARED / "contracts" / "graph-openapi-subset.json"
ROOT = "https://graph.microsoft.com/v1.0"


@cache
def contract() -> "Contract | None":
    """The contract, loaded once; None where it is not on this machine (it is not part of the project)."""
    return Contract(json.loads(CONTRACT.read_text())) if CONTRACT.is_file() else None


class Contract:
    """Paths, query parameters and bodies. Headers and status codes are for the tests to say."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._paths = [
            (
                re.compile("/".join("[^/]+" if p.startswith("{") else re.escape(p) for p in path.split("/"))),
                path,
                item,
            )
            for path, item in document["paths"].items()
        ]
        schemas = _as_json_schema(document["components"])
        resource = Resource.from_contents({"components": schemas}, default_specification=DRAFT202012)
        self._registry = Registry().with_resource("urn:graph", resource)

    def check(self, method: str, url: str, body: bytes) -> None:
        """Raise AssertionError naming what does not fit."""
        parts = urlsplit(url)
        operation = self._operation(method, parts.path.removeprefix(urlsplit(ROOT).path))
        known = {p.get("name") for p in operation.get("parameters", ())}
        unknown = parse_qs(parts.query).keys() - known - {"$deltatoken", "$skiptoken"}
        assert not unknown, f"{method} {parts.path} takes no {unknown}"
        content = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if content is None:
            assert not body, f"{method} {parts.path} takes no body"
            return
        schema = _as_json_schema(content["schema"])
        faults = list(Draft202012Validator(schema, registry=self._registry).iter_errors(json.loads(body)))
        assert not faults, "; ".join(f"{fault.json_path}: {fault.message}" for fault in faults)

    def _operation(self, method: str, path: str) -> dict[str, Any]:
        # A literal segment beats a placeholder: /messages/delta is not a message called delta.
        found = [(name.count("{"), item) for pattern, name, item in self._paths if pattern.fullmatch(path)]
        assert found, f"Graph has no {path}"
        operation: dict[str, Any] | None = min(found, key=lambda pair: pair[0])[1].get(method.lower())
        assert operation is not None, f"Graph has no {method} {path}"
        return operation


def _as_json_schema(node: Any) -> Any:
    """OpenAPI 3.0 says `nullable` beside a type; JSON Schema lists the types. References go to one document."""
    if isinstance(node, list):
        return [_as_json_schema(item) for item in node]
    if not isinstance(node, dict):
        return node
    result = {key: _as_json_schema(value) for key, value in node.items()}
    if isinstance(result.get("$ref"), str):
        result["$ref"] = "urn:graph" + result["$ref"]
    if result.get("nullable") is True and isinstance(result.get("type"), str):
        result["type"] = [result["type"], "null"]
    return result
