"""Rounds as a user starts it: real processes on a free port of this machine, talked to over HTTP."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "an admin's password"
ADMIN = "admin@rounds.example"


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(what: str, check: Callable[[], Any], *, seconds: float = 180.0) -> Any:
    """The first truthy value of `check`, asked five times a second; fails naming what did not happen."""
    deadline = time.monotonic() + seconds
    while not (value := check()):
        assert time.monotonic() < deadline, f"{what} did not happen within {seconds:.0f} s"
        time.sleep(0.2)
    return value


@dataclass
class Installation:
    """One data directory with its settings; `command` runs the `crm` command in it."""

    data_dir: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)

    @property
    def address(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def environment(self, **more: str) -> dict[str, str]:
        """This process's environment without its own settings, and with the installation's."""
        kept = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "DATA_DIR", "DEMO", "PORT")}
        return kept | {
            "DATA_DIR": str(self.data_dir), "PORT": str(self.port), "CRM_ADMIN_PASSWORD": PASSWORD, "DEMO": "0",
            "LOG_LEVEL": "info", **self.settings, **more,
        }  # fmt: skip

    def command(self, *words: str) -> str:
        """Run `crm …` to its end; returns what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "entrypoints.cli", *words], cwd=ROOT, env=self.environment(), text=True,
            capture_output=True, timeout=180,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout

    @contextmanager
    def process(self, *words: str, **more: str) -> Iterator[subprocess.Popen[bytes]]:
        """`crm …` as long as the block runs, its output in DATA_DIR/<word>.log; ended in good order after it."""
        self.data_dir.mkdir(parents=True, exist_ok=True)
        with (self.data_dir / f"{words[0]}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "entrypoints.cli", *words], cwd=ROOT, env=self.environment(**more), stdout=log,
                stderr=log,
            )  # fmt: skip
            try:
                yield process
            finally:
                if process.poll() is None:
                    process.send_signal(signal.SIGTERM)
                    process.wait(30)

    def log(self, word: str) -> str:
        """What `crm <word>` wrote so far."""
        path = self.data_dir / f"{word}.log"
        return path.read_text() if path.exists() else ""

    def is_ready(self) -> bool:
        """Whether the address answers."""
        try:
            return httpx.get(f"{self.address}/ready", timeout=5).status_code == 200
        except httpx.TransportError:
            return False

    def demo_password(self) -> str:
        """What `crm up` printed for the demo users."""
        found = until("the demo password", lambda: re.search(r"with the password (\S+)", self.log("up")))
        return str(found[1])

    def client(self, email: str = ADMIN, password: str = PASSWORD) -> httpx.Client:
        """A client signed in as somebody."""
        answer = httpx.post(
            f"{self.address}/api/v1/auth/token", data={"username": email, "password": password}, timeout=30
        )
        assert answer.status_code == 200, answer.text
        token = answer.json()["access_token"]
        return httpx.Client(base_url=self.address, timeout=30, headers={"Authorization": f"Bearer {token}"})
