"""Activities: logging, planning, completing; the last contact and the timeline follow from them."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api import audit
from crm_api.access import Actor, require_create
from crm_api.accounts import service as accounts
from crm_api.activities import timeline
from crm_api.activities.figures import links_of, recount, recount_follow_up
from crm_api.activities.models import Activity
from crm_api.activities.schemas import ActivityIn, ActivityPatch, Completion
from crm_api.activities.timeline import LINKS
from crm_api.attachments import service as files
from crm_api.conditions import records
from crm_api.contacts.models import Contact
from crm_api.core import clock, context
from crm_api.core.errors import Conflict, Invalid
from crm_api.core.schemas import apply_patch, changes, refuse_null
from crm_api.core.text import a
from crm_api.custom_fields import values as custom_values
from crm_api.events import Event, record
from crm_api.opportunities.models import Opportunity
from crm_api.users.service import team_of

AHEAD = timedelta(days=1)  # clocks differ, and so do calendars


def create(session: Session, actor: Actor, *, data: ActivityIn) -> Activity:
    """Log what was done, or plan what is to be done; raises Invalid naming a link that leads nowhere."""
    require_create(actor, "activity")
    values = data.model_dump(exclude={"custom_fields", "attachments"})
    values["custom"] = custom_values.fresh(session, actor, "activity", data.custom_fields)
    values["owner_id"] = values["owner_id"] or actor.user_id
    values["status"] = data.status or _status(data)
    _resolve(session, actor, values)
    if values["account_id"] is None:
        values["account_id"] = account_of(session, values)
    if data.activity_type == "task" and values["task_type"] is None:
        values["task_type"] = "general"
    activity = Activity(**values, origin=context.current().origin)
    if data.attachments:
        activity.attachments = files.settle(
            session, actor, kind="activity", record_id=activity.id, refs=data.attachments
        )
    add(session, activity, actor_id=actor.user_id)
    _tell_owner(session, activity, owner_before=actor.user_id)
    return activity


def add(session: Session, activity: Activity, *, actor_id: UUID | None) -> Activity:
    """Put a ready-made activity on the record, the timeline and the last contact; for other rooms' work."""
    _settle_times(activity)
    session.add(activity)
    session.flush()
    timeline.tell(session, activity, actor_id)
    record(session, event("activity.created", activity))
    _tell_mentioned(session, activity)
    _note_contact(session, activity)
    return activity


def update(
    session: Session, actor: Actor, *, activity_id: UUID, data: ActivityPatch, if_match: int | None
) -> Activity:
    """Change just the fields sent."""
    activity: Activity = records.get(session, actor, Activity, activity_id, writing=True, if_match=if_match)
    values = changes(data, leave_out=("custom_fields", "attachments"))
    values |= custom_values.edited(session, actor, activity, data.custom_fields)
    refuse_null(
        values, "activity_type", "subject", "priority", "requires_follow_up", "follow_up_completed", "status"
    )
    _keep_nature(activity, values.get("activity_type"))
    if "attachments" in data.model_fields_set:
        values["attachments"] = files.settle(
            session, actor, kind="activity", record_id=activity.id, refs=data.attachments
        )
    _resolve(session, actor, values)
    if "account_id" not in values and activity.account_id is None:
        values["account_id"] = account_of(session, values)
    links_before, was_contact, owner_before = links_of(activity), activity.is_contact, activity.owner_id
    if apply_patch(activity, values):
        _settle_times(activity)
        record(session, event("activity.updated", activity, fields=sorted(data.model_fields_set)))
        session.flush()
        timeline.retell(session, activity)
        if activity.is_contact and not was_contact:
            _note_contact(session, activity)
        recount(session, links_before, links_of(activity))
        _tell_owner(session, activity, owner_before=owner_before)
        _tell_mentioned(session, activity)
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
    timeline.retell(session, activity)
    _note_contact(session, activity)
    return activity


def reopen(session: Session, actor: Actor, *, activity_id: UUID, if_match: int | None = None) -> Activity:
    """Take a completion or cancellation back: it is to be done again. Open already is a Conflict."""
    activity: Activity = records.get(session, actor, Activity, activity_id, writing=True, if_match=if_match)
    if not activity.is_done:
        raise Conflict(f"This is {activity.status}; there is nothing to reopen.")
    activity.status = "scheduled"
    if activity.occurred_at == activity.completed_at:
        activity.occurred_at = None
    _settle_times(activity)
    record(session, event("activity.reopened", activity))
    session.flush()
    timeline.retell(session, activity)
    recount(session, links_of(activity))
    return activity


