"""The sums kept beside the deals say what a full count says, however the deals were written."""

from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api import audit
from crm_api.access import system
from crm_api.analytics import flows
from crm_api.analytics import rollups as kept
from crm_api.core.database import Database
from crm_api.core.money import LARGEST
from crm_api.opportunities import bulk, rollups
from crm_api.opportunities.models import Opportunity, PipelineRollup
from tests import factories


def total(session: Session) -> tuple[int, int, int]:
    """Deals, value, weighted value a hundredfold, out of the kept sums."""
    (row,) = rollups.read(session, system(session), []) or [{"deals": 0, "value": 0, "weighted": 0}]
    return row["deals"], row["value"], row["weighted"]


async def agreed(db: Database) -> tuple[int, int, int]:
    assert await db.read(kept.differences) == []
    return await db.read(total)


async def test_rows_written_one_by_one_in_bulk_by_statement_and_deleted(db: Database) -> None:
    def write(session: Session) -> Any:
        user = factories.make_user(session)
        for stage in ("proposal", "closed_won", "closed_lost"):
            factories.make_opportunity(session, stage, estimated_value=10_00, owner_id=user.id)
        stage_id = factories.stage_of(session, "negotiation").id
        rows = [{"name": f"Bulk {n}", "stage_id": stage_id, "estimated_value": 5_00} for n in range(30)]
        return user.id, bulk.insert(session, rows)

    user_id, ids = await db.write(write)
    assert await agreed(db) == (33, 180_00, (1 * 50 + 1 * 100) * 10_00 + 30 * 75 * 5_00)

    team = await db.write(lambda session: factories.make_team(session).id)
    await db.write(audit.follow, Opportunity, Opportunity.owner_id == user_id, team_id=team)
    by_team = await db.read(lambda s: rollups.read(s, system(s), ["team_id"]))
    assert {row["team_id"]: row["deals"] for row in by_team} == {None: 30, team: 3}

    await db.write(lambda s: s.execute(sa.delete(Opportunity).where(Opportunity.id.in_(ids[:10]))) and None)
    assert (await agreed(db))[0] == 23


async def test_an_update_that_changes_no_sum_leaves_no_row(db: Database) -> None:
    deal_id = await db.write(lambda session: factories.make_opportunity(session).id)
    rows = sa.select(sa.func.count()).select_from(PipelineRollup)
    before = await db.read(lambda session: session.scalar(rows))

    await db.write(bulk.update, [{"id": deal_id, "next_step": "Call"}])

    assert await db.read(lambda session: session.scalar(rows)) == before


async def test_sums_beyond_64_bits_are_exact(db: Database) -> None:
    huge = LARGEST
    await db.write(
        lambda s: [factories.make_opportunity(s, "closed_won", estimated_value=huge, actual_close_date=None)
                   for _ in range(3)] and None
    )  # fmt: skip

    deals, value, weighted = await db.read(total)
    assert (deals, value, weighted) == (3, 3 * huge, 300 * huge)


async def test_folding_makes_one_row_a_key_and_keeps_every_sum(db: Database) -> None:
    def write(session: Session) -> None:
        deal = factories.make_opportunity(session, estimated_value=1, closes_on=date(2026, 1, 5))
        for n in range(300):
            deal.value_base = n
            session.flush()

    await db.write(write)
    before = await agreed(db)
    assert await flows.fold_rollups(db) == 1

    assert await agreed(db) == before
    assert await db.read(lambda s: s.scalar(sa.select(sa.func.count()).select_from(PipelineRollup))) == 1
    assert await flows.fold_rollups(db) == 0


async def test_what_was_lost_is_found_and_rebuilt(db: Database) -> None:
    await db.write(lambda session: factories.make_opportunity(session, estimated_value=700).id)
    await db.write(lambda session: session.execute(sa.delete(PipelineRollup)) and None)
    assert len(await db.read(kept.differences)) == 1

    await db.write(kept.rebuild)

    assert (await agreed(db))[:2] == (1, 700)
