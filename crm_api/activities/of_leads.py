"""What a lead has to do with activities: calls to it, and what becomes of them when it is converted."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api import audit
from crm_api.access import Actor
from crm_api.activities import figures, service
from crm_api.activities.models import Activity, TimelineEntry
from crm_api.activities.schemas import ActivityIn
from crm_api.conditions import records
from crm_api.events import Event, record
from crm_api.leads import moves
from crm_api.leads import service as leads
from crm_api.leads.models import Lead
from crm_api.leads.schemas import CallAttempt
from crm_api.writes import notes

_NO_ANSWER = "Call attempt: no answer"


def attempt_call(
    session: Session, actor: Actor, *, lead_id: UUID, data: CallAttempt, if_match: int | None = None
) -> Lead:
    """Note a call to a lead. One that was answered is a call like any other: it is the last contact.

    One that nobody took is counted and noted alone. With `callback_at` the lead waits for that call; else a new lead
    that was reached is contacted. Raises Conflict for a converted lead.
    """
    lead: Lead = records.get(session, actor, Lead, lead_id, writing=True, if_match=if_match)
    moves.require_open(lead)
    if data.reached:
        call = ActivityIn(
            activity_type="call",
            subject="Call",
            direction="outbound",
            outcome=data.outcome,
            duration_minutes=data.duration_minutes,
            occurred_at=data.occurred_at,
            status="completed",
            lead_id=lead.id,
        )
        service.create(session, actor, data=call)
    else:
        (stats,) = leads.stats_of(session, [lead.id])
        stats.missed_calls = (stats.missed_calls or 0) + 1
        told = f"{_NO_ANSWER}. {data.outcome}" if data.outcome else f"{_NO_ANSWER}."
        notes.append(session, actor, kind="lead", record_id=lead.id, text=told)
    notes.append(session, actor, kind="lead", record_id=lead.id, text=data.notes)
    _wait(session, lead, data)
    record(session, moves.event("lead.call_attempted", lead, reached=data.reached))
    return lead


def _wait(session: Session, lead: Lead, data: CallAttempt) -> None:
    """The status that follows from a call; what stands further on stays there."""
    if data.callback_at is not None:
        lead.next_follow_up_date = data.callback_at
    if lead.status not in ("new", "contacted", "callback"):
        return
    if data.callback_at is not None:
        moves.move(session, lead, status="callback")
    elif data.reached:
        moves.move(session, lead, status="contacted")


def on_converted(session: Session, event: Event) -> None:
    """What was done with a lead was done with the account it became: activities and timeline lead there too."""
    session.flush()
    made = {name: _id(event.data.get(name)) for name in ("account_id", "contact_id", "opportunity_id")}
    unlinked = sa.select(Activity.id, Activity.contact_id).where(
        Activity.lead_id == event.subject_id, Activity.account_id.is_(None), Activity.archived_at.is_(None)
    )
    rows = [
        {
            "id": row.id,
            "account_id": made["account_id"],
            "contact_id": row.contact_id or made["contact_id"],
        }
        for row in session.execute(unlinked)
    ]
    if rows:
        audit.bulk_update(session, Activity, rows)
    session.execute(
        sa.update(TimelineEntry)
        .where(TimelineEntry.lead_id == event.subject_id, TimelineEntry.account_id.is_(None))
        .values(
            account_id=made["account_id"],
            contact_id=sa.func.coalesce(TimelineEntry.contact_id, _bound(made["contact_id"])),
            opportunity_id=sa.func.coalesce(TimelineEntry.opportunity_id, _bound(made["opportunity_id"])),
        )
        .execution_options(synchronize_session=False)
    )
    figures.recount(session, {**made, "lead_id": event.subject_id})


def _bound(value: UUID | None) -> sa.ColumnElement[UUID | None]:
    """An id as a column's own type: SQLite keeps ids as bytes."""
    return sa.literal(value, TimelineEntry.contact_id.type)


def _id(value: UUID | str | None) -> UUID | None:
    return UUID(value) if isinstance(value, str) else value
