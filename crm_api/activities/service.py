"""Activities: logging, planning, completing; last contact and the timeline follow from them."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.access import Actor, require_create, visible
from crm_api.accounts import service as accounts
from crm_api.accounts.models import Account
from crm_api.activities.models import Activity, TimelineEntry
from crm_api.activities.schemas import ActivityIn, ActivityPatch, Completion
from crm_api.conditions import records
from crm_api.contacts import service as contacts
from crm_api.contacts.models import Contact
from crm_api.core import clock, context
from crm_api.core.errors import Conflict, Invalid
from crm_api.core.schemas import apply_patch, changes
from crm_api.events import Event, record
from crm_api.leads import service as leads
from crm_api.leads.models import Lead
from crm_api.opportunities.models import Opportunity
from crm_api.users.service import team_of

LINKS: tuple[tuple[str, Any], ...] = (
    ("account_id", Account),
    ("contact_id", Contact),
    ("lead_id", Lead),
    ("opportunity_id", Opportunity),
)


def create(session: Session, actor: Actor, *, data: ActivityIn) -> Activity:
    """Log what was done, or plan what is to be done; raises Invalid naming a link that leads nowhere."""
    require_create(actor, "activity")
    values = data.model_dump()
    values["owner_id"] = values["owner_id"] or actor.user_id
    values["status"] = data.status or _status(data)
    _resolve(session, actor, values)
    if data.activity_type == "task" and values["task_type"] is None:
        values["task_type"] = "general"
    activity = Activity(**values, origin=context.current().origin)
    return add(session, activity, actor_id=actor.user_id)


def add(session: Session, activity: Activity, *, actor_id: UUID | None) -> Activity:
    """Put a ready-made activity on the record, the timeline and the last contact; for other rooms' work."""
    _settle_times(activity)
    session.add(activity)
    session.flush()
    _tell(session, activity, actor_id)
    record(session, event("activity.created", activity))
    _note_contact(session, activity)
    return activity


def update(
    session: Session, actor: Actor, *, activity_id: UUID, data: ActivityPatch, if_match: int | None
) -> Activity:
    """Change just the fields sent."""
    activity: Activity = records.get(session, actor, Activity, activity_id, writing=True, if_match=if_match)
    values = changes(data)
    for required in ("subject", "priority", "requires_follow_up", "status"):
        if required in values and values[required] is None:
            raise Invalid.field(required, "cannot be empty")
    _resolve(session, actor, values)
    was_contact = activity.is_contact
    if apply_patch(activity, values):
        _settle_times(activity)
        record(session, event("activity.updated", activity, fields=sorted(data.model_fields_set)))
        session.flush()
        _retell(session, activity)
    if activity.is_contact and not was_contact:
        _note_contact(session, activity)
    return activity


def complete(
    session: Session, actor: Actor, *, activity_id: UUID, data: Completion, if_match: int | None = None
) -> Activity:
    """Mark as done, with how it went; completing twice is a Conflict."""
    activity: Activity = records.get(session, actor, Activity, activity_id, writing=True, if_match=if_match)
    if activity.is_done:
        raise Conflict(f"This is {activity.status} already.")
    apply_patch(activity, {k: v for k, v in changes(data).items() if v is not None})
    activity.status = "completed"
    _settle_times(activity)
    session.flush()
    record(session, event("activity.completed", activity))
    _retell(session, activity)
    _note_contact(session, activity)
    return activity


def archive(session: Session, actor: Actor, *, activity_id: UUID, if_match: int | None) -> None:
    """Delete softly; the timeline forgets it."""
    activity = records.get(session, actor, Activity, activity_id, writing=True, if_match=if_match)
    activity.archived_at = clock.now()
    session.execute(
        sa.delete(TimelineEntry).where(
            TimelineEntry.kind == "activity", TimelineEntry.record_id == activity.id
        )
    )
    record(session, event("activity.archived", activity))


def restore(session: Session, actor: Actor, *, activity_id: UUID) -> Activity:
    """Take a soft deletion back."""
    activity: Activity = records.get(session, actor, Activity, activity_id, writing=True, archived=True)
    if activity.archived_at is not None:
        activity.archived_at = None
        _tell(session, activity, activity.owner_id)
        record(session, event("activity.restored", activity))
    return activity


def timeline(
    session: Session,
    actor: Actor,
    kind: str,
    record_id: UUID,
    *,
    limit: int = 50,
    before: datetime | None = None,
) -> list[dict[str, Any]]:
    """What happened with a record, newest first; raises NotFound where the actor may not see it."""
    records.one(session, actor, kind, record_id)
    column = getattr(TimelineEntry, f"{kind}_id")
    statement = sa.select(
        TimelineEntry.id,
        TimelineEntry.at,
        TimelineEntry.kind,
        TimelineEntry.record_id,
        TimelineEntry.summary,
        TimelineEntry.actor_id,
    ).where(column == record_id)
    if before is not None:
        statement = statement.where(TimelineEntry.at < before)
    newest = statement.order_by(TimelineEntry.at.desc(), TimelineEntry.id.desc()).limit(limit)
    return [dict(row) for row in session.execute(newest).mappings()]


