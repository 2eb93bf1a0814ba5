"""Failures on a page are pages: a sentence, the way on, and the request id. The API keeps problem+json."""

import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any
from urllib.parse import quote, urlsplit

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from crm_api.core import problems
from crm_api.core.errors import NotFound, NotSignedIn, Problem, TooMany, Unavailable
from crm_api.core.problems import from_validation
from crm_api.pages.headers import PAGE_HEADERS
from crm_api.pages.session import maybe_visitor
from crm_api.pages.templating import is_fragment, is_script, render

log = logging.getLogger(__name__)
Handler = Callable[[Request, Any], Response | Awaitable[Response]]
MACHINES = ("/api/", "/openapi.json", "/docs", "/health", "/ready", "/metrics", "/a/")


class PageRoute(APIRoute):
    """A route whose failures people can read."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, with each failure turned into a page."""
        handle = super().get_route_handler()

        async def handled(request: Request) -> Response:
            try:
                return await handle(request)
            except Problem as problem:
                return answer(request, problem)
            except RequestValidationError as error:
                return answer(request, from_validation(error.errors()))
            except HTTPException:
                raise
            except Exception:
                log.exception("unhandled error on a page")
                return answer(
                    request, Problem("This is a fault of ours. Quote the number below when you report it.")
                )

        return handled


def answer(request: Request, problem: Problem) -> Response:
    """The page for a problem; whoever is not signed in goes to the sign-in and comes back afterwards."""
    if is_script(request):
        return problems.answer(problem)
    if isinstance(problem, NotSignedIn):
        return to_sign_in(request)
    fragment = is_fragment(request)
    template = "partials/problem.html" if fragment else "error.html"
    response = render(request, template, problem=problem, status=problem.status)
    if fragment and request.headers.get("hx-target") != "answer":
        # What the button would have replaced stays as it is; the failure appears beside it.
        response.headers.update({"HX-Retarget": "#toasts", "HX-Reswap": "beforeend"})
    if isinstance(problem, TooMany | Unavailable):
        response.headers["Retry-After"] = str(problem.retry_after)
    return response


def to_sign_in(request: Request) -> Response:
    """Off to the sign-in; htmx is told to take the whole page there."""
    if is_fragment(request):
        # The page it was asked from: there the script gives back what was typed.
        on = urlsplit(request.headers.get("hx-current-url", "")).path
        address = f"/sign-in?next={quote(on)}" if on not in ("", "/") else "/sign-in"
        return Response(status_code=401, headers={**PAGE_HEADERS, "HX-Redirect": address})
    on = request.url.path if request.method == "GET" and request.url.path != "/" else ""
    address = f"/sign-in?next={quote(on)}" if on else "/sign-in"
    return RedirectResponse(address, 303, PAGE_HEADERS)


def install(app: FastAPI) -> None:
    """Answer a person's browser on an unknown path with a page; everybody else as before."""
    before: Handler = app.exception_handlers[HTTPException]

    async def _http(request: Request, error: HTTPException) -> Response:
        path, accepts = request.url.path, request.headers.get("accept", "")
        if error.status_code == 404 and "text/html" in accepts and not path.startswith(MACHINES):
            await maybe_visitor(request)
            return answer(request, NotFound("There is no page at this address."))
        given = before(request, error)
        return given if isinstance(given, Response) else await given

    app.add_exception_handler(HTTPException, _http)  # type: ignore[arg-type]
