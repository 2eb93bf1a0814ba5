"""One sender for one SQLite file: a lock the operating system gives back when its holder dies."""

import asyncio
import fcntl
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

PATIENCE = 15.0  # seconds; a predecessor that was told to stop finishes the mail in its hands


class AnotherWorker(Exception):
    """A worker is running on this data directory already."""


@asynccontextmanager
async def only_sender(data_dir: Path, *, patience: float = PATIENCE) -> AsyncIterator[None]:
    """Hold the lock for as long as the block runs. Raises AnotherWorker where it is not free in `patience` seconds.

    The lock ends with the process, by kill -9 too, so that whoever holds it knows the one before is gone.
    """
    handle = _opened(data_dir)
    try:
        deadline = time.monotonic() + patience
        while not _taken(handle):
            if time.monotonic() > deadline:
                raise AnotherWorker(
                    f"Another worker is sending from {data_dir}. With SQLite there is one; PostgreSQL allows several."
                )
            await asyncio.sleep(0.1)
        yield
    finally:
        os.close(handle)


def _opened(data_dir: Path) -> int:
    data_dir.mkdir(parents=True, exist_ok=True)
    return os.open(data_dir / "sender.lock", os.O_RDWR | os.O_CREAT, 0o600)


def _taken(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
