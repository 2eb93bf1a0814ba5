"""Visits of accepted plans in the calendars of those who make them: put in, kept up, taken out.

What a calendar holds follows the activity's version. A visit invites nobody, unless it was agreed for a time and
somebody is named: a plan of ours is no appointment of theirs.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.accounts.models import Account
from crm_api.activities.models import Activity
from crm_api.contacts.models import Contact
from crm_api.core import clock
from crm_api.core.database import Database
from crm_api.field.brief import navigate
from crm_api.field.models import CalendarEntry
from crm_api.maps.addresses import address_of
from crm_api.ports import Calendar, CalendarEvent, Mailbox, PermanentFailure, PortFailure, TemporaryFailure
from crm_api.users.models import User
from crm_api.visits.models import VisitPlanStop

BATCH = 20
MOST_ATTEMPTS = 12
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=30), timedelta(hours=6)
PAST = timedelta(days=1)  # a visit that was over then is put into no calendar any more
USUAL_MINUTES = 30


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be done with one visit: `event` put in or changed, or, without one, taken out."""

    entry_id: UUID
    mailbox: str
    version: int
    provider_id: str | None
    event: CalendarEvent | None


async def keep_up(db: Database, calendar: Calendar | None) -> int:
    """Bring calendars up to date; returns how many events were touched. Does nothing without a calendar."""
    if calendar is None:
        return 0
    tasks = await db.write(due)
    for task in tasks:
        try:
            provider_id = await _do(calendar, task)
        except PortFailure as failure:
            await db.write(put_off, task=task, failure=failure)
        else:
            await db.write(settled, task=task, provider_id=provider_id)
    return len(tasks)


async def _do(calendar: Calendar, task: Task) -> str | None:
    if task.event is None:
        if task.provider_id is not None:
            await calendar.delete_event(task.mailbox, task.provider_id)
        return None
    if task.provider_id is not None:
        await calendar.update_event(task.mailbox, task.provider_id, task.event)
        return task.provider_id
    return (await calendar.create_event(task.mailbox, task.event)).provider_id


def due(session: Session) -> list[Task]:
    """The next visits whose calendar is behind; an entry is committed for each before anything is made outside."""
    now = clock.now()
    waits = sa.or_(CalendarEntry.next_try_at.is_(None), CalendarEntry.next_try_at <= now)
    behind = sa.or_(
        sa.and_(CalendarEntry.id.is_(None), Activity.status == "scheduled", Activity.due_at > now - PAST),
        sa.and_(CalendarEntry.seen_version != Activity.version, waits),
    )
    planned = sa.select(VisitPlanStop.activity_id).where(VisitPlanStop.activity_id.is_not(None))
    rows = session.execute(
        sa.select(Activity, User, CalendarEntry)
        .join(User, User.id == Activity.owner_id)
        .outerjoin(CalendarEntry, CalendarEntry.activity_id == Activity.id)
        .where(Activity.id.in_(planned), User.email.is_not(None), User.is_active, behind)
        .order_by(Activity.due_at, Activity.id)
        .limit(BATCH)
    ).all()
    return [task for activity, user, entry in rows if (task := _task(session, activity, user, entry))]


def settled(session: Session, *, task: Task, provider_id: str | None) -> None:
    """The calendar is as the visit was."""
    entry = session.get(CalendarEntry, task.entry_id)
    if entry is not None:
        entry.seen_version, entry.provider_id, entry.is_in = task.version, provider_id, task.event is not None
        entry.attempts, entry.next_try_at, entry.failed_because = 0, None, None


def put_off(session: Session, *, task: Task, failure: PortFailure) -> None:
    """Try again later, longer and longer; what will never work waits until the visit changes.

    A lost answer is a wait as well: the same transaction id makes no second event.
    """
    entry = session.get(CalendarEntry, task.entry_id)
    if entry is None:
        return
    entry.attempts += 1
    entry.failed_because = failure.reason[:500]
    if isinstance(failure, PermanentFailure) or entry.attempts >= MOST_ATTEMPTS:
        if task.provider_id is not None and task.event is not None:
            entry.provider_id = None  # somebody deleted it: the next change puts it in again
        entry.seen_version, entry.next_try_at, entry.attempts = task.version, None, 0
        return
    wait = min(FIRST_WAIT * 2 ** (entry.attempts - 1), LONGEST_WAIT)
    asked = failure.retry_after if isinstance(failure, TemporaryFailure) else None
    entry.next_try_at = clock.now() + max(wait, timedelta(seconds=asked or 0))


def _task(session: Session, activity: Activity, user: User, entry: CalendarEntry | None) -> Task | None:
    stands = activity.status in ("scheduled", "in_progress", "completed") and activity.archived_at is None
    if entry is None:
        entry = CalendarEntry(activity_id=activity.id, mailbox=user.email or "")
        session.add(entry)
        session.flush()
    if not stands and entry.provider_id is None:
        entry.seen_version = activity.version
        return None
    event = _event(session, activity) if stands else None
    return Task(entry.id, entry.mailbox, activity.version, entry.provider_id, event)


def _event(session: Session, activity: Activity) -> CalendarEvent:
    account = session.get(Account, activity.account_id) if activity.account_id else None
    place = address_of(account) if account else None
    leads_there = navigate(account.latitude, account.longitude) if account else None
    starts: datetime = activity.due_at or activity.occurred_at or clock.now()
    told = [activity.description, f"Navigate: {leads_there}" if leads_there else None]
    return CalendarEvent(
        transaction_id=str(activity.id),
        subject=activity.subject,
        starts_at=starts,
        ends_at=starts + timedelta(minutes=activity.duration_minutes or USUAL_MINUTES),
        body="\n".join(line for line in told if line),
        location=place.text if place else "",
        attendees=_attendees(session, activity),
    )


def _attendees(session: Session, activity: Activity) -> tuple[Mailbox, ...]:
    agreed = session.scalar(
        sa.select(VisitPlanStop.id).where(
            VisitPlanStop.activity_id == activity.id, VisitPlanStop.has_appointment.is_(True)
        )
    )
    person = session.get(Contact, activity.contact_id) if agreed and activity.contact_id else None
    if person is None or not person.email:
        return ()
    return (Mailbox(person.email, person.full_name),)
