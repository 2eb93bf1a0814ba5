"""What follows from activities for the records they are linked to: figures, which bump no version."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.accounts import service as accounts
from crm_api.activities.models import CONTACT_TYPES, Activity
from crm_api.activities.timeline import LINKS
from crm_api.contacts import service as contacts
from crm_api.leads import service as leads

_NONE: tuple[Any, ...] = (None, None, None)
_IN_TOUCH = sa.and_(Activity.activity_type.in_(CONTACT_TYPES), Activity.status == "completed")
_LAST = sa.func.max(sa.case((_IN_TOUCH, Activity.occurred_at)))
_VISITED = sa.func.max(sa.case((sa.and_(_IN_TOUCH, Activity.activity_type == "visit"), Activity.occurred_at)))
_CALLS = sa.func.count(sa.case((sa.and_(_IN_TOUCH, Activity.activity_type == "call"), 1)))
# The earliest open follow-up: what an activity asks for, or when a follow-up task is due.
_IS_OPEN = sa.or_(
    sa.and_(Activity.requires_follow_up, ~Activity.follow_up_completed),
    sa.and_(Activity.task_type == "follow_up", Activity.status.in_(("scheduled", "in_progress"))),
)
_WHEN = sa.case((Activity.activity_type == "task", Activity.due_at), else_=Activity.follow_up_date)
_NEXT = sa.func.min(sa.case((_IS_OPEN, _WHEN)))


def links_of(activity: Activity) -> dict[str, UUID | None]:
    """The records an activity is linked to."""
    return {link: getattr(activity, link) for link, _ in LINKS}


def recount(session: Session, *links: Mapping[str, UUID | None]) -> None:
    """Work the figures of the linked records out anew, from the activities that are there.

    The figures are held first: of two at a time the second counts what the first one wrote.
    """
    session.flush()
    linked = {name: {i for link in links if (i := link[name]) is not None} for name, _ in LINKS}
    if account_ids := linked["account_id"]:
        of_accounts = accounts.stats_of(session, account_ids)
        found = _figures(session, Activity.account_id, account_ids, _LAST, _VISITED)
        for of_account in of_accounts:
            of_account.last_contact_at, of_account.last_visit_at = found.get(of_account.account_id, _NONE)[:2]
    if contact_ids := linked["contact_id"]:
        of_contacts = contacts.stats_of(session, contact_ids)
        found = _figures(session, Activity.contact_id, contact_ids, _LAST)
        for of_contact in of_contacts:
            of_contact.last_contact_at = found.get(of_contact.contact_id, _NONE)[0]
    if lead_ids := linked["lead_id"]:
        of_leads = leads.stats_of(session, lead_ids)
        found = _figures(session, Activity.lead_id, lead_ids, _LAST, _NEXT, _CALLS)
        for of_lead in of_leads:
            last, following, calls = found.get(of_lead.lead_id, _NONE)
            of_lead.last_contact_at, of_lead.next_follow_up_at, of_lead.call_attempts = (
                last,
                following,
                calls or 0,
            )


def recount_follow_up(session: Session, *lead_ids: UUID) -> None:
    """Work just the next follow-up of leads out anew."""
    session.flush()
    of_leads = leads.stats_of(session, lead_ids)
    found = _figures(session, Activity.lead_id, lead_ids, _NEXT)
    for of_lead in of_leads:
        of_lead.next_follow_up_at = found.get(of_lead.lead_id, _NONE)[0]


def _figures(session: Session, link: Any, ids: Iterable[UUID], *figures: Any) -> dict[UUID, tuple[Any, ...]]:
    """Figures over the activities that are there, by the linked record."""
    statement = sa.select(link, *figures).where(link.in_(list(ids)), Activity.archived_at.is_(None))
    return {row[0]: tuple(row[1:]) for row in session.execute(statement.group_by(link))}
