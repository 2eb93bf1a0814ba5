"""Every failure as one RFC 9457 answer: a stable `type`, a sentence, the fields at fault, the request id."""

import json
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from pydantic import BaseModel
from pydantic_core import PydanticSerializationError, to_json
from starlette.exceptions import HTTPException
from starlette.routing import Match

from crm_api.core import context
from crm_api.core.errors import (
    FieldError,
    Invalid,
    NotSignedIn,
    Problem,
    TooLarge,
    TooMany,
    Unavailable,
)

MEDIA_TYPE = "application/problem+json"


class FaultDocument(BaseModel):
    """One fault in the input."""

    field: str
    message: str


class ProblemDocument(BaseModel):
    """RFC 9457 problem details."""

    type: str
    title: str
    status: int
    detail: str
    request_id: str | None = None
    errors: list[FaultDocument] = []


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """OpenAPI `responses` for these statuses, each a problem document."""
    return {
        status: {
            "model": ProblemDocument,
            "content": {MEDIA_TYPE: {}},
            "description": TITLES.get(status, "Problem"),
        }
        for status in statuses
    }


TITLES = {
    400: "A parameter that does not exist, or a damaged cursor",
    401: "Not signed in",
    403: "Not allowed",
    404: "Not there, or not yours to see",
    409: "A rule of the business forbids it",
    412: "Changed since you read it",
    413: "Too large",
    422: "The input is not valid",
    429: "Too many requests",
    503: "The database is away",
}


def document(problem: Problem) -> dict[str, Any]:
    """The problem as RFC 9457 writes it, without the request it belongs to."""
    body = {
        "type": f"/problems/{problem.type}",
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
        **problem.extra,
    }
    if problem.errors:
        body["errors"] = [{"field": fault.field, "message": fault.message} for fault in problem.errors]
    return body


def answer(problem: Problem) -> Response:
    """The HTTP answer for a problem."""
    body = document(problem) | {"request_id": context.current().request_id}
    headers = {}
    if isinstance(problem, TooMany | Unavailable):
        headers["Retry-After"] = str(problem.retry_after)
    if isinstance(problem, NotSignedIn):
        headers["WWW-Authenticate"] = "Bearer"
    return Response(_written(body), problem.status, headers, MEDIA_TYPE)


def _written(body: dict[str, Any]) -> bytes:
    """The JSON text. What a client sent is quoted in it, and may hold half a surrogate pair."""
    try:
        return to_json(body)
    except PydanticSerializationError:
        return json.dumps(body, default=str).encode()


def install(app: FastAPI) -> None:
    """Register the handlers; nothing else in the service makes an error answer."""

    @app.exception_handler(Problem)
    async def _problem(request: Request, problem: Problem) -> Response:
        return answer(problem)

    @app.exception_handler(RequestValidationError)
    async def _invalid(request: Request, error: RequestValidationError) -> Response:
        return answer(from_validation(error.errors()))

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> Response:
        response = answer(_from_http(error))
        for name, value in (error.headers or {}).items():
            response.headers[name] = value
        if error.status_code == 405:
            response.headers["Allow"] = ", ".join(_methods_of(request))
        return response


_SENTENCES = {
    404: "There is nothing at this address; see /docs for the list of paths.",
    405: "This path does not take this method; see /docs.",
}
_TYPES = {404: "no-such-path", 405: "no-such-method"}


def _methods_of(request: Request) -> list[str]:
    """Every method the address takes; the framework names those of the first route that has the path alone."""
    return [
        method
        for method in ("DELETE", "GET", "PATCH", "POST", "PUT")
        if any(
            route.matches({**request.scope, "method": method})[0] is Match.FULL
            for route in request.app.router.routes
        )
    ]


def _from_http(error: HTTPException) -> Problem:
    """The problem behind an exception of the framework."""
    if error.status_code == 413:
        return TooLarge(str(error.detail))
    if error.status_code == 400 and error.__cause__ is not None:
        return _unreadable(error.__cause__)
    problem = Problem(_SENTENCES.get(error.status_code, str(error.detail)))
    problem.status, problem.type = error.status_code, _TYPES.get(error.status_code, "http")
    problem.title = str(error.detail)
    return problem


def _unreadable(cause: BaseException) -> Invalid:
    """Why a body cannot even be read as JSON; FastAPI itself says only that it cannot."""
    if isinstance(cause, UnicodeDecodeError):
        return Invalid.field("body", f"not valid UTF-8 at byte {cause.start}")
    if isinstance(cause, RecursionError):
        return Invalid.field("body", "nested too deeply")
    if isinstance(cause, ValueError):
        return Invalid.field("body", "holds a number with too many digits")
    return Invalid.field("body", "cannot be read")


def from_validation(faults: Any) -> Invalid:
    """The Invalid for pydantic's list of faults: the field's path, and what it takes."""
    errors = [FieldError(_path(fault), _plain(fault)) for fault in faults]
    first = errors[0] if errors else FieldError("body", "not valid")
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return Invalid(f"{first.field}: {first.message}{more}", errors=errors)


def _path(fault: Mapping[str, Any]) -> str:
    parts = [str(part) for part in fault.get("loc", ())]
    if parts and parts[0] in ("body", "query", "path", "header", "cookie"):
        parts = parts[1:]
    return "body" if fault.get("type") == "json_invalid" else ".".join(parts) or "body"


def _plain(fault: Mapping[str, Any]) -> str:
    if fault.get("type") == "json_invalid":
        place = fault["loc"][-1]
        return f"not valid JSON at character {place}: {fault['ctx']['error']}"
    return str(fault.get("msg", "not valid")).removeprefix("Value error, ")
