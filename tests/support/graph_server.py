"""The stand-in for Graph as a process of its own: `python -m tests.support.graph_server LOG`.

It prints its port. Every delivery is written to LOG and synced before it is answered, so that the log
tells what was sent whoever is killed afterwards. `PUT /faults` sets the faults of the next POSTs.
"""

import json
import os
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.support.graph import Answer, Dropped, FakeGraph

LATE_SECONDS = 0.3


class LoggedGraph(FakeGraph):
    """Writes each delivery down before anything else happens."""

    log: Path

    def _deliver(self, draft_id: str) -> None:
        before = len(self.sent)
        super()._deliver(draft_id)
        if len(self.sent) > before:
            with self.log.open("a") as file:
                file.write(self.sent[-1] + "\n")
                file.flush()
                os.fsync(file.fileno())


class Handler(BaseHTTPRequestHandler):
    """One request."""

    graph: LoggedGraph
    lock = threading.Lock()

    def do_PUT(self) -> None:
        with self.lock:
            self.graph.faults.extend(json.loads(self._body()))
        self._reply(Answer(204))

    def do_GET(self) -> None:
        self._serve("GET")

    def do_POST(self) -> None:
        self._serve("POST")

    def _serve(self, method: str) -> None:
        try:
            with self.lock:
                waiting = len(self.graph.late)
                answer = self.graph.answer(method, self.path, dict(self.headers.items()), self._body())
                if len(self.graph.late) > waiting:
                    threading.Thread(target=self._late, daemon=True).start()
        except Dropped:
            self.connection.close()
            return
        self._reply(answer)

    def _late(self) -> None:
        time.sleep(LATE_SECONDS)
        with self.lock:
            self.graph.catch_up()

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _reply(self, answer: Answer) -> None:
        body = b"" if answer.body is None else json.dumps(answer.body).encode()
        self.send_response(answer.status)
        for name, value in {**answer.headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """The log that counts is the other one."""


def main() -> None:
    """Serve until killed."""
    Handler.graph = LoggedGraph()
    Handler.graph.log = Path(sys.argv[1])
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main()
