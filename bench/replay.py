"""The bare SQL of an HTTP call: what it sent to the database, recorded once and repeated without the service.

Recorded statements keep their transactions. For a call that writes, every repetition gets ids, numbers and
addresses of its own, so that it inserts what the service would have inserted.
"""

import asyncio
import os
import re
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count, groupby
from operator import itemgetter
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import sqlalchemy as sa

from bench.load import Result, result_of
from crm_api.core import dialect

TOKEN = "recorded0000000"  # stands in the recorded call where each repetition must differ
Transaction = list[tuple[str, tuple[Any, ...]]]
Change = Callable[[dict[UUID, UUID], str], Any]
_NUMBER = re.compile(r"\b(?:LEAD|OPP|ACC)-\d{8}-\d+\b")


@dataclass(slots=True)
class Call:
    """The transactions of one call in the order they ended, each a list of statements and their values."""

    transactions: list[Transaction] = field(default_factory=list)
    new_ids: set[UUID] = field(default_factory=set)
    _copied: list[list[tuple[str, list[Any], list[tuple[int, Change]]]]] | None = None

    @property
    def statements(self) -> int:
        """How many statements the call sends; one with many sets of values is one."""
        return sum(len(list(together(transaction))) for transaction in self.transactions)

    @property
    def writes(self) -> bool:
        """Whether any of them changes a row."""
        return any(_is_write(sql) for transaction in self.transactions for sql, _ in transaction)

    def repeated(self) -> list[Transaction]:
        """The same once more, with ids, numbers and addresses that no copy had before.

        What has to differ is found once, so that a copy costs about what making the values would.
        """
        if not self.writes:
            return self.transactions
        if self._copied is None:
            self._copied = [
                [(sql, list(values), list(self._changes(values))) for sql, values in transaction]
                for transaction in self.transactions
            ]
        n = f"{os.getpid()}n{next(_copies)}"  # several processes repeat the same call
        ids = {old: uuid4() for old in self.new_ids}
        return [[(sql, _copy(*how, ids, n)) for sql, *how in transaction] for transaction in self._copied]

    def _changes(self, values: tuple[Any, ...]) -> Iterator[tuple[int, Change]]:
        for position, value in enumerate(values):
            change = _change_of(value, self.new_ids)
            if change is not None:
                yield position, change


def together(transaction: Transaction) -> Iterator[tuple[str, list[tuple[Any, ...]]]]:
    """A transaction's statements, each with all the sets of values it was sent with in a row."""
    for sql, sets in groupby(transaction, key=itemgetter(0)):
        yield sql, [values for _, values in sets]


_copies = count()


def _is_write(sql: str) -> bool:
    return sql.lstrip()[:6].upper() in ("INSERT", "UPDATE", "DELETE")


def _copy(
    values: list[Any], changes: list[tuple[int, Change]], ids: dict[UUID, UUID], n: str
) -> tuple[Any, ...]:
    copied = list(values)
    for position, change in changes:
        copied[position] = change(ids, n)
    return tuple(copied)


def _change_of(value: Any, new_ids: set[UUID]) -> Change | None:
    if isinstance(value, str):
        marked = _NUMBER.sub("\\g<0>-bench-\0", value).replace(TOKEN, "repeated\0")
        return (lambda _, n: marked.replace("\0", n)) if "\0" in marked else None
    old = _uuid(value)
    if old is None or old not in new_ids:
        return None
    if isinstance(value, UUID):
        return lambda ids, _: ids[old]
    return lambda ids, _: ids[old].bytes


@contextmanager
def recording() -> Iterator[Call]:
    """Record all that SQLAlchemy sends to any database while the block runs."""
    call = Call()
    since = time.time_ns() // 1_000_000
    open_now: dict[int, list[tuple[str, tuple[Any, ...]]]] = {}

    def sent(connection: sa.Connection, _: Any, sql: str, values: Any, __: Any, many: bool) -> None:
        sets = values if many else [values]
        # SQLite's own BEGIN is sent as a statement; the repetition begins its transactions itself.
        if not sql.startswith("BEGIN"):
            open_now.setdefault(id(connection.connection.dbapi_connection), []).extend(
                (sql, tuple(v)) for v in sets
            )

    def ended(connection: sa.Connection) -> None:
        if statements := open_now.pop(id(connection.connection.dbapi_connection), None):
            call.transactions.append(statements)

    listeners = [("before_cursor_execute", sent), ("commit", ended), ("rollback", ended)]
    for name, listener in listeners:
        sa.event.listen(sa.Engine, name, listener)
    try:
        yield call
    finally:
        for name, listener in listeners:
            sa.event.remove(sa.Engine, name, listener)
    call.transactions.extend(open_now.values())
    for transaction in call.transactions:
        for _, values in transaction:
            call.new_ids |= {
                found for value in values if (found := _uuid(value)) and _made_at(found) >= since
            }


def _uuid(value: Any) -> UUID | None:
    if isinstance(value, bytes | memoryview) and len(value) == 16:
        return UUID(bytes=bytes(value))
    return value if isinstance(value, UUID) else None


def _made_at(identity: UUID) -> int:
    """The Unix time in milliseconds that a UUIDv7 carries (RFC 9562, section 5.7)."""
    return identity.int >> 80 if identity.version == 7 else 0


def repeat(url: str, calls: list[Call], *, seconds: float, connections: int = 8) -> Result:
    """Repeat the calls in turn for `seconds` over the bare driver: asyncpg or sqlite3."""
    if url.startswith("sqlite"):
        return _on_sqlite(url.removeprefix("sqlite:///"), calls, seconds)
    return asyncio.run(_on_postgresql(url, calls, seconds, connections))


async def _on_postgresql(url: str, calls: list[Call], seconds: float, connections: int) -> Result:
    latencies: list[float] = []
    pool = [await asyncpg.connect(url) for _ in range(connections)]
    started = time.perf_counter()

    async def work(connection: asyncpg.Connection, offset: int) -> None:
        n = offset
        while (begun := time.perf_counter()) - started < seconds:
            call = calls[n % len(calls)]
            for transaction in call.repeated():
                if call.writes:
                    async with connection.transaction():
                        for sql, values in transaction:
                            await connection.fetch(sql, *values)
                else:
                    for sql, values in transaction:
                        await connection.fetch(sql, *values)
            latencies.append(time.perf_counter() - begun)
            n += connections

    await asyncio.gather(*(work(connection, offset) for offset, connection in enumerate(pool)))
    elapsed = time.perf_counter() - started
    for connection in pool:
        await connection.close()
    return result_of(latencies, elapsed)


def _on_sqlite(path: str, calls: list[Call], seconds: float) -> Result:
    """One connection, no threads: nothing a service does on SQLite can be faster than that."""
    connection = sqlite3.connect(path)
    dialect.prepare_sqlite(connection, reading=not any(call.writes for call in calls))
    latencies: list[float] = []
    started = time.perf_counter()
    while (begun := time.perf_counter()) - started < seconds:
        call = calls[len(latencies) % len(calls)]
        for transaction in call.repeated():
            connection.execute("BEGIN IMMEDIATE" if call.writes else "BEGIN")
            for sql, values in transaction:
                connection.execute(sql, values).fetchall()
            connection.execute("COMMIT")
        latencies.append(time.perf_counter() - begun)
    elapsed = time.perf_counter() - started
    connection.close()
    return result_of(latencies, elapsed)
