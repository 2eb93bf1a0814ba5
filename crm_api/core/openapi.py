"""The API's description, where FastAPI's own says less than is true."""

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute

from crm_api.core.problems import MEDIA_TYPE


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
                    _name_problems(operation["responses"])
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _name_problems(responses: dict[str, Any]) -> None:
    for status, response in responses.items():
        content = response.get("content", {})
        if status >= "400" and MEDIA_TYPE in content and "application/json" in content:
            content[MEDIA_TYPE] = content.pop("application/json")
