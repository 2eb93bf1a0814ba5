import asyncio
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bench.replay import TOKEN, Call, recording, repeat
from crm_api.core.database import Database
from crm_api.tags.models import Tag


def add_tag(session: Session, name: str) -> None:
    session.add(Tag(name=name))


def names(session: Session) -> list[str]:
    return list(session.scalars(sa.select(Tag.name)))


async def test_a_recorded_reading_call_repeats_its_statements(db: Database, database_url: str) -> None:
    await db.write(add_tag, "Key account")
    with recording() as call:
        await db.read(names)

    assert [sql.split()[0] for transaction in call.transactions for sql, _ in transaction] == ["SELECT"]
    assert not call.writes
    result = await asyncio.to_thread(repeat, database_url, [call], seconds=1, connections=2)
    assert result.requests > 0


async def test_each_repetition_of_a_writing_call_makes_a_record_of_its_own(
    db: Database, database_url: str
) -> None:
    with recording() as call:
        await db.write(add_tag, f"Key {TOKEN}")

    result = await asyncio.to_thread(repeat, database_url, [call], seconds=1, connections=2)

    assert call.writes
    made = await db.read(names)
    assert len(set(made)) == len(made) == result.requests + 1


def test_copies_differ_in_numbers_and_marked_texts_and_keep_old_ids() -> None:
    old, new = UUID(int=1), UUID(int=2)
    call = Call([[("INSERT", ("LEAD-20261121-0004", f"{TOKEN}@example.org", old, new.bytes, 5))]], {new})

    ((_, (number, email, kept, changed, plain)),) = call.repeated()[0]
    ((_, (next_number, next_email, *_)),) = call.repeated()[0]

    assert number.startswith("LEAD-20261121-0004-bench-")
    assert (number != next_number, email != next_email) == (True, True)
    assert (kept, plain) == (old, 5)
    assert changed != new.bytes