def tell_stage_change(session: Session, event: Event) -> None:
    """Put a lead's or deal's move on its timeline; runs in the transaction of the move."""
    session.add(
        TimelineEntry(
            at=clock.now(),
            kind=event.kind,
            record_id=event.subject_id,
            summary=_moved(event),
            actor_id=context.current().actor_id,
            account_id=event.data.get("account_id"),
            contact_id=event.data.get("contact_id"),
            lead_id=event.subject_id if event.kind == "lead" else event.data.get("lead_id"),
            opportunity_id=event.subject_id if event.kind == "opportunity" else None,
        )
    )


def _moved(event: Event) -> str:
    if event.type == "lead.status_changed":
        return f"Status: {event.data['before']} → {event.data['after']}"
    if event.type == "opportunity.stage_changed":
        return f"Moved to {str(event.data['kind']).replace('_', ' ')}"
    return "Reopened"


def _status(data: ActivityIn) -> str:
    if data.completed_at is not None or data.activity_type == "note":
        return "completed"
    future = data.occurred_at is not None and data.occurred_at > clock.now()
    return "scheduled" if data.activity_type == "task" or data.due_at is not None or future else "completed"


def _settle_times(activity: Activity) -> None:
    if activity.status == "completed":
        activity.completed_at = activity.completed_at or clock.now()
        activity.occurred_at = activity.occurred_at or activity.completed_at
    elif activity.status != "cancelled":
        activity.completed_at = None
    if activity.occurred_at is None:
        activity.occurred_at = activity.due_at


def _resolve(session: Session, actor: Actor, values: dict[str, Any]) -> None:
    for field, model in LINKS:
        if (
            values.get(field)
            and session.scalar(
                sa.select(model.id).where(model.id == values[field], visible(model.__kind__, actor))
            )
            is None
        ):
            raise Invalid.field(field, f"there is no such {model.__kind__}, or it is not yours to see")
    if values.get("opportunity_id") and not values.get("account_id"):
        values["account_id"] = session.scalar(
            sa.select(Opportunity.account_id).where(Opportunity.id == values["opportunity_id"])
        )
    if values.get("contact_id") and not values.get("account_id"):
        values["account_id"] = session.scalar(
            sa.select(Contact.account_id).where(Contact.id == values["contact_id"])
        )
    if "owner_id" in values:
        values["team_id"] = team_of(session, values["owner_id"])


def _note_contact(session: Session, activity: Activity) -> None:
    if not activity.is_contact:
        return
    at = activity.occurred_at or clock.now()
    if activity.account_id:
        accounts.touch_contact(session, activity.account_id, at=at, visit=activity.activity_type == "visit")
    if activity.contact_id:
        contacts.touch_contact(session, activity.contact_id, at=at)
    if activity.lead_id:
        leads.touch_contact(session, activity.lead_id, at=at, call=activity.activity_type == "call")
    record(session, event("activity.contact_made", activity, at=at))


def _tell(session: Session, activity: Activity, actor_id: UUID | None) -> None:
    session.add(
        TimelineEntry(
            at=activity.occurred_at or activity.created_at,
            kind="activity",
            record_id=activity.id,
            summary=summary_of(activity),
            actor_id=actor_id,
            **{link: getattr(activity, link) for link, _ in LINKS},
        )
    )


def _retell(session: Session, activity: Activity) -> None:
    session.execute(
        sa.update(TimelineEntry)
        .where(TimelineEntry.kind == "activity", TimelineEntry.record_id == activity.id)
        .values(
            at=activity.occurred_at or activity.created_at,
            summary=summary_of(activity),
            **{link: getattr(activity, link) for link, _ in LINKS},
        )
    )


def summary_of(activity: Activity) -> str:
    """The sentence an activity has on the timeline; takes anything with an activity's attributes."""
    outcome = f": {activity.outcome}" if activity.outcome else ""
    return f"{activity.activity_type.replace('_', ' ').capitalize()} · {activity.subject}{outcome}"[:500]


def event(type_: str, activity: Activity, **data: Any) -> Event:
    """An event about an activity, with its links."""
    links = {link: getattr(activity, link) for link, _ in LINKS}
    return Event(
        type_,
        "activity",
        activity.id,
        {"activity_type": activity.activity_type, "direction": activity.direction, **links, **data},
        activity.owner_id,
        activity.team_id,
        accounts.territory_of(activity),
    )
