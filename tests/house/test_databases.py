"""The fixtures that every other test trusts."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.core.database import Database
from crm_api.tags.models import Tag
from tests.support.models import all_tables
from tests.support.postgres import Postgres


def add_tag(session: Session) -> None:
    session.add(Tag(name="Key account", name_key="key account"))


def count_tags(session: Session) -> int:
    return session.scalar(sa.select(sa.func.count()).select_from(Tag)) or 0


async def test_a_test_finds_its_tables_and_leaves_a_row_behind(db: Database) -> None:
    await db.write(add_tag)

    assert await db.read(count_tags) == 1


async def test_the_next_test_finds_no_row_of_it(db: Database) -> None:
    assert await db.read(count_tags) == 0


async def test_a_connection_left_open_does_not_hold_up_the_next_test(postgres: Postgres) -> None:
    forgotten = Database.open(postgres.emptied(all_tables()))
    await forgotten.write(add_tag)

    again = Database.open(postgres.emptied(all_tables()))
    assert await again.read(count_tags) == 0
    await again.close()
    await forgotten.close()


async def test_a_blank_database_has_no_tables(blank_url: str, engine: str) -> None:
    database = Database.open(blank_url)
    names = await database.read(lambda session: sa.inspect(session.connection()).get_table_names())
    await database.close()

    assert names == []
