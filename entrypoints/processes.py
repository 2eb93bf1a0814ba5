"""Runs the web process and the worker side by side: started together, watched, stopped together.

A child that dies is started again, after a pause that doubles each time it dies young. One that gives up by
itself before the service was ever ready has met something that another try will not mend (a taken port, a
wrong setting): then everything stops, with its exit code.
"""

import asyncio
import contextlib
import ctypes
import os
import signal
import socket
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

import uvicorn

from crm_api.core import logging
from crm_api.settings import Settings

log = logging.logger(__name__)

GRACE = 10.0  # seconds a child has to finish what it is doing; sending one mail takes the longest
LONGEST_PAUSE = 30.0
SETTLED = 60.0  # a child that ran for so many seconds is well again, and its next pause is short
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
PR_SET_PDEATHSIG = 1  # linux/prctl.h


@dataclass(frozen=True, slots=True)
class Child:
    """A program to keep running: a name for the log, and the command line."""

    name: str
    command: Sequence[str]


class Supervisor:
    """Keeps `children` running until it is told to stop.

    `ready` is asked every 50 ms until it says yes for the first time; then `on_ready` is called, once.
    `grace` and `first_pause` are seconds.
    """

    def __init__(
        self,
        children: Sequence[Child],
        *,
        ready: Callable[[], Awaitable[bool]],
        on_ready: Callable[[], None],
        grace: float = GRACE,
        first_pause: float = 0.5,
    ) -> None:
        self._children = children
        self._ready = ready
        self._on_ready = on_ready
        self._grace = grace
        self._first_pause = first_pause
        self._stopping = asyncio.Event()
        self._impatient = asyncio.Event()
        self._was_ready = False
        self._exit_code = 0

    async def run(self) -> int:
        """Start everything and watch it until `stop()` or a stop signal; returns the exit code.

        0 after a stop that was asked for, the child's own code where one gave up before the service was
        ready, 1 where a child had to be killed.
        """
        loop = asyncio.get_running_loop()
        for number in STOP_SIGNALS:
            loop.add_signal_handler(number, self._on_signal)
        try:
            async with asyncio.TaskGroup() as tasks:
                announcing = tasks.create_task(self._announce())
                for child in self._children:
                    tasks.create_task(self._keep(child))
                await self._stopping.wait()
                announcing.cancel()
        finally:
            for number in STOP_SIGNALS:
                loop.remove_signal_handler(number)
        return self._exit_code

    def stop(self) -> None:
        """Ask for the end; `run` returns once every child is gone."""
        self._stopping.set()

    def _on_signal(self) -> None:
        if self._stopping.is_set():  # asked twice: the person at the keyboard will not wait
            self._impatient.set()
        self.stop()

    async def _announce(self) -> None:
        while not await self._ready():  # noqa: ASYNC110  another process gets ready: there is no event to wait for
            await asyncio.sleep(0.05)
        self._was_ready = True
        self._on_ready()

    async def _keep(self, child: Child) -> None:
        pause = self._first_pause
        while not self._stopping.is_set():
            started = time.monotonic()
            code = await self._run_once(child)
            if self._stopping.is_set():
                return
            if code >= 0 and not self._was_ready:
                log.error("could not start", process=child.name, exit_code=code)
                self._exit_code = code or 1
                self.stop()
                return
            if time.monotonic() - started > SETTLED:
                pause = self._first_pause
            log.error("died; starting it again", process=child.name, exit_code=code, in_seconds=pause)
            await _first_of(self._stopping.wait(), seconds=pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _run_once(self, child: Child) -> int:
        """Start the child and stay with it until it has ended, by itself or because of `stop()`."""
        # A session of its own: Ctrl-C reaches only this process, which then ends the children in good order.
        process = await asyncio.create_subprocess_exec(
            *child.command,
            stdin=asyncio.subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=_die_with_parent,
        )
        log.info("started", process=child.name, pid=process.pid)
        await _first_of(process.wait(), self._stopping.wait())
        _signal(process, signal.SIGTERM)
        await _first_of(process.wait(), self._impatient.wait(), seconds=self._grace)
        if process.returncode is None:
            log.error("killed, it would not stop", process=child.name, pid=process.pid)
            self._exit_code = self._exit_code or 1
            _signal(process, signal.SIGKILL)
        return await process.wait()


async def _first_of(*waits: Coroutine[Any, Any, Any], seconds: float | None = None) -> None:
    """Return when one of `waits` is over, or `seconds` have passed; the others are cancelled."""
    tasks = [asyncio.create_task(wait) for wait in waits]
    try:
        await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()


def _signal(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        if process.returncode is None:
            process.send_signal(number)


def _die_with_parent() -> None:
    # Even kill -9 on this process must not leave a worker behind that goes on sending. Linux knows a way;
    # elsewhere the next start finds the port taken and says so.
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() == 1:
            os.kill(os.getpid(), signal.SIGTERM)


async def answers_ready(host: str, port: int) -> bool:
    """Whether `GET /ready` on that address answers 200 within two seconds."""
    reached = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    try:
        async with asyncio.timeout(2):
            reader, writer = await asyncio.open_connection(reached, port)
            writer.write(f"GET /ready HTTP/1.1\r\nHost: {reached}\r\nConnection: close\r\n\r\n".encode())
            status_line = await reader.readline()
            writer.close()
            await writer.wait_closed()
    except (OSError, TimeoutError):
        return False
    return status_line.split(b" ")[1:2] == [b"200"]


def is_free(host: str, port: int) -> bool:
    """Whether nothing listens on that address yet; asked first, because the other one might answer for us."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


async def supervise(
    settings: Settings, *, is_prepared: Callable[[], bool], on_ready: Callable[[], None]
) -> int:
    """Run the web process and the worker until Ctrl-C or SIGTERM; returns the exit code.

    `on_ready` is called once, when the address answers and `is_prepared` says yes.
    """
    command = [sys.executable, "-m", "entrypoints.cli"]

    async def ready() -> bool:
        return is_prepared() and await answers_ready(settings.host, settings.port)

    return await Supervisor(
        [Child("web", [*command, "serve"]), Child("worker", [*command, "work"])],
        ready=ready,
        on_ready=on_ready,
    ).run()


def serve(settings: Settings) -> None:
    """Run the web process in this one: uvicorn on uvloop and httptools, `WEB_WORKERS` of them."""
    uvicorn.run(
        "entrypoints.web:app",
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=settings.web_workers,
        loop="uvloop",
        http="httptools",
        proxy_headers=True,
        forwarded_allow_ips=settings.forwarded_allow_ips,
        timeout_graceful_shutdown=int(GRACE) - 2,
        log_config=None,  # logs are ours, see crm_api/core/logging.py
        access_log=False,  # crm_api/core/request_log.py writes that line, with the request's id
        server_header=False,
    )
