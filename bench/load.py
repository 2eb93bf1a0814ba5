"""Keeps an HTTP server busy over a fixed number of connections: with wrk where it is there, else in Python.

wrk costs the machine a fraction of what a Python client does, so with it more of the two cores is left to the
server. Both send the same requests and report the same figures.
"""

import asyncio
import itertools
import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import httptools
import uvloop


@dataclass(frozen=True, slots=True)
class Request:
    """One request; `body` is sent as JSON."""

    method: str
    path: str
    body: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What a run did: `p50` and `p99` in milliseconds; `failed` counts answers other than 2xx and 3xx."""

    requests: int
    seconds: float
    p50: float
    p99: float
    failed: int

    @property
    def per_second(self) -> float:
        """Answers a second."""
        return self.requests / self.seconds


def drive(
    port: int, requests: Sequence[Request], *, token: str | None, seconds: float, connections: int = 32
) -> Result:
    """Send `requests` in turn, over and over, from `connections` kept-alive connections for `seconds`."""
    if wrk := shutil.which("wrk"):
        return _with_wrk(wrk, port, requests, token=token, seconds=seconds, connections=connections)
    return uvloop.run(_in_python(port, requests, token=token, seconds=seconds, connections=connections))


# ── wrk ──────────────────────────────────────────────────────────────────────────────────────────

_SCRIPT = """
local requests, at = {}, 0
for line in io.lines(FILE) do
  local method, path, body = line:match("^(%S+) (%S+) ?(.*)$")
  requests[#requests + 1] = wrk.format(method, path, HEADERS, body ~= "" and body or nil)
end
request = function()
  at = at % #requests + 1
  return requests[at]
end
done = function(summary, latency)
  local e = summary.errors
  io.write(string.format('RESULT {"requests":%d,"seconds":%f,"p50":%f,"p99":%f,"failed":%d}\\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    e.status + e.connect + e.read + e.write + e.timeout))
end
"""


def _with_wrk(
    wrk: str, port: int, requests: Sequence[Request], *, token: str | None, seconds: float, connections: int
) -> Result:
    with tempfile.TemporaryDirectory() as directory:
        listing, script = Path(directory, "requests"), Path(directory, "load.lua")
        listing.write_text(
            "".join(f"{r.method} {r.path} {json.dumps(r.body) if r.body else ''}\n" for r in requests)
        )
        headers = ", ".join(f'["{name}"] = "{value}"' for name, value in _headers(port, token).items())
        named = _SCRIPT.replace("FILE", json.dumps(str(listing))).replace("HEADERS", f"{{{headers}}}")
        script.write_text(named)
        command = [wrk, "-t1", f"-c{connections}", f"-d{seconds:g}s", "--timeout", "30s", "-s", str(script)]
        done = subprocess.run(
            [*command, f"http://127.0.0.1:{port}"],
            capture_output=True,
            text=True,
            check=True,
            timeout=seconds + 60,
        )
    line = next(line for line in done.stdout.splitlines() if line.startswith("RESULT "))
    return Result(**json.loads(line.removeprefix("RESULT ")))


def _headers(port: int, token: str | None) -> dict[str, str]:
    headers = {"Host": f"127.0.0.1:{port}", "Content-Type": "application/json"}
    return headers | ({"Authorization": f"Bearer {token}"} if token else {})


# ── Python ───────────────────────────────────────────────────────────────────────────────────────


class _Connection(asyncio.Protocol):
    """One connection: sends the next request as soon as an answer is complete."""

    def __init__(self, source: Iterator[bytes], latencies: list[float], failures: list[int]) -> None:
        self._source, self._latencies, self._failures = source, latencies, failures
        self.closed = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one, but does not inherit
        self._next()

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        self._latencies.append(time.perf_counter() - self._sent)
        if self._parser.get_status_code() >= 400:
            self._failures.append(self._parser.get_status_code())
        self._next()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.closed.done():
            self.closed.set_result(None)

    def close(self) -> None:
        """Stop in the middle: the answer on its way is not counted."""
        self._transport.close()

    def _next(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._sent = time.perf_counter()
        self._transport.write(next(self._source))


async def _in_python(
    port: int, requests: Sequence[Request], *, token: str | None, seconds: float, connections: int
) -> Result:
    head = "".join(f"{name}: {value}\r\n" for name, value in _headers(port, token).items())
    source = itertools.cycle([_raw(request, head) for request in requests])
    latencies: list[float] = []
    failures: list[int] = []
    loop = asyncio.get_running_loop()
    started = time.perf_counter()
    opened = [
        (await loop.create_connection(lambda: _Connection(source, latencies, failures), "127.0.0.1", port))[1]
        for _ in range(connections)
    ]
    await asyncio.wait([connection.closed for connection in opened], timeout=seconds)
    elapsed = time.perf_counter() - started
    cut_off = sum(connection.closed.done() for connection in opened)
    for connection in opened:
        connection.close()
    await asyncio.gather(*(connection.closed for connection in opened))
    return result_of(latencies, elapsed, failed=len(failures) + cut_off)


def _raw(request: Request, head: str) -> bytes:
    body = json.dumps(request.body).encode() if request.body else b""
    length = f"Content-Length: {len(body)}\r\n" if request.body else ""
    return f"{request.method} {request.path} HTTP/1.1\r\n{head}{length}\r\n".encode() + body


def result_of(latencies: list[float], seconds: float, *, failed: int = 0) -> Result:
    """The figures of a run from the time each request took, in seconds."""
    ordered = sorted(latencies) or [float("nan")]
    p50, p99 = (1000 * ordered[int(len(ordered) * share)] for share in (0.5, 0.99))
    return Result(len(latencies), seconds, p50, p99, failed)
