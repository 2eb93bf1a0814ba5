"""Activities: logging, planning, completing; the last contact and the timeline follow from them."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api import audit
from crm_api.access import Actor, require_create
from crm_api.accounts import service as accounts
from crm_api.activities import timeline
from crm_api.activities.models import CONTACT_TYPES, Activity
from crm_api.activities.schemas import ActivityIn, ActivityPatch, Completion
from crm_api.activities.timeline import LINKS
from crm_api.conditions import records
from crm_api.contacts import service as contacts
from crm_api.contacts.models import Contact
from crm_api.core import clock, context
from crm_api.core.errors import Conflict, Invalid
from crm_api.core.schemas import apply_patch, changes, refuse_null
from crm_api.custom_fields import values as custom_values
from crm_api.events import Event, record
from crm_api.leads import service as leads
from crm_api.opportunities.models import Opportunity
from crm_api.users.service import team_of

AHEAD = timedelta(days=1)  # clocks differ, and so do calendars
_IN_TOUCH = (
    Activity.activity_type.in_(CONTACT_TYPES),
    Activity.status == "completed",
    Activity.archived_at.is_(None),
)


def create(session: Session, actor: Actor, *, data: ActivityIn) -> Activity:
    """Log what was done, or plan what is to be done; raises Invalid naming a link that leads nowhere."""
    require_create(actor, "activity")
    values = data.model_dump(exclude={"custom_fields"})
    values["custom"] = custom_values.fresh(session, actor, "activity", data.custom_fields)
    values["owner_id"] = values["owner_id"] or actor.user_id
    values["status"] = data.status or _status(data)
    _resolve(session, actor, values)
    if values["account_id"] is None:
        values["account_id"] = account_of(session, values)
    if data.activity_type == "task" and values["task_type"] is None:
        values["task_type"] = "general"
    activity = Activity(**values, origin=context.current().origin)
    return add(session, activity, actor_id=actor.user_id)


def add(session: Session, activity: Activity, *, actor_id: UUID | None) -> Activity:
    """Put a ready-made activity on the record, the timeline and the last contact; for other rooms' work."""
    _settle_times(activity)
    session.add(activity)
    session.flush()
    timeline.tell(session, activity, actor_id)
    record(session, event("activity.created", activity))
    _note_contact(session, activity)
    return activity


def update(
    session: Session, actor: Actor, *, activity_id: UUID, data: ActivityPatch, if_match: int | None
) -> Activity:
    """Change just the fields sent."""
    activity: Activity = records.get(session, actor, Activity, activity_id, writing=True, if_match=if_match)
    values = changes(data, leave_out=("custom_fields",))
    values |= custom_values.edited(session, actor, activity, data.custom_fields)
    refuse_null(values, "subject", "priority", "requires_follow_up", "status")
    _resolve(session, actor, values)
    if "account_id" not in values and activity.account_id is None:
        values["account_id"] = account_of(session, values)
    links_before, was_contact = _links(activity), activity.is_contact
    if apply_patch(activity, values):
        _settle_times(activity)
        record(session, event("activity.updated", activity, fields=sorted(data.model_fields_set)))
        session.flush()
        timeline.retell(session, activity)
        if activity.is_contact and not was_contact:
            _note_contact(session, activity)
        recount(session, links_before, _links(activity))
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


def archive(session: Session, actor: Actor, *, activity_id: UUID, if_match: int | None) -> None:
    """Delete softly; the timeline forgets it, and so does the last contact."""
    activity = records.get(session, actor, Activity, activity_id, writing=True, if_match=if_match)
    activity.archived_at = clock.now()
    timeline.forget(session, [activity.id])
    recount(session, _links(activity))
    record(session, event("activity.archived", activity))


def restore(session: Session, actor: Actor, *, activity_id: UUID) -> Activity:
    """Take a soft deletion back."""
    activity: Activity = records.get(session, actor, Activity, activity_id, writing=True, archived=True)
    if activity.archived_at is not None:
        activity.archived_at = None
        timeline.tell(session, activity, activity.owner_id)
        recount(session, _links(activity))
        record(session, event("activity.restored", activity))
    return activity


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


def _links(activity: Activity) -> dict[str, UUID | None]:
    return {link: getattr(activity, link) for link, _ in LINKS}


def _note_contact(session: Session, activity: Activity) -> None:
    if activity.is_contact:
        recount(session, _links(activity))
        record(session, event("activity.contact_made", activity, at=activity.occurred_at))


def recount(session: Session, *links: Mapping[str, UUID | None]) -> None:
    """Work the last contact of the linked records out anew, from the activities that are there.

    The figures are held first: of two at a time the second counts what the first one wrote.
    """
    session.flush()
    linked = {name: {i for link in links if (i := link[name]) is not None} for name, _ in LINKS}
    if account_ids := linked["account_id"]:
        of_accounts = accounts.stats_of(session, account_ids)
        last = _latest(session, Activity.account_id, account_ids)
        visited = _latest(session, Activity.account_id, account_ids, Activity.activity_type == "visit")
        for of_account in of_accounts:
            of_account.last_contact_at = last.get(of_account.account_id)
            of_account.last_visit_at = visited.get(of_account.account_id)
    if contact_ids := linked["contact_id"]:
        of_contacts = contacts.stats_of(session, contact_ids)
        last = _latest(session, Activity.contact_id, contact_ids)
        for of_contact in of_contacts:
            of_contact.last_contact_at = last.get(of_contact.contact_id)
    if lead_ids := linked["lead_id"]:
        of_leads = leads.stats_of(session, lead_ids)
        last = _latest(session, Activity.lead_id, lead_ids)
        calls = _grouped(
            session, sa.func.count(), Activity.lead_id, lead_ids, Activity.activity_type == "call"
        )
        for of_lead in of_leads:
            of_lead.last_contact_at = last.get(of_lead.lead_id)
            of_lead.call_attempts = calls.get(of_lead.lead_id, 0)


def _latest(
    session: Session, link: Any, ids: Iterable[UUID], *which: sa.ColumnElement[bool]
) -> dict[UUID, datetime]:
    return _grouped(session, sa.func.max(Activity.occurred_at), link, ids, *which)


def _grouped(
    session: Session, figure: Any, link: Any, ids: Iterable[UUID], *which: sa.ColumnElement[bool]
) -> dict[UUID, Any]:
    """A figure over the activities in which somebody was in touch, by the linked record."""
    statement = sa.select(link, figure).where(*_IN_TOUCH, link.in_(list(ids)), *which).group_by(link)
    return dict(session.execute(statement).all())


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
        {**what, **_links(activity), **data},
        activity.owner_id,
        activity.team_id,
        accounts.territory_of(activity),
    )
