"""The company that pages are measured on."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bench import company
from crm_api.analytics import rollups
from crm_api.core.database import Database
from tests.support.models import all_tables


def counted(session: Session) -> dict[str, int]:
    return {
        table.name: session.scalar(sa.select(sa.func.count()).select_from(table)) or 0
        for table in all_tables().sorted_tables
    }


async def test_a_company_has_all_that_its_pages_show(db: Database) -> None:
    await db.write(company.fill, 100)
    rows = await db.read(counted)

    assert await db.read(company.is_filled, 100)
    assert (rows["leads"], rows["opportunities"], rows["accounts"], rows["contacts"]) == (101, 31, 11, 21)
    assert rows["activities"] == rows["timeline_entries"] == 100 * company.PER_LEAD + 100 + 1
    assert (
        min(rows[name] for name in ("orders", "outbox_messages", "notifications", "audit_entries", "tags"))
        > 0
    )


async def test_what_was_copied_is_counted_and_found(db: Database) -> None:
    await db.write(company.fill, 100)

    assert await db.read(rollups.differences) == []
    assert (await db.read(counted))["search_documents"] > 100 * company.PER_LEAD
