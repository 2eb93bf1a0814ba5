"""Gives each request an id, and the log one line a request."""

import re
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from crm_api.core import logging

log = logging.logger(__name__)

# What a proxy may send us: anything else could forge log lines or grow without bound.
_ACCEPTED_ID = re.compile(rb"[A-Za-z0-9._-]{8,64}")

_QUIET_PATHS = frozenset({"/health", "/ready", "/metrics"})


class RequestLog:
    """ASGI middleware, the outermost: `X-Request-ID` in, or made here; the same one out, and in every line.

    Pure ASGI, because Starlette's BaseHTTPMiddleware runs the endpoint in another context, where what it
    binds (the user) is lost to the line written here, and costs some 0.1 ms a request more.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = _given_id(scope) or logging.new_request_id()
        status = 500  # what the client sees when the app raises before it answers

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", request_id.encode())]
            await send(message)

        started = time.perf_counter()
        with logging.bound(request_id=request_id):
            try:
                await self.app(scope, receive, send_with_id)
            finally:
                milliseconds = round((time.perf_counter() - started) * 1000, 1)
                write = log.debug if scope["path"] in _QUIET_PATHS else log.info
                write("request", method=scope["method"], path=scope["path"], status=status, ms=milliseconds)


def _given_id(scope: Scope) -> str | None:
    for name, value in scope["headers"]:
        if name == b"x-request-id":
            return value.decode() if _ACCEPTED_ID.fullmatch(value) else None
    return None
