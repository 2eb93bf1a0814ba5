"""What a process keeps for a few seconds is never older than its own last commit."""

from typing import Any

import pytest
from sqlalchemy.orm import Session

from crm_api.core import keeping
from crm_api.core.database import Database

KEY = "a test's"


class Source:
    """Stands for a table: what is there, and how often it was looked at."""

    def __init__(self) -> None:
        self.there, self.looked = 1, 0

    def __call__(self, session: Session, before: int | None) -> int:
        self.looked += 1
        return self.there


def asked(session: Session, source: Source) -> int:
    return keeping.kept(session, KEY, source)


async def test_the_next_transactions_do_not_look_again(db: Database) -> None:
    source = Source()
    assert [await db.read(asked, source) for _ in range(3)] == [1, 1, 1]
    assert source.looked == 1


async def test_after_five_seconds_it_is_looked_at_again(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = Source()
    monkeypatch.setattr(keeping, "FRESH_SECONDS", 0.0)
    await db.read(asked, source)
    source.there = 2

    assert await db.read(asked, source) == 2


async def test_a_change_is_seen_by_its_own_transaction_and_after_the_commit_by_the_next(db: Database) -> None:
    source = Source()
    await db.read(asked, source)

    def change(session: Session) -> int:
        source.there = 2
        keeping.changing(session, KEY)
        return keeping.kept(session, KEY, source)

    assert await db.write(change) == 2
    assert await db.read(asked, source) == 2


async def test_a_change_that_was_rolled_back_is_kept_by_nobody(db: Database) -> None:
    source = Source()
    await db.read(asked, source)

    def change(session: Session) -> None:
        source.there = 2
        keeping.changing(session, KEY)
        keeping.kept(session, KEY, source)
        source.there = 1
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        await db.write(change)
    assert await db.read(asked, source) == 1


async def test_a_load_that_finds_out_about_a_change_of_its_own_keeps_nothing(db: Database) -> None:
    source = Source()

    def flushing(session: Session, before: Any) -> int:
        keeping.changing(session, KEY)
        return 2

    def change(session: Session) -> None:
        assert keeping.kept(session, KEY, flushing) == 2
        session.rollback()

    await db.write(change)
    assert await db.read(asked, source) == 1
