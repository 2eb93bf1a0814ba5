"""Bringing a database to the schema of this code: `crm migrate`, and every start.

Migrations use a connection of their own with foreign keys off, set before BEGIN: a batch ALTER with them
on emptied a child table when tried. Afterwards `PRAGMA foreign_key_check` must find nothing.
"""

import asyncio
import shutil
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from crm_api.core import clock, dialect

_LOCK = 7_246_313  # any number, the same in every process


class SchemaTooNew(RuntimeError):
    """The database was migrated by a newer version of Rounds than this one."""


def config() -> Config:
    """Alembic's configuration, without a file."""
    made = Config()
    made.set_main_option("script_location", str(Path(__file__).parent))
    return made


async def migrate(url: str) -> tuple[str | None, str]:
    """Upgrade to the newest schema; returns the revision before and the one now.

    A SQLite file with data is copied beside itself first. Raises SchemaTooNew where the database knows a
    revision that this code does not.
    """
    if url.startswith("sqlite"):
        return await asyncio.to_thread(_sqlite, url)
    engine = create_async_engine("postgresql+asyncpg://" + url.split("://", 1)[1], poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            await connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            return await connection.run_sync(_upgrade)
    finally:
        await engine.dispose()


def _sqlite(url: str) -> tuple[str | None, str]:
    path = Path(url.removeprefix("sqlite:///"))
    path.parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        dialect.prepare_migration(connection)
        before = _revision(connection)
        if before is not None and before != _head():
            _copy(path, before)
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        moved = _upgrade(connection)
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
        if broken:
            connection.exec_driver_sql("ROLLBACK")
            raise RuntimeError(
                f"The migration left {len(broken)} rows pointing nowhere; nothing was changed."
            )
        connection.exec_driver_sql("COMMIT")
    engine.dispose()
    return moved


def _upgrade(connection: sa.Connection) -> tuple[str | None, str]:
    before, head = _revision(connection), _head()
    known = {script.revision for script in ScriptDirectory.from_config(config()).walk_revisions()}
    if before is not None and before not in known:
        raise SchemaTooNew(
            f"The database is at schema {before}, which this version does not know; start the newer version again."
        )
    if before != head:
        settings = config()
        settings.attributes["connection"] = connection
        command.upgrade(settings, "head")
    return before, head


def _revision(connection: sa.Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _head() -> str:
    head = ScriptDirectory.from_config(config()).get_current_head()
    assert head is not None, "there is no revision"
    return head


def _copy(path: Path, revision: str) -> None:
    stamp: datetime = clock.now()
    shutil.copy2(path, path.with_name(f"{path.stem}-{revision}-{stamp:%Y%m%d%H%M%S}{path.suffix}"))
