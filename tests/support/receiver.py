"""A webhook receiver on loopback: keeps what it is sent, answers what the test says, verifies as the
Standard Webhooks specification asks (https://github.com/standard-webhooks/standard-webhooks, 1.0.0)."""

import asyncio
import base64
import hashlib
import hmac
import json
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

TOLERANCE = 5 * 60  # seconds, as the specification recommends


@dataclass(frozen=True)
class Received:
    """One request."""

    line: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body."""
        return json.loads(self.body)


@dataclass
class Answer:
    """What to answer; `hang_up` closes without a word, `silent` never answers."""

    status: int = 200
    body: bytes = b"thanks"
    headers: Mapping[str, str] = field(default_factory=dict)
    hang_up: bool = False
    silent: bool = False


class Receiver:
    """The server. `answers` are used up one by one; then `usually` is given."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.answers: list[Answer] = []
        self.usually = Answer()
        self.port = 0
        self.scheme = "http"
        self._open: set[asyncio.StreamWriter] = set()

    @property
    def url(self) -> str:
        """Where to post to."""
        return f"{self.scheme}://127.0.0.1:{self.port}/hooks"

    @property
    def ids(self) -> list[str]:
        """The `webhook-id` of every request."""
        return [request.headers["webhook-id"] for request in self.received]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = {
                name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)
            }
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            self.received.append(Received(head[0], headers, body))
            answer = self.answers.pop(0) if self.answers else self.usually
            if answer.silent:
                await asyncio.Event().wait()
            if not answer.hang_up:
                lines = {"content-length": str(len(answer.body)), "connection": "close", **answer.headers}
                told = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
                writer.write(f"HTTP/1.1 {answer.status} Said\r\n{told}\r\n".encode() + answer.body)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            pass
        finally:
            self._open.discard(writer)
            writer.close()

    async def close_all(self) -> None:
        """Hang up on whoever is still connected."""
        for writer in list(self._open):
            writer.transport.abort()


@asynccontextmanager
async def receiving(tls: ssl.SSLContext | None = None) -> AsyncIterator[Receiver]:
    """A receiver on a free port of 127.0.0.1."""
    receiver = Receiver()
    tasks: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await receiver._serve(reader, writer)
        except asyncio.CancelledError:
            pass
        finally:
            tasks.discard(task)

    server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls)
    receiver.port = server.sockets[0].getsockname()[1]
    receiver.scheme = "https" if tls else "http"
    try:
        yield receiver
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class NotGenuine(Exception):
    """The message is not from who it says, or too old."""


def verify(secret: str, headers: Mapping[str, str], body: bytes, *, now: float) -> Any:
    """The verified body, as the specification says a receiver does it; raises NotGenuine."""
    if not secret.startswith("whsec_"):
        raise NotGenuine("a symmetric secret begins with whsec_")
    key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    if not 24 <= len(key) <= 64:
        raise NotGenuine("a key has 24 to 64 bytes")
    timestamp = headers["webhook-timestamp"]
    if abs(now - int(timestamp)) > TOLERANCE:
        raise NotGenuine("the timestamp is too old, or from the future")
    content = f"{headers['webhook-id']}.{timestamp}.".encode() + body
    expected = hmac.new(key, content, hashlib.sha256).digest()
    for part in headers["webhook-signature"].split(" "):
        version, _, given = part.partition(",")
        if version == "v1" and hmac.compare_digest(base64.b64decode(given), expected):
            return json.loads(body)
    raise NotGenuine("no signature fits")
