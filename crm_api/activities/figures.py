"""What follows from activities for the records they are linked to: figures, which bump no version."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.accounts import service as accounts
from crm_api.activities.models import CONTACT_TYPES, Activity
from crm_api.activities.timeline import LINKS
from crm_api.contacts import service as contacts
from crm_api.leads import service as leads
from crm_api.leads.models import LeadStats

_IN_TOUCH = (
    Activity.activity_type.in_(CONTACT_TYPES),
    Activity.status == "completed",
    Activity.archived_at.is_(None),
)


def links_of(activity: Activity) -> dict[str, UUID | None]:
    """The records an activity is linked to."""
    return {link: getattr(activity, link) for link, _ in LINKS}


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
        _recount_follow_ups(session, of_leads)


def recount_follow_up(session: Session, *lead_ids: UUID) -> None:
    """Work the next follow-up of leads out anew."""
    session.flush()
    _recount_follow_ups(session, leads.stats_of(session, lead_ids))


def _recount_follow_ups(session: Session, of_leads: Iterable[LeadStats]) -> None:
    """The earliest open follow-up of each lead: what its activities ask for, and its follow-up tasks."""
    held = {of_lead.lead_id: of_lead for of_lead in of_leads}
    asked = sa.case((Activity.activity_type == "task", Activity.due_at), else_=Activity.follow_up_date)
    is_open = sa.or_(
        sa.and_(Activity.requires_follow_up, ~Activity.follow_up_completed),
        sa.and_(Activity.task_type == "follow_up", Activity.status.in_(("scheduled", "in_progress"))),
    )
    earliest: dict[UUID, datetime] = dict(
        session.execute(
            sa.select(Activity.lead_id, sa.func.min(asked))
            .where(Activity.lead_id.in_(list(held)), is_open, Activity.archived_at.is_(None))
            .group_by(Activity.lead_id)
        ).all()
    )
    for lead_id, of_lead in held.items():
        of_lead.next_follow_up_at = earliest.get(lead_id)


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
