"""What a process keeps of the database for a few seconds, because nearly every transaction asks for it.

A change made by this process is seen by its next transaction, one made elsewhere within `FRESH_SECONDS`. Throughout a
transaction the answer is the same, but for the changes the transaction makes itself.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import event
from sqlalchemy.orm import Session

T = TypeVar("T")
FRESH_SECONDS = 5.0


@dataclass(slots=True)
class _Kept:
    """`turn` rises with every change made here."""

    value: Any = None
    until: float = 0.0
    turn: int = 0


def kept(
    session: Session,
    key: str,
    load: Callable[[Session, T | None], T],
    *,
    again: bool = False,
    longer: int = 1,
) -> T:
    """What `load(session, before)` gives, kept under `key`; `before` is what it gave last, or None.

    With `again` the database is asked even where the answer is fresh; `longer` times as long as usual is it taken for
    that where asking is dear.
    """
    if again or key not in session.info:
        session.info[key] = _current(session, key, load, again=again, longer=longer)
    found: T = session.info[key]
    return found


def changing(session: Session, key: str) -> None:
    """This transaction changes what is kept: it sees its own, and the process forgets with the commit."""
    here = _of(session, key)
    session.info.pop(key, None)
    if not session.info.get(_mine(key)):
        session.info[_mine(key)] = True

        @event.listens_for(session, "after_commit")  # of savepoints too: forgetting once more costs little
        def _forget(_: Session) -> None:
            here.turn += 1
            here.until = 0.0


def _current(
    session: Session, key: str, load: Callable[[Session, T | None], T], *, again: bool, longer: int
) -> T:
    if session.info.get(_mine(key)):
        return load(session, None)  # not committed yet: nobody else's business
    here = _of(session, key)
    if here.until > time.monotonic() and not again:
        known: T = here.value
        return known
    turn, now = here.turn, time.monotonic()
    found = load(session, here.value)
    # Changed here while this was read, it may be what was before; and what this transaction itself wrote in passing
    # (the load flushes) is nobody's business before the commit.
    if turn == here.turn and not session.info.get(_mine(key)):
        here.value, here.until = found, now + longer * FRESH_SECONDS
    return found


def _of(session: Session, key: str) -> _Kept:
    held: _Kept = session.info.setdefault("kept", {}).setdefault(key, _Kept())
    return held


def _mine(key: str) -> str:
    return f"changes {key}"
