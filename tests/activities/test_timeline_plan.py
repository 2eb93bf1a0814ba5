"""A timeline is read by its own lines, however many records there are beside it."""

from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.activities import timeline
from crm_api.activities.models import Activity, TimelineEntry
from crm_api.audit import service as audit
from crm_api.core import clock
from crm_api.core.database import Database
from crm_api.core.ids import new_id
from tests.factories import make_actor, make_lead
from tests.support.plans import plans


def busy(session: Session) -> Any:
    """A lead with three calls among three thousand of others; its id."""
    one, *others = (make_lead(session).id for _ in range(300))
    now = clock.now()
    calls = [
        {"activity_type": "call", "subject": "Call", "lead_id": lead, "occurred_at": now - timedelta(hours=n)}
        for n, lead in enumerate([one] * 3 + others * 10)
    ]
    made = audit.bulk_insert(session, Activity, calls)
    lines = [
        {"id": new_id(), "at": call["occurred_at"], "kind": "activity", "type": "call", "record_id": activity_id,
         "summary": "Call", "lead_id": call["lead_id"]}
        for call, activity_id in zip(calls, made, strict=True)
    ]  # fmt: skip
    session.execute(sa.insert(TimelineEntry), lines)
    session.execute(sa.text("ANALYZE"))
    return one


async def test_a_timeline_never_looks_through_all_activities(db: Database) -> None:
    lead_id = await db.write(busy)
    actor = await db.write(make_actor, "administrator")

    told = await db.read(timeline.read, actor, "lead", lead_id)
    plan = await db.read(plans, lambda session: timeline.read(session, actor, "lead", lead_id))

    assert len(told["items"]) == 3
    assert "LIST SUBQUERY" not in plan
    assert "Seq Scan on activities" not in plan
