"""Who is behind the work in hand: read by the audit trail, the events and the logs.

A context variable, because it belongs to the request or job as a whole: threads and greenlets that do
its database work inherit it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Context:
    """`origin` is the channel a change came through: api, web, import, demo, job, cli."""

    actor_id: UUID | None = None
    origin: str = "system"
    request_id: str | None = None
    label: str = ""


_current: ContextVar[Context] = ContextVar("context", default=Context())  # noqa: B039


def current() -> Context:
    """The context of the running request or job."""
    return _current.get()


def enter(**changes: Any) -> None:
    """Change the context for the rest of this task; for the edge, which has a task to itself."""
    _current.set(replace(_current.get(), **changes))


@contextmanager
def working(**changes: Any) -> Iterator[Context]:
    """Change the context for as long as the block runs."""
    token = _current.set(replace(_current.get(), **changes))
    try:
        yield _current.get()
    finally:
        _current.reset(token)
