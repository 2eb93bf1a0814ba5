"""Sums kept beside leads and activities say what a full count says, for any period, however the rows were written."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from crm_api.access import system
from crm_api.activities import rollups as activities
from crm_api.activities.models import Activity, ActivityRollup
from crm_api.analytics import flows, rollups
from crm_api.core.database import Database
from crm_api.core.rollups import split
from crm_api.leads import rollups as leads
from crm_api.leads.models import Lead, LeadRollup
from crm_api.opportunities.models import Opportunity
from tests import factories

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
MOMENTS = st.integers(-20_000, 20_000).map(lambda minutes: NOON + timedelta(minutes=minutes))


async def test_leads_are_counted_by_status_source_and_priority_with_what_became_of_them(db: Database) -> None:
    def write(session: Session) -> None:
        factories.make_lead(
            session, source="website", score=90, value_base=100, probability=50, created_at=NOON
        )
        factories.make_lead(
            session, status="converted", source="website", score=40, created_at=NOON,
            converted_at=NOON + timedelta(days=2),
        )  # fmt: skip
        factories.make_lead(session, source=None, priority="high", is_qualified=True, created_at=NOON)

    await db.write(write)

    by_source = await db.read(lambda s: leads.read(s, system(s), "source"))
    website = by_source["website"]
    assert {name: website[name] for name in ("leads", "qualified", "converted", "hot", "score")} == {
        "leads": 2, "qualified": 1, "converted": 1, "hot": 1, "score": 130,
    }  # fmt: skip
    assert (website["timed"], website["taken"]) == (1, 2 * 86_400_000)
    assert (website["value"], website["weighted"]) == (100, 5_000)
    assert by_source[None]["qualified"] == 1
    by_priority = await db.read(lambda s: leads.read(s, system(s), "priority"))
    assert {word: row["leads"] for word, row in by_priority.items()} == {"medium": 2, "high": 1}


async def test_a_lead_has_a_deal_as_long_as_one_of_its_deals_lives(db: Database) -> None:
    def with_deal(session: Session) -> int:
        return sum(row["with_deal"] for row in leads.read(session, system(session), "status").values())

    def write(session: Session) -> Any:
        lead = factories.make_lead(session)
        other = factories.make_lead(session)
        return [factories.make_opportunity(session, lead_id=lead.id).id for _ in range(2)], other.id

    (first, second), other = await db.write(write)
    assert await db.read(with_deal) == 1

    def change(which: Any, **values: Any) -> Any:
        return lambda s: (
            s.execute(sa.update(Opportunity).where(Opportunity.id == which).values(**values)) and None
        )

    await db.write(change(first, archived_at=NOON))
    assert await db.read(with_deal) == 1
    await db.write(change(second, lead_id=other))
    assert await db.read(with_deal) == 1
    await db.write(change(second, lead_id=None))
    assert await db.read(with_deal) == 0
    await db.write(change(first, archived_at=None))
    assert await db.read(with_deal) == 1
    await db.write(lambda s: s.execute(sa.delete(Opportunity).where(Opportunity.id == first)) and None)
    assert await db.read(with_deal) == 0
    assert await db.read(rollups.differences) == []


async def test_activities_are_counted_where_they_are_done_open_and_to_be_followed_up(db: Database) -> None:
    def write(session: Session) -> Any:
        owner = factories.make_user(session)
        factories.make_activity(session, "call", owner_id=owner.id, occurred_at=NOON, duration_minutes=30)
        factories.make_activity(
            session, "call", owner_id=owner.id, occurred_at=NOON, requires_follow_up=True, follow_up_date=NOON
        )
        factories.make_activity(session, "task", status="scheduled", due_at=NOON)
        factories.make_activity(session, "task", status="cancelled", due_at=NOON)
        return owner.id

    owner_id = await db.write(write)

    def counts(state: activities.State) -> Any:
        return lambda s: activities.read(s, system(s), state, ["activity_type", "owner_id"])

    assert await db.read(counts("done")) == {("call", owner_id): {"activities": 2, "minutes": 30}}
    assert await db.read(counts("open")) == {("task", None): {"activities": 1, "minutes": 0}}
    assert await db.read(counts("follow_up")) == {("call", owner_id): {"activities": 1, "minutes": 0}}
    await db.write(lambda s: s.execute(sa.update(Activity).values(archived_at=NOON)) and None)
    assert await db.read(counts("done")) == {}
    assert await db.read(rollups.differences) == []


@pytest.mark.parametrize(("since", "until"), [
    (None, None), (NOON, None), (None, NOON), (NOON, NOON + timedelta(hours=3)),
    (NOON - timedelta(days=3), NOON + timedelta(days=2, hours=5)),
    (datetime(2026, 3, 9, tzinfo=UTC), datetime(2026, 3, 12, tzinfo=UTC)),
])  # fmt: skip
async def test_a_period_counts_the_same_by_kept_sums_as_one_by_one(
    db: Database, since: Any, until: Any
) -> None:
    def write(session: Session) -> None:
        for hours in range(-120, 120, 7):
            at = NOON + timedelta(hours=hours)
            factories.make_lead(session, created_at=at, score=hours % 100)
            factories.make_activity(session, occurred_at=at)

    await db.write(write)

    def both(session: Session) -> Any:
        actor, period = system(session), {"since": since, "until": until}
        return (
            leads.read(session, actor, "status", **period),
            leads.read(session, actor, "status", Lead.number.is_not(None), **period),
            activities.read(session, actor, "done", [], **period),
            activities._among(session, actor, "done", (), since, until, {}),
        )

    kept, counted, done, seen = await db.read(both)
    assert kept == counted
    assert done.get((), {"activities": 0})["activities"] == sum(row["activities"] for row in seen)


@given(MOMENTS, MOMENTS)
def test_days_and_edges_make_up_a_period_without_a_gap_or_an_overlap(one: datetime, other: datetime) -> None:
    since, until = sorted((one, other))
    period = split(since, until)
    whole = []
    if period.first != period.end:
        assert period.first
        assert period.end
        whole = [tuple(datetime(d.year, d.month, d.day, tzinfo=UTC) for d in (period.first, period.end))]

    spans = sorted([*whole, *period.edges])

    assert (spans[0][0], spans[-1][1]) == (since, until) if spans else since == until
    assert all(before[1] == after[0] for before, after in pairwise(spans))
    assert all(end - begin < timedelta(days=1) for begin, end in period.edges if begin and end) or not whole


async def test_folding_keeps_every_sum_and_makes_one_row_a_key(db: Database) -> None:
    def write(session: Session) -> None:
        lead = factories.make_lead(session, source="website", created_at=NOON)
        call = factories.make_activity(session, "call", occurred_at=NOON)
        for n in range(260):
            lead.score, call.duration_minutes = n % 100, n + 1
            session.flush()

    await db.write(write)
    assert await flows.fold_rollups(db) == 3

    assert await db.read(rollups.differences) == []
    for model, keys in ((LeadRollup, 3), (ActivityRollup, 1)):
        assert await db.read(lambda s, m=model: s.scalar(sa.select(sa.func.count()).select_from(m))) == keys
