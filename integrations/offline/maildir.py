"""Mail without a network: what we send and what we receive are files under one folder.

    ROOT/out/<recipient>/{tmp,new,cur}   what was sent to that person
    ROOT/in/<our address>/{tmp,new,cur}  what arrived for one of us; drop a file into new/ to reply

The file name of an outgoing mail follows from its send key, so that a crash at any point is found out
by looking: the file is there or it is not. That makes the Maildir the one transport that is exactly once.
"""

import asyncio
import json
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from crm_api.ports import (
    IncomingEmail,
    MailboxChanges,
    OutgoingEmail,
    PermanentFailure,
    SendState,
    SentEmail,
    TemporaryFailure,
)
from integrations import mime

BATCH = 50


def folder(root: Path, direction: str, address: str) -> Path:
    """Where the mail of one address lives; `direction` is "out" or "in".

    Raises PermanentFailure for what is not an address: the name becomes a path.
    """
    if "@" not in address:
        raise PermanentFailure(f"{address!r} is not a mail address.")
    return root / direction / quote(address.casefold(), safe="@+")


class MaildirSender:
    """Delivers into `root/out/<recipient>`, once per send key."""

    name = "maildir"
    settle_seconds = 0.0  # a rename is done when it returns: there is nothing to wait for

    def __init__(self, root: Path) -> None:
        self._root = root

    async def prepare(self, message: OutgoingEmail) -> str:
        """Write the mail into tmp/; the handle is its file name."""
        return await asyncio.to_thread(_translated, self._prepare, message)

    async def submit(self, handle: str, message: OutgoingEmail) -> SentEmail:
        """Move the prepared file into new/. Moving it twice is impossible: there is one name."""
        await asyncio.to_thread(_translated, self._submit, handle, message)
        return SentEmail(provider_id=handle, message_id=message.message_id)

    async def find(self, handle: str, message: OutgoingEmail) -> SendState:
        """Exact: the file is in new/ or cur/, or it was never sent."""
        sent = await asyncio.to_thread(self._delivered, handle, message)
        return SendState.SENT if sent else SendState.NOT_SENT

    def _folder(self, message: OutgoingEmail) -> Path:
        return folder(self._root, "out", message.recipient.address)

    def _prepare(self, message: OutgoingEmail) -> str:
        handle = f"{quote(message.send_key, safe='')}.rounds"
        home = _maildir(self._folder(message))
        _write_durably(home / "tmp" / handle, mime.compose(message))
        return handle

    def _submit(self, handle: str, message: OutgoingEmail) -> None:
        home = _maildir(self._folder(message))
        if self._delivered(handle, message):
            return
        if not (home / "tmp" / handle).exists():
            self._prepare(message)
        try:
            (home / "tmp" / handle).rename(home / "new" / handle)
        except FileNotFoundError:
            # Another process moved it between the look and the move: the one file is where it belongs.
            if not self._delivered(handle, message):
                raise
        _sync_folder(home / "new")

    def _delivered(self, handle: str, message: OutgoingEmail) -> bool:
        home = self._folder(message)
        if (home / "new" / handle).exists():
            return True
        # A mail program that has shown a mail moves it to cur/ and appends its flags after a colon.
        current = home / "cur"
        return current.is_dir() and any(name.partition(":")[0] == handle for name in os.listdir(current))


class MaildirReader:
    """Reads what was dropped into `root/in/<address>/new`.

    The cursor lists the names handed out last. They move to cur/ on the next call, which proves that
    the caller has committed them; after a crash the old cursor hands out the same mails again.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    async def changes(self, mailbox: str, *, cursor: str | None) -> MailboxChanges:
        """At most 50 mails in order of arrival; `more` says that others wait."""
        return await asyncio.to_thread(_translated, self._changes, mailbox, cursor)

    def _changes(self, mailbox: str, cursor: str | None) -> MailboxChanges:
        home = folder(self._root, "in", mailbox)
        if not (home / "new").is_dir():
            return MailboxChanges((), cursor or "[]")
        for name in json.loads(cursor or "[]"):
            _mark_seen(home, name)
        waiting = sorted(
            (entry for entry in os.scandir(home / "new") if entry.is_file()),
            key=lambda entry: (entry.stat().st_mtime_ns, entry.name),
        )
        batch = waiting[:BATCH]
        return MailboxChanges(
            messages=tuple(_read(Path(entry.path)) for entry in batch),
            cursor=json.dumps([entry.name for entry in batch]),
            more=len(waiting) > BATCH,
        )


class MaildirKeeper:
    """Removes a person's mails: what we sent to them, and what they sent to any of us."""

    def __init__(self, root: Path) -> None:
        self._root = root

    async def forget(self, address: str) -> int:
        """Remove them; returns how many there were."""
        return await asyncio.to_thread(_translated, self._forget, address)

    def _forget(self, address: str) -> int:
        sent = folder(self._root, "out", address)
        theirs = [path for path in sent.glob("*/*") if path.is_file()]
        arrived = [path for path in (self._root / "in").glob("*/*/*") if path.is_file()]
        theirs += [path for path in arrived if _read(path).sender.address.casefold() == address.casefold()]
        for path in theirs:
            path.unlink(missing_ok=True)
        if sent.is_dir():
            shutil.rmtree(sent)
        return len(theirs)


def _read(path: Path) -> IncomingEmail:
    arrived = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    return mime.read(path.read_bytes(), provider_id=path.name, received_at=arrived)


def _mark_seen(home: Path, name: str) -> None:
    (home / "cur").mkdir(exist_ok=True)
    waiting = home / "new" / name
    if waiting.exists():
        waiting.rename(home / "cur" / f"{name.partition(':')[0]}:2,S")


def _maildir(home: Path) -> Path:
    for part in ("tmp", "new", "cur"):
        (home / part).mkdir(parents=True, exist_ok=True)
    return home


def _write_durably(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(path: Path) -> None:
    """A rename survives a power cut only when its folder was synced."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _translated(work, *arguments):  # type: ignore[no-untyped-def]
    try:
        return work(*arguments)
    except OSError as error:
        raise TemporaryFailure(f"The mail folder cannot be used: {error.strerror or error}.") from error
