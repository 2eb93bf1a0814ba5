"""A web service on loopback, for the `googlemaps` package: it speaks `requests`, which nothing can stand in for."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


class Stub:
    """Answers each request with the next of `answers` (the last one for ever): a status and a body."""

    def __init__(self, *answers: tuple[int, Any]) -> None:
        self.answers, self.queries, self.url, self.hold = list(answers), [], "", threading.Event()
        self.hold.set()

    def reply(self, handler: BaseHTTPRequestHandler) -> None:
        self.queries.append(parse_qs(urlsplit(handler.path).query))
        self.hold.wait(10)
        status, body = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        body = body(self.queries[-1]) if callable(body) else body
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)


@contextmanager
def serving(*answers: tuple[int, Any]) -> Iterator[Stub]:
    stub = Stub(*answers)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            stub.reply(self)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    stub.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield stub
    finally:
        stub.hold.set()
        server.shutdown()
        server.server_close()
        thread.join()
