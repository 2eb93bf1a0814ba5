"""Upgrading a database that has data in it, from every revision there ever was, on both engines."""

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from crm_api.access import SYSTEM
from crm_api.activities import rollups as activities
from crm_api.core import dialect, rollups
from crm_api.core.database import Database
from crm_api.leads import rollups as leads
from crm_api.migrations.runner import SchemaTooNew, config, migrate
from crm_api.organisation.service import profile
from tests.factories import (
    make_account,
    make_activity,
    make_contact,
    make_lead,
    make_opportunity,
    make_product,
    make_team,
    make_territory,
    make_user,
)
from tests.support.models import all_tables

# Newest first. Who upgrades from the first one passes through all; those between are tried with --run-deep.
_ALL = [script.revision for script in ScriptDirectory.from_config(config()).walk_revisions()]
REVISIONS = [
    pytest.param(revision, marks=() if revision in (*_ALL[:3], _ALL[-1]) else pytest.mark.deep)
    for revision in _ALL
]


def populate(session: Session) -> None:
    """Rows in every core table, linked to each other."""
    profile(session)
    territory = make_territory(session)
    team = make_team(session)
    user = make_user(session, "manager", team_id=team.id, territories=[territory])
    account = make_account(session, owner_id=user.id, territory_id=territory.id)
    contact = make_contact(session, account_id=account.id)
    lead = make_lead(session, owner_id=user.id)
    make_product(session)
    deal = make_opportunity(session, account_id=account.id, contact_id=contact.id, lead_id=lead.id)
    make_activity(session, account_id=account.id, opportunity_id=deal.id)


async def on_connection(url: str, work: Any) -> Any:
    """Run `work(connection)` on a connection of its own, and commit."""
    if url.startswith("sqlite"):
        engine = sa.create_engine(url, poolclass=NullPool)
        with engine.begin() as connection:
            return work(connection)
    engine = create_async_engine("postgresql+asyncpg://" + url.split("://", 1)[1], poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            return await connection.run_sync(work)
    finally:
        await engine.dispose()


def counts(connection: sa.Connection) -> dict[str, int]:
    """Rows a table."""
    names = sorted(
        name for name in sa.inspect(connection).get_table_names() if not name.startswith("search_fts")
    )
    return {
        name: connection.scalar(sa.select(sa.func.count()).select_from(sa.table(name))) or 0
        for name in names
        if name != "alembic_version"
    }


def everything(connection: sa.Connection) -> dict[sa.Table, list[dict[str, Any]]]:
    """Every row of every table of the models, by column."""
    tables = all_tables().tables.values()
    return {table: [dict(r) for r in connection.execute(sa.select(table)).mappings()] for table in tables}


def filling(rows: dict[sa.Table, list[dict[str, Any]]]) -> Any:
    """Write rows of today's tables into those of an older revision, as far as it has the tables and columns."""

    def fill(connection: sa.Connection) -> None:
        if connection.dialect.name == "postgresql":  # users and teams point at each other
            connection.exec_driver_sql("SET session_replication_role = replica")
        inspector = sa.inspect(connection)
        there = {
            name: {c["name"] for c in inspector.get_columns(name)} for name in inspector.get_table_names()
        }
        for table, found in rows.items():
            if found and table.name in there:
                columns = [c for c in table.columns if c.computed is None and c.name in there[table.name]]
                # Bare columns: the defaults of today's models would write columns that are not there yet.
                bare = sa.table(table.name, *(sa.column(c.name, c.type) for c in columns))
                connection.execute(sa.insert(bare), [{c.name: row[c.name] for c in columns} for row in found])

    return fill


def objects(connection: sa.Connection) -> set[str]:
    """Names of tables, indexes and triggers."""
    statement = (
        "SELECT name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'"
        if connection.dialect.name == "sqlite"
        else "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'i')"
    )
    return set(connection.exec_driver_sql(statement).scalars()) - {"alembic_version", "alembic_version_pkc"}


def to_revision(revision: str) -> Any:
    def upgrade(connection: sa.Connection) -> None:
        settings = config()
        settings.attributes["connection"] = connection
        command.upgrade(settings, revision)

    return upgrade


@pytest.mark.parametrize("revision", REVISIONS)
async def test_a_populated_database_of_any_revision_keeps_every_row(
    blank_url: str, database_url: str, revision: str
) -> None:
    db = Database.open(database_url)
    await db.write(populate)
    await db.close()
    rows = await on_connection(database_url, everything)
    await on_connection(blank_url, to_revision(revision))
    await on_connection(blank_url, filling(rows))
    before = await on_connection(blank_url, counts)

    await migrate(blank_url)

    after = await on_connection(blank_url, counts)
    assert {name: after[name] for name in before} == before
    assert sum(before.values()) > 20


async def test_sums_are_counted_for_what_was_there_before_they_were_kept(
    blank_url: str, database_url: str
) -> None:
    db = Database.open(database_url)
    await db.write(populate)
    await db.close()
    rows = {
        t: r for t, r in (await on_connection(database_url, everything)).items() if "rollups" not in t.name
    }
    await on_connection(blank_url, to_revision("0011"))
    await on_connection(blank_url, filling(rows))

    await migrate(blank_url)

    upgraded = Database.open(blank_url)
    assert await upgraded.read(rollups.differences, leads.KEPT) == []
    assert await upgraded.read(rollups.differences, activities.KEPT) == []
    sums = await upgraded.read(leads.read, SYSTEM, "status")
    assert [(row["leads"], row["with_deal"]) for row in sums.values()] == [(1, 1)]
    await upgraded.close()


async def test_migrating_makes_the_same_schema_as_the_models(blank_url: str, database_url: str) -> None:
    await migrate(blank_url)

    def differences(connection: sa.Connection) -> list[Any]:
        context = MigrationContext.configure(
            connection, opts={"include_object": dialect.comparable(connection, all_tables())}
        )
        return list(compare_metadata(context, all_tables()))

    assert await on_connection(blank_url, differences) == []
    assert await on_connection(blank_url, objects) == await on_connection(database_url, objects)


async def test_migrating_twice_changes_nothing(blank_url: str) -> None:
    first = await migrate(blank_url)

    assert first[0] is None
    assert await migrate(blank_url) == (first[1], first[1])


async def test_a_database_of_a_newer_version_is_refused(blank_url: str) -> None:
    await migrate(blank_url)

    def tamper(connection: sa.Connection) -> None:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")

    await on_connection(blank_url, tamper)

    with pytest.raises(SchemaTooNew, match="9999"):
        await migrate(blank_url)


async def test_a_sqlite_file_is_copied_before_it_is_changed(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'rounds.db'}"
    await migrate(url)

    def forget(connection: sa.Connection) -> None:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0000'")

    await on_connection(url, forget)

    with pytest.raises(SchemaTooNew):
        await migrate(url)

    assert len(list(tmp_path.glob("rounds-0000-*.db"))) == 1
