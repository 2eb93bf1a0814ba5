"""What is asked often is read by index, also where most rows have nothing in the column."""

from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.activities.models import Activity
from crm_api.audit import service as audit
from crm_api.audit.models import ChangeSet
from crm_api.conditions import records
from crm_api.conditions.filters import Query, from_parameters
from crm_api.conditions.tree import All, Comparison
from crm_api.core import clock
from crm_api.core.database import Database
from crm_api.core.fields import CATALOGUES
from crm_api.core.ids import new_id
from crm_api.core.listing import Window
from tests.factories import make_account, make_actor, make_contact, make_lead, make_user
from tests.support.plans import plans

MANY = 3_000


async def test_a_word_is_looked_up_instead_of_reading_every_text(db: Database) -> None:
    def write(session: Session) -> None:
        rows = (
            {"activity_type": "call", "subject": f"{'Harbor' if n == 5 else 'Call'} {n}"} for n in range(MANY)
        )
        audit.bulk_insert(session, Activity, rows)
        session.execute(sa.text("ANALYZE"))

    await db.write(write)
    actor, query = await db.write(make_actor), Query(search="har")

    found = await db.read(records.page, actor, "activity", query)
    plan = await db.read(plans, lambda session: records.page(session, actor, "activity", query))

    assert [item["subject"] for item in found["items"]] == ["Harbor 5"]
    assert "SCAN search_documents" not in plan
    assert "Seq Scan on search_documents" not in plan


async def test_the_few_that_have_a_word_are_gathered_before_a_list_is_walked(db: Database) -> None:
    def write(session: Session) -> None:
        audit.bulk_insert(
            session, Activity, ({"activity_type": "call", "subject": f"Call {n}"} for n in range(MANY))
        )
        session.execute(sa.text("ANALYZE"))

    await db.write(write)
    actor, query = await db.write(make_actor), Query(search="nobody", sort=("-occurred_at",))

    plan = await db.read(plans, lambda session: records.page(session, actor, "activity", query))

    # What PostgreSQL calls what runs before all else; SQLite reads the inner list first by itself.
    assert ("InitPlan" if "Index Scan" in plan else "LIST SUBQUERY") in plan


async def test_what_took_a_change_back_is_found_by_index_where_hardly_anything_was(db: Database) -> None:
    def write(session: Session) -> None:
        now = clock.now()
        rows = [
            {"id": new_id(), "at": now - timedelta(minutes=n), "origin": "api", "label": ""}
            for n in range(MANY)
        ]
        session.execute(sa.insert(ChangeSet), rows)
        session.execute(sa.text("ANALYZE"))

    await db.write(write)
    actor, query = await db.write(make_actor), Query(window=Window(count="none"))

    plan = await db.read(plans, lambda session: records.page(session, actor, "change_set", query))

    assert "ix_change_sets_reverts" in plan


async def test_what_is_to_be_done_for_a_contact_is_read_by_the_contact(db: Database) -> None:
    def write(session: Session) -> UUID:
        account = make_account(session)
        contact = make_contact(session, account_id=account.id)
        now, owner = clock.now(), make_user(session)
        rows = (
            {"activity_type": "task", "subject": f"Task {n}", "status": "scheduled" if n % 9 else "completed",
             "due_at": now + timedelta(hours=n), "account_id": account.id, "owner_id": owner.id}
            for n in range(MANY)
        )  # fmt: skip
        audit.bulk_insert(session, Activity, rows)
        session.execute(sa.text("ANALYZE"))
        return contact.id

    contact_id, actor = await db.write(write), await db.write(make_actor)
    tree = All(all=[Comparison(field="contact_id", value=str(contact_id)),
                    Comparison(field="status", op="in", value="scheduled,in_progress")])  # fmt: skip
    query = Query(tree, sort=("due_at",), window=Window(page_size=5, count="none"))

    plan = await db.read(plans, lambda session: records.page(session, actor, "activity", query))

    assert "ix_activities_contact" in plan


@pytest.mark.parametrize("status", ["new", "lost"])
async def test_a_total_is_that_of_the_page_without_its_rows(db: Database, status: str) -> None:
    def write(session: Session) -> None:
        for n in range(7):
            make_lead(session, status="new" if n % 3 else "lost")

    await db.write(write)
    actor = await db.write(make_actor)
    query = from_parameters(CATALOGUES["lead"], [("status", status)])

    page = await db.read(records.page, actor, "lead", query)

    assert await db.read(records.total, actor, "lead", query) == (page["total"], page["total_exact"])
