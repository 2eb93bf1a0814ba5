"""A list that is asked again sends the statements it sent before, and only then."""

from dataclasses import replace

import pytest
from sqlalchemy.orm import Session

from crm_api.access import SYSTEM
from crm_api.conditions import asked, records
from crm_api.conditions.filters import Query, from_parameters
from crm_api.core.database import Database
from crm_api.core.fields import CATALOGUES
from crm_api.custom_fields import service as custom_fields
from crm_api.custom_fields.schemas import CustomFieldIn
from tests import factories


def listing(*parameters: tuple[str, str]) -> Query:
    return from_parameters(CATALOGUES["lead"], parameters)


QUALIFIED = listing(("status", "qualified"), ("sort", "-score"))


async def test_the_same_question_is_built_once(db: Database) -> None:
    first = await db.read(records.asking, SYSTEM, "lead", QUALIFIED)
    again = await db.read(records.asking, SYSTEM, "lead", QUALIFIED)
    assert again is first
    assert again.rows(None) is first.rows(None)


async def test_another_page_of_it_is_the_same_statement(db: Database) -> None:
    first = await db.read(records.asking, SYSTEM, "lead", QUALIFIED)
    later = listing(("status", "qualified"), ("sort", "-score"), ("page", "7"), ("page_size", "20"))
    assert await db.read(records.asking, SYSTEM, "lead", later) is first


async def test_another_person_asks_another_question(db: Database) -> None:
    rep = await db.write(lambda session: factories.make_actor(session, role="rep"))
    first = await db.read(records.asking, SYSTEM, "lead", QUALIFIED)
    assert await db.read(records.asking, rep, "lead", QUALIFIED) is not first


async def test_the_same_person_in_another_time_zone_asks_another_question(db: Database) -> None:
    since = listing(("created_at__gte", "2026-05-04"))
    here = await db.read(records.asking, SYSTEM, "lead", since)
    there = await db.read(records.asking, replace(SYSTEM, time_zone="Asia/Kolkata"), "lead", since)
    assert there is not here


@pytest.mark.parametrize("value", ["today", "this_month-1m", "now-36h", "2026-01-01,today"])
async def test_a_time_that_moves_along_is_read_anew(db: Database, value: str) -> None:
    name = "created_at__between" if "," in value else "created_at__gte"
    first = await db.read(records.asking, SYSTEM, "lead", listing((name, value)))
    assert await db.read(records.asking, SYSTEM, "lead", listing((name, value))) is not first


async def test_a_new_custom_field_makes_every_question_new(db: Database) -> None:
    first = await db.read(records.asking, SYSTEM, "lead", QUALIFIED)
    fleet = CustomFieldIn(kind="lead", key="fleet", label="Fleet", type="integer")
    await db.write(custom_fields.create, SYSTEM, data=fleet)
    assert await db.read(records.asking, SYSTEM, "lead", QUALIFIED) is not first


async def test_a_process_keeps_no_more_than_so_many(db: Database) -> None:
    def ask_many(session: Session) -> None:
        for n in range(asked.KEPT + 1):
            records.asking(session, SYSTEM, "lead", listing(("search", f"w{n}")))

    await db.read(ask_many)
    assert len(CATALOGUES.kept) <= asked.KEPT
