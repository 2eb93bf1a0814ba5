"""Files on our own disk, one for each content.

    ROOT/3f/3f79bb7b435b05321651daefd374cdc681dc06faa65e374e38337b88ca046dea

The name is the SHA-256 of the bytes and nothing a person typed, so that no name can lead out of the folder, and the
same price list attached a thousand times lies here once. A file is written beside its place, synced and renamed: it is
there whole or not at all.
"""

import asyncio
import errno
import fcntl
import hashlib
import os
import re
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import BinaryIO, ParamSpec, TypeVar

from crm_api.ports import Diagnosis, KeptFile, PermanentFailure, TemporaryFailure

P = ParamSpec("P")
R = TypeVar("R")
CHUNK = 256 * 1024
_NAME = re.compile(r"[0-9a-f]{64}")
_PART = ".part"
_STALE = 24 * 3600.0  # seconds after which half a file is a crash's


class DiskFileStore:
    """Keeps files under one folder; several processes may share it."""

    name = "disk"

    def __init__(self, root: Path) -> None:
        self._root = root

    async def keep(self, sha256: str, source: BinaryIO) -> None:
        """Write, sync, rename; where the bytes are there already, only say that they are wanted again."""
        await asyncio.to_thread(_translated, self._keep, sha256, source)

    async def read(self, sha256: str) -> AsyncIterator[bytes]:
        """Read in pieces of 256 KiB, in a thread."""
        file = await asyncio.to_thread(_translated, self._open, sha256)
        return _pieces(file)

    async def kept(self) -> list[KeptFile]:
        """Look through the folder; half files that a crash left are removed on the way."""
        return await asyncio.to_thread(_translated, self._kept)

    async def forget(self, file: KeptFile) -> bool:
        """Remove under the lock that keeping takes, so that nobody counts on what goes."""
        return await asyncio.to_thread(_translated, self._forget, file)

    async def diagnose(self) -> list[Diagnosis]:
        """Whether the folder can be written."""
        try:
            await asyncio.to_thread(_translated, self._try)
        except (TemporaryFailure, PermanentFailure) as failure:
            return [Diagnosis("attachments", False, failure.reason)]
        return [Diagnosis("attachments", True, f"kept in {self._root}")]

    def _path(self, sha256: str) -> Path:
        if not _NAME.fullmatch(sha256):
            raise PermanentFailure(f"{sha256!r} is not the name of a file.")
        return self._root / sha256[:2] / sha256

    def _keep(self, sha256: str, source: BinaryIO) -> None:
        path = self._path(sha256)
        path.parent.mkdir(parents=True, exist_ok=True)
        part = None if path.exists() else self._written(path.parent, sha256, source)
        with self._locked():
            if part is not None:
                os.replace(part, path)
            elif not path.exists():  # removed a moment ago
                os.replace(self._written(path.parent, sha256, source), path)
            now = time.time_ns()
            os.utime(path, ns=(now, now))
        _sync(path.parent)

    def _written(self, folder: Path, sha256: str, source: BinaryIO) -> Path:
        source.seek(0)
        digest = hashlib.sha256()
        with NamedTemporaryFile(dir=folder, suffix=_PART, delete=False) as part:
            try:
                while piece := source.read(CHUNK):
                    digest.update(piece)
                    part.write(piece)
                if digest.hexdigest() != sha256:
                    raise PermanentFailure("The bytes are not those of that name.")
                part.flush()
                os.fsync(part.fileno())
            except BaseException:
                os.unlink(part.name)
                raise
        return Path(part.name)

    def _open(self, sha256: str) -> BinaryIO:
        try:
            return self._path(sha256).open("rb")
        except FileNotFoundError as error:
            raise PermanentFailure("This file is not kept any more.") from error

    def _kept(self) -> list[KeptFile]:
        found: list[KeptFile] = []
        if not self._root.is_dir():
            return found
        for folder in self._root.iterdir():
            for entry in os.scandir(folder) if folder.is_dir() else ():
                if _NAME.fullmatch(entry.name):
                    found.append(KeptFile(entry.name, entry.stat().st_mtime_ns))
                elif entry.name.endswith(_PART) and entry.stat().st_mtime < time.time() - _STALE:
                    os.unlink(entry.path)
        return found

    def _forget(self, file: KeptFile) -> bool:
        path = self._path(file.sha256)
        with self._locked():
            try:
                if path.stat().st_mtime_ns != file.mark:
                    return False
                path.unlink()
            except FileNotFoundError:
                return True
        _sync(path.parent)
        return True

    def _try(self) -> None:
        self._root.mkdir(parents=True, exist_ok=True)
        with self._locked(), NamedTemporaryFile(dir=self._root, suffix=_PART):
            pass

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with (self._root / ".lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


async def _pieces(file: BinaryIO) -> AsyncIterator[bytes]:
    try:
        while piece := await asyncio.to_thread(file.read, CHUNK):
            yield piece
    finally:
        file.close()


def _sync(folder: Path) -> None:
    """Make a rename durable: the entry is the folder's, not the file's."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _translated(work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    try:
        return work(*args, **kwargs)
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        told = "the disk is full" if full else (error.strerror or str(error))
        raise TemporaryFailure(f"Files cannot be kept just now: {told}.", retry_after=60.0) from error
