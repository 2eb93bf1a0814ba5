"""The API's description, where FastAPI's own says less than is true."""

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute

from crm_api.core import problems
from crm_api.core.problems import MEDIA_TYPE

PROBLEM = {"$ref": "#/components/schemas/ProblemDocument"}
_LISTS = ("changes", "events", "rules", "mails", "webhooks")
REHEARSAL: dict[str, Any] = {
    "type": "object",
    "title": "Rehearsal",
    "description": "What a dry run answers: all that would have been done and would have followed, and nothing kept.",
    "required": ["dry_run", "status", "changes", "events", "answer"],
    "properties": {
        "dry_run": {"const": True},
        "status": {"type": "integer", "description": "The status of the answer in earnest."},
        **{name: {"type": "array", "items": {"type": "object"}} for name in _LISTS},
        "answer": {"description": "The body of the answer in earnest; null where it has none."},
    },
}


def operation_id(route: APIRoute) -> str:
    """The function's name; a bare verb says its room too, and PUT, which shares its function with PATCH, itself."""
    room = route.endpoint.__module__.split(".")[-2]
    name = route.name if "_" in route.name else f"{room}_{route.name}"
    return f"{name}_by_put" if "PUT" in (route.methods or ()) else name


def describe(app: FastAPI) -> None:
    """Let `app.openapi()` give problem documents the media type they are sent with."""
    plain: Callable[[], dict[str, Any]] = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = plain()
            for path in schema["paths"].values():
                for operation in path.values():
                    _tell_of_rehearsals(operation)
                    _name_problems(operation["responses"])
            schema["components"]["schemas"]["Rehearsal"] = REHEARSAL
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _tell_of_rehearsals(operation: dict[str, Any]) -> None:
    """Where `dry_run` is taken: its answer beside the usual one, and the refusal of a parameter that is none."""
    if not any(parameter["name"] == "dry_run" for parameter in operation.get("parameters", ())):
        return
    responses = operation["responses"]
    responses.setdefault(
        "400", {"description": problems.TITLES[400], "content": {MEDIA_TYPE: {"schema": PROBLEM}}}
    )
    rehearsed = {"$ref": "#/components/schemas/Rehearsal"}
    content = responses.setdefault("200", {"description": "With dry_run: what would be done"}).setdefault(
        "content", {}
    )
    usual = content.get("application/json", {}).get("schema")
    content["application/json"] = {"schema": {"anyOf": [usual, rehearsed]} if usual else rehearsed}


def _name_problems(responses: dict[str, Any]) -> None:
    for status, response in responses.items():
        content = response.get("content", {})
        others = [
            media_type for media_type in content if media_type != MEDIA_TYPE
        ]  # the route's own, as GeoJSON
        if status >= "400" and MEDIA_TYPE in content and others:
            content[MEDIA_TYPE] = content.pop(others[0])
