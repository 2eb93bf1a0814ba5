"""The seam every transaction goes through."""

import asyncio
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from crm_api.accounts.models import Account
from crm_api.core.database import Database
from crm_api.core.errors import Conflict, NotAllowed, Stale, Unavailable
from crm_api.core.numbering import take
from crm_api.organisation.service import today
from crm_api.tags.models import RecordTag, Tag
from tests.factories import make_account, make_contact, make_lead
from tests.support.sqlite import Template

ROOT = Path(__file__).resolve().parents[2]


def count(session: Session, model: type[Any] = Tag) -> int:
    return session.scalar(sa.select(sa.func.count(model.id))) or 0


def add(session: Session, name: str = "Key account") -> UUID:
    tag = Tag(name=name)
    session.add(tag)
    return tag.id


async def test_what_write_returned_from_is_committed(db: Database) -> None:
    await db.write(add)

    assert await db.read(count) == 1


async def test_an_exception_rolls_everything_back(db: Database) -> None:
    def fail(session: Session) -> None:
        add(session)
        session.flush()
        raise NotAllowed("no")

    with pytest.raises(NotAllowed):
        await db.write(fail)

    assert await db.read(count) == 0


async def test_a_refusal_that_is_returned_is_raised_and_its_trace_stays(db: Database) -> None:
    def refuse(session: Session) -> NotAllowed:
        add(session)
        return NotAllowed("no")

    with pytest.raises(NotAllowed):
        await db.write(refuse)

    assert await db.read(count) == 1


async def test_a_read_cannot_write(db: Database) -> None:
    def insert(session: Session) -> None:
        session.execute(sa.insert(Tag).values(name="x", name_key="x", color="grey", origin="api", version=1))

    with pytest.raises(DBAPIError):
        await db.read(insert)

    assert await db.read(count) == 0


async def test_a_broken_rule_of_the_data_is_a_conflict_that_says_which(db: Database) -> None:
    await db.write(add)

    with pytest.raises(Conflict) as refusal:
        await db.write(add, "KEY ACCOUNT")

    assert refusal.value.detail == "Another record among the tags has the same name already."


async def test_a_rule_broken_only_at_the_commit_is_a_conflict_too(db: Database) -> None:
    def link(session: Session) -> None:
        session.add(RecordTag(tag_id=UUID(int=1), kind="lead", record_id=UUID(int=2)))

    with pytest.raises(Conflict) as refusal:
        await db.write(link)

    assert "is not there" in refusal.value.detail


async def test_an_account_has_one_primary_contact_whatever_the_code_above_does(db: Database) -> None:
    def two(session: Session) -> None:
        account = make_account(session)
        make_contact(session, account_id=account.id, is_primary=True)
        make_contact(session, account_id=account.id, is_primary=True)

    with pytest.raises(Conflict) as refusal:
        await db.write(two)

    assert "primary" in refusal.value.detail


async def test_two_flushes_of_one_change_raise_the_version_once(db: Database) -> None:
    account_id = (await db.write(make_account)).id

    def change(session: Session) -> None:
        account = session.get_one(Account, account_id)
        account.name = "One"
        session.flush()
        account.name = "Two"
        session.flush()

    await db.write(change)
    assert (await db.read(lambda s: s.get_one(Account, account_id))).version == 2
    await db.write(change)
    assert (await db.read(lambda s: s.get_one(Account, account_id))).version == 3


async def test_a_row_changed_behind_ones_back_is_stale(db: Database) -> None:
    account_id = (await db.write(make_account)).id

    def change(session: Session) -> None:
        account = session.get_one(Account, account_id)
        session.execute(sa.text("UPDATE accounts SET version = version + 1"))
        account.name = "Late"

    with pytest.raises(Stale):
        await db.write(change)


async def test_numbers_are_unique_and_rise_when_many_take_them_at_once(db: Database) -> None:
    def one(session: Session) -> str:
        return take(session, "LEAD", today(session))[0]

    taken = await asyncio.gather(*(db.write(one) for _ in range(25)))

    assert len(set(taken)) == 25
    assert sorted(int(number.rpartition("-")[2]) for number in taken) == list(range(1, 26))
    assert await db.write(one) > max(taken)


async def test_past_9999_a_number_gains_a_digit(db: Database) -> None:
    def many(session: Session) -> list[str]:
        return take(session, "ACC", today(session), 10_000)[-2:]

    assert [number.rpartition("-")[2] for number in await db.write(many)] == ["9999", "10000"]


async def test_a_database_that_is_not_there_is_unavailable() -> None:
    db = Database.open("postgresql://nobody@127.0.0.1:9/none")
    try:
        with pytest.raises(Unavailable):
            await db.read(count)
    finally:
        await db.close()


def test_an_address_of_another_kind_of_database_is_refused() -> None:
    with pytest.raises(ValueError, match="sqlite:///"):
        Database.open("mysql://root@localhost/crm")


WRITER = """
import asyncio, sys
from crm_api import subscriptions
from crm_api.core.database import Database
from tests.core.test_database import add

async def main(url, mark):
    subscriptions.install()
    db = Database.open(url)
    for n in range(40):
        await db.write(add, f"{mark} {n}")
    await db.close()

asyncio.run(main(*sys.argv[1:]))
"""


async def test_several_processes_write_to_one_file_without_waiting_in_vain(
    sqlite: Template, tmp_path: Path
) -> None:
    url = await asyncio.to_thread(sqlite.copy_to, tmp_path / "shared.db")
    run = [sys.executable, "-W", "error", "-c", WRITER, url]
    writers = [
        subprocess.Popen([*run, mark], cwd=ROOT, stderr=subprocess.PIPE, text=True)
        for mark in ("left", "right")
    ]
    said = await asyncio.gather(*(asyncio.to_thread(writer.communicate) for writer in writers))

    assert [(writer.returncode, err) for writer, (_, err) in zip(writers, said, strict=True)] == [(0, "")] * 2
    db = Database.open(url)
    assert await db.read(count) == 80
    await db.close()


@pytest.mark.parametrize("make", [make_account, make_lead, make_contact])
async def test_a_row_has_its_id_and_its_defaults_before_it_is_written(
    db: Database, make: Callable[[Session], Any]
) -> None:
    row = await db.write(make)

    assert row.id.version == 7
    assert row.version == 1
    assert row.created_at.tzinfo is not None


async def test_two_that_wait_for_each_other_both_come_through(db: Database, engine: str) -> None:
    tags = [await db.write(add, name) for name in ("First", "Second")]

    def recolour(session: Session, ids: list[UUID], color: str) -> None:
        for tag_id in ids:
            tag = session.get_one(Tag, tag_id, with_for_update=True)
            tag.color = f"{tag.color} {color}"
            session.flush()
            if engine == "postgresql":  # SQLite has one writer, and no circle
                session.execute(sa.select(sa.func.pg_sleep(0.2)))

    await asyncio.gather(db.write(recolour, tags, "red"), db.write(recolour, tags[::-1], "green"))

    def colors(session: Session) -> set[frozenset[str]]:
        return {frozenset(color.split()) for color in session.scalars(sa.select(Tag.color))}

    assert await db.read(colors) == {frozenset(("grey", "red", "green"))}
