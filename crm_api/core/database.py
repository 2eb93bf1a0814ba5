"""Sessions, and the only commit.

Services are plain functions over `Session`; the asynchronous edge runs them with `await db.read(fn, …)`
or `await db.write(fn, …)`. The commit is inside `write`, before any answer exists, and nothing can await
inside a transaction.

    SQLite      one writer thread and two reader threads a process; a writer takes an exclusive lock on
                a file beside the database, then BEGIN IMMEDIATE (without the file lock, waits of 5 s
                and "database is locked" were measured; with it 97 ms and none)
    PostgreSQL  an asyncpg pool; the function runs in a greenlet
"""

import asyncio
import contextvars
import fcntl
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from socket import gaierror
from typing import Any, Concatenate, ParamSpec, TypeVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, object_session
from sqlalchemy.orm.exc import StaleDataError
from sqlalchemy.pool import QueuePool

from crm_api.core import dialect
from crm_api.core.columns import GUID, UTCDateTime
from crm_api.core.constraints import broken
from crm_api.core.errors import Conflict, Deadlocked, Invalid, Problem, Stale, Unavailable
from crm_api.core.ids import new_id
from crm_api.core.turns import Turns

P = ParamSpec("P")
R = TypeVar("R")

TRIES = 5  # of a transaction that others bar: each time at least one of those in the circle comes through
WAIT_SECONDS = 10  # for a connection, when all are busy
NAMING = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """A row with a UUIDv7 known from the start, and with its scalar defaults set from the start."""

    metadata = sa.MetaData(naming_convention=NAMING)
    type_annotation_map = {  # noqa: RUF012
        UUID: GUID(),
        datetime: UTCDateTime(),
        str: sa.Text(),
        int: sa.BigInteger(),
        dict[str, Any]: dialect.Json,
        list[Any]: dialect.Json,
        list[str]: dialect.Json,
    }

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id, sort_order=-1)

    def __init__(self, **values: Any) -> None:
        mapper = sa.inspect(type(self))
        for attribute in mapper.column_attrs:
            default = attribute.columns[0].default
            if attribute.key == "id":
                values.setdefault("id", new_id())
            elif default is not None and default.is_scalar:
                values.setdefault(attribute.key, default.arg)
        for key, value in values.items():
            if key not in mapper.attrs:
                raise TypeError(f"{type(self).__name__} has no attribute {key!r}")
            setattr(self, key, value)


@event.listens_for(Base, "before_insert", propagate=True)
@event.listens_for(Base, "before_update", propagate=True)
def _derive(mapper: Any, connection: Any, target: Base) -> None:
    for column in mapper.local_table.columns:
        if compute := column.info.get("derive"):
            setattr(target, mapper.get_property_by_column(column).key, compute(target))


@event.listens_for(Base, "before_update", propagate=True)
def _raise_version(mapper: Any, connection: Any, target: Any) -> None:
    """One change raises the version by one, however many flushes it takes to write it."""
    session = object_session(target)
    if mapper.version_id_col is None or session is None or not session.is_modified(target):
        return
    transaction, raised = session.info.get("raised_versions", (None, {}))
    if transaction is not session.get_transaction():
        transaction, raised = session.get_transaction(), {}
        session.info["raised_versions"] = (transaction, raised)
    # A savepoint rolled back takes the version with it: then it is raised again.
    if raised.get(target.id) != target.version:
        target.version += 1
        raised[target.id] = target.version


