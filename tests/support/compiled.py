"""Compiled statements shared by all databases of a test process.

SQLAlchemy keeps what it compiled for each engine, and every test opens engines of its own: more than a third of the
time on PostgreSQL went into compiling the same statements again.
"""

from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.util import LRUCache

_compiled: LRUCache[Any, Any] = LRUCache(5000)


def share() -> None:
    """From here on a statement is compiled once for each kind of database."""
    # The dialect is part of the key. Those of one driver differ only in the isolation of their connections.
    DefaultDialect.__eq__ = lambda self, other: type(self) is type(other)  # type: ignore[method-assign, assignment]
    DefaultDialect.__hash__ = lambda self: hash(type(self))  # type: ignore[method-assign, assignment]
    event.listen(Engine, "engine_connect", _lend)


def _lend(connection: Connection) -> None:
    connection.execution_options(compiled_cache=_compiled)
