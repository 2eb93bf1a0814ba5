"""What every request passes through: a request id, the size limit, paths without a trailing slash.

Plain ASGI: Starlette's BaseHTTPMiddleware costs a task and two queues a request.
"""

import logging
import re
import time
from collections.abc import Mapping
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from crm_api.core import context
from crm_api.core.errors import Problem, TooLarge
from crm_api.core.problems import answer

JSON_LIMIT = 2_000_000
log = logging.getLogger("rounds.access")
_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")


class Edge:
    """Outermost layer of the application."""

    def __init__(self, app: ASGIApp, *, uploads: Mapping[str, int]) -> None:
        """`uploads` are the bytes that a body may have, by the beginning of its path; others have 2 MB."""
        self.app, self.uploads = app, dict(uploads)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        given = headers.get("x-request-id", "")
        request_id = given if _ID.fullmatch(given) else uuid4().hex
        path = scope["path"]
        if len(path) > 1 and path.endswith("/"):
            scope = {**scope, "path": path.rstrip("/") or "/"}
        started, status = time.perf_counter(), 0

        async def told(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-ID"] = request_id
            await send(message)

        limit = next((n for start, n in self.uploads.items() if scope["path"].startswith(start)), JSON_LIMIT)
        with context.working(request_id=request_id, origin="api", actor_id=None):
            try:
                await self._limited(scope, receive, told, limit, headers)
            finally:
                log.info(
                    "request",
                    extra={
                        "method": scope["method"],
                        "path": scope["path"],
                        "status": status,
                        "ms": round((time.perf_counter() - started) * 1000, 1),
                    },
                )

    async def _limited(
        self, scope: Scope, receive: Receive, send: Send, limit: int, headers: Headers
    ) -> None:
        refusal = answer(TooLarge(f"This address takes at most {limit:,} bytes."))
        length = headers.get("content-length", "0")
        if length.isascii() and length.isdigit() and int(length[:20]) > limit:
            await refusal(scope, receive, send)
            return
        seen, answered = 0, False

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > limit:
                raise _Over(limit)
            return message

        async def noting(message: Message) -> None:
            nonlocal answered
            answered = True
            await send(message)

        try:
            await self.app(scope, counted, noting)
        except _Over:
            if not answered:
                await refusal(scope, receive, send)
        except Exception:
            # Here and not in an exception handler: those run outside, where the request id is forgotten.
            log.exception("unhandled error")
            if answered:
                raise
            fault = Problem("This is a fault of ours. Quote the request id when you report it.")
            await answer(fault)(scope, receive, send)


class _Over(HTTPException):
    """More of the body came than may come; of this kind, because FastAPI lets no other pass unchanged."""

    def __init__(self, limit: int) -> None:
        super().__init__(413, f"This address takes at most {limit:,} bytes.")