class Database(ABC):
    """One open database. `Database.open(url)` picks the engine by the URL.

    Every session has as `info["kept"]` what this process keeps between transactions, and as `info["rules"]` what the
    installation's settings say to services: who opens the database for them fills it.
    """

    url: str
    kept: dict[str, Any]
    rules: dict[str, Any]

    @staticmethod
    def open(url: str, *, pool_size: int = 10) -> "Database":
        """`sqlite:///FILE` or `postgresql://…`; raises ValueError for anything else."""
        if url.startswith("sqlite:///"):
            return SQLiteDatabase(url)
        if url.startswith(("postgresql://", "postgres://", "postgresql+asyncpg://")):
            return PostgreSQLDatabase(url, pool_size=pool_size)
        raise ValueError("DATABASE_URL must begin with sqlite:/// or postgresql://")

    async def read(self, fn: Callable[Concatenate[Session, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run `fn(session, …)` where nothing can be written.

        SQLite shows one state of the data throughout, PostgreSQL one for each statement.
        """
        with translated():
            return await self._run(lambda session: fn(session, *args, **kwargs), writing=False)

    async def write(self, fn: Callable[Concatenate[Session, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run `fn(session, …)` in a transaction that is committed when this returns.

        A `Problem` that `fn` *returns* is raised after the commit, so that the trace it left stays; one
        that it *raises* rolls everything back. A broken constraint becomes a Conflict. Where the database gave the
        transaction up in favour of others, `fn` runs again from its beginning: it must not change what lies outside.
        """
        for again in range(TRIES, 0, -1):
            try:
                with translated():
                    result = await self._run(lambda session: fn(session, *args, **kwargs), writing=True)
                break
            except Deadlocked:
                if again == 1:
                    raise
        if isinstance(result, Problem):
            raise result
        return result

    def _info(self) -> dict[str, Any]:
        return {"kept": self.kept, "rules": self.rules}

    @abstractmethod
    async def _run(self, work: Callable[[Session], R], *, writing: bool) -> R: ...

    @abstractmethod
    async def close(self) -> None:
        """Give all connections back."""

    @abstractmethod
    async def create_all(self) -> None:
        """Create every table and object at once, for tests and benches; installations migrate."""


@contextmanager
def translated() -> Iterator[None]:
    """Turn what a driver raises into the Problem it means; `read` and `write` are within it already."""
    try:
        yield
    except IntegrityError as error:
        rule = broken(error, Base.metadata)
        raise Conflict(rule.sentence, constraint=rule.name) from error
    except StaleDataError as error:
        raise Stale("The record was changed by somebody else meanwhile; read it again and repeat.") from error
    except DBAPIError as error:
        if dialect.is_deadlock(error):
            raise Deadlocked("Too many changed the same records at once; try again in a moment.") from error
        if dialect.is_outage(error):
            raise Unavailable("The database is not answering; try again in a moment.") from error
        if isinstance(error, DataError):
            raise Invalid("A value does not fit what the database can store.") from error
        raise
    except PoolTimeout as error:
        raise Unavailable("All connections to the database are busy; try again in a moment.") from error
    except (ConnectionError, gaierror) as error:
        raise Unavailable("The database cannot be reached; try again in a moment.") from error


class SQLiteDatabase(Database):
    """One file, one writer thread, two reader threads."""

    def __init__(self, url: str) -> None:
        self.url, self.kept, self.rules = url, {}, {}
        self.path = Path(url.removeprefix("sqlite:///"))
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._lock_path = self.path.with_name(self.path.name + ".lock")
        self._writer = ThreadPoolExecutor(1, "sqlite-writer")
        self._readers = ThreadPoolExecutor(2, "sqlite-reader")
        self._write_engine = self._engine(1, reading=False)
        self._read_engine = self._engine(2, reading=True)

    def _engine(self, connections: int, *, reading: bool) -> sa.Engine:
        engine = sa.create_engine(
            self.url,
            poolclass=QueuePool,
            pool_size=connections,
            max_overflow=0,
            connect_args={"check_same_thread": False, "timeout": 30, "cached_statements": 512},
        )
        event.listen(engine, "connect", lambda raw, _: dialect.prepare_sqlite(raw, reading=reading))
        begin = "BEGIN" if reading else "BEGIN IMMEDIATE"
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(begin))
        return engine

    async def _run(self, work: Callable[[Session], R], *, writing: bool) -> R:
        loop = asyncio.get_running_loop()
        context = contextvars.copy_context()
        pool, run = (self._writer, self._write) if writing else (self._readers, self._read)
        return await loop.run_in_executor(pool, lambda: context.run(run, work))

    def _read(self, work: Callable[[Session], R]) -> R:
        with Session(
            self._read_engine, expire_on_commit=False, autoflush=False, info=self._info()
        ) as session:
            return work(session)

    def _write(self, work: Callable[[Session], R]) -> R:
        with (
            self._exclusive(),
            Session(self._write_engine, expire_on_commit=False, info=self._info()) as session,
            session.begin(),
        ):
            return work(session)

    @contextmanager
    def _exclusive(self) -> Iterator[None]:
        handle = os.open(self._lock_path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    async def create_all(self) -> None:
        def create() -> None:
            with self._write_engine.begin() as connection:
                Base.metadata.create_all(connection)
                dialect.create_objects(connection)

        await asyncio.get_running_loop().run_in_executor(self._writer, create)

    async def close(self) -> None:
        self._writer.shutdown(wait=True)
        self._readers.shutdown(wait=True)
        self._write_engine.dispose()
        self._read_engine.dispose()


class PostgreSQLDatabase(Database):
    """An asyncpg pool; several processes and machines may share the server."""

    def __init__(self, url: str, *, pool_size: int = 10) -> None:
        self.url = "postgresql+asyncpg://" + url.split("://", 1)[1]
        self.kept, self.rules = {}, {}
        # A statement sees what is committed when it begins, within a transaction or without one: readers do
        # without, and save two round trips of five.
        # No pool overflows: a connection beyond its size is opened and closed again for every request under load.
        writers = max(1, pool_size * 2 // 5)
        self._turns = {
            True: Turns(writers, WAIT_SECONDS),
            False: Turns(max(1, pool_size - writers), WAIT_SECONDS),
        }
        self._reading = create_async_engine(
            self.url,
            isolation_level="AUTOCOMMIT",
            connect_args={"server_settings": {"default_transaction_read_only": "on"}},
            pool_size=max(1, pool_size - writers),
            max_overflow=0,
            pool_timeout=WAIT_SECONDS,
        )
        self._engine = create_async_engine(
            self.url, pool_size=writers, max_overflow=0, pool_timeout=WAIT_SECONDS
        )
        self._numbers = create_async_engine(self.url, pool_size=2, max_overflow=0, pool_timeout=WAIT_SECONDS)

    async def _run(self, work: Callable[[Session], R], *, writing: bool) -> R:
        engine = self._engine if writing else self._reading
        session = AsyncSession(engine, expire_on_commit=False, autoflush=writing, info=self._info())
        async with self._turns[writing], session:
            if not writing:
                return await session.run_sync(work)
            session.info["numbering_bind"] = self._numbers.sync_engine
            async with session.begin():
                return await session.run_sync(work)

    async def create_all(self) -> None:
        async with self._engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
            await connection.run_sync(dialect.create_objects)

    async def close(self) -> None:
        await self._reading.dispose()
        await self._engine.dispose()
        await self._numbers.dispose()