def complete_follow_up(
    session: Session, actor: Actor, *, activity_id: UUID, if_match: int | None = None
) -> Activity:
    """Somebody got back to them. Raises Conflict where no follow-up is asked for, or it is done already."""
    activity: Activity = records.get(session, actor, Activity, activity_id, writing=True, if_match=if_match)
    if not activity.has_open_follow_up:
        done = "is done already" if activity.requires_follow_up else "is not asked for"
        raise Conflict(f"A follow-up {done}.")
    activity.follow_up_completed = True
    record(session, event("activity.follow_up_completed", activity))
    if activity.lead_id:
        recount_follow_up(session, activity.lead_id)
    return activity


def archive(session: Session, actor: Actor, *, activity_id: UUID, if_match: int | None) -> None:
    """Delete softly; the timeline forgets it, and so does the last contact."""
    activity = records.get(session, actor, Activity, activity_id, writing=True, if_match=if_match)
    activity.archived_at = clock.now()
    timeline.forget(session, [activity.id])
    recount(session, links_of(activity))
    record(session, event("activity.archived", activity))


def restore(session: Session, actor: Actor, *, activity_id: UUID) -> Activity:
    """Take a soft deletion back."""
    activity: Activity = records.get(session, actor, Activity, activity_id, writing=True, archived=True)
    if activity.archived_at is not None:
        activity.archived_at = None
        timeline.tell(session, activity, activity.owner_id)
        recount(session, links_of(activity))
        record(session, event("activity.restored", activity))
    return activity


def _keep_nature(activity: Activity, wanted: str | None) -> None:
    """A call may turn out to have been a meeting; a task or a note stays what it is."""
    if wanted in (None, activity.activity_type):
        return
    for fixed in ("task", "note"):
        if fixed in (wanted, activity.activity_type):
            raise Invalid.field("activity_type", f"{a(activity.activity_type)} cannot become {a(wanted)}")


def _tell_owner(session: Session, activity: Activity, *, owner_before: UUID | None) -> None:
    if activity.owner_id not in (None, owner_before) and not activity.is_done:
        record(session, event("activity.assigned", activity, before=owner_before))


def _tell_mentioned(session: Session, activity: Activity) -> None:
    if activity.activity_type == "note" and "@" in f"{activity.subject}{activity.description or ''}":
        record(session, event("activity.mentioned", activity))


def _status(data: ActivityIn) -> str:
    if data.completed_at is not None or data.activity_type == "note":
        return "completed"
    future = data.occurred_at is not None and data.occurred_at > clock.now()
    return "scheduled" if data.activity_type == "task" or data.due_at is not None or future else "completed"


def _settle_times(activity: Activity) -> None:
    if activity.status == "completed":
        activity.completed_at = activity.completed_at or clock.now()
        activity.occurred_at = activity.occurred_at or activity.completed_at
        if activity.occurred_at == activity.due_at and activity.occurred_at > activity.completed_at:
            activity.occurred_at = activity.completed_at  # done before it was due
        for field in ("completed_at", "occurred_at"):
            if getattr(activity, field) > clock.now() + AHEAD:
                raise Invalid.field(field, "what is completed cannot lie in the future")
    elif activity.status != "cancelled":
        activity.completed_at = None
    if activity.occurred_at is None:
        activity.occurred_at = activity.due_at


def _resolve(session: Session, actor: Actor, values: dict[str, Any]) -> None:
    for field, model in LINKS:
        if values.get(field):
            records.require_link(session, actor, model.__kind__, values[field], field=field)
    if "owner_id" in values:
        values["team_id"] = team_of(session, values["owner_id"])


def account_of(session: Session, values: dict[str, Any]) -> UUID | None:
    """The account of the linked deal, else of the linked contact."""
    for field, model in (("opportunity_id", Opportunity), ("contact_id", Contact)):
        if values.get(field):
            account_id = session.scalar(sa.select(model.account_id).where(model.id == values[field]))
            if account_id is not None:
                return account_id
    return None


def _note_contact(session: Session, activity: Activity) -> None:
    if activity.is_contact:
        recount(session, links_of(activity))
        record(session, event("activity.contact_made", activity, at=activity.occurred_at))
    elif activity.lead_id and (activity.requires_follow_up or activity.task_type):
        recount_follow_up(session, activity.lead_id)


def follow_owner(session: Session, event: Event) -> None:
    """An owner who changes teams takes their activities along; a derived figure, so no version rises."""
    audit.follow(session, Activity, Activity.owner_id == event.subject_id, team_id=event.team_id)


def event(type_: str, activity: Activity, **data: Any) -> Event:
    """An event about an activity, with its links."""
    what = {"activity_type": activity.activity_type, "direction": activity.direction}
    return Event(
        type_,
        "activity",
        activity.id,
        {**what, **links_of(activity), **data},
        activity.owner_id,
        activity.team_id,
        accounts.territory_of(activity),
    )
