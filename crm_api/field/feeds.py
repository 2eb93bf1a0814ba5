"""One secret address a person, behind which any calendar program finds their visits and meetings."""

import secrets
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.access import Actor, actor_of, visible
from crm_api.accounts.models import Account
from crm_api.activities.models import Activity
from crm_api.core import clock
from crm_api.core.errors import NotAllowed, NotFound
from crm_api.core.secrets import fingerprint
from crm_api.field import ics
from crm_api.field.brief import navigate
from crm_api.field.models import CalendarFeed
from crm_api.maps.addresses import address_of
from crm_api.organisation import service as organisation
from crm_api.users.models import User

BEHIND, AHEAD = timedelta(days=30), timedelta(days=180)
MOST = 1_000
SHOWN = ("visit", "meeting", "video_call")
USUAL = timedelta(minutes=30)
NOTED_EVERY = timedelta(hours=1)


def switch_on(session: Session, actor: Actor, *, address: str) -> dict[str, Any]:
    """A new address for one's feed; the one before opens nothing any more. `address` is the service's own."""
    user_id = _person(actor)
    token = secrets.token_urlsafe(32)
    feed = _feed(session, user_id)
    if feed is None:
        feed = CalendarFeed(user_id=user_id)
        session.add(feed)
    feed.token_hash, feed.created_at, feed.last_read_at = fingerprint(token), clock.now(), None
    session.flush()
    return {**shown(session, actor), "url": f"{address}/calendar/{token}.ics"}


def switch_off(session: Session, actor: Actor) -> None:
    """End one's feed; raises NotFound where there is none."""
    feed = _feed(session, _person(actor))
    if feed is None:
        raise NotFound("There is no calendar feed to switch off.")
    session.delete(feed)


def shown(session: Session, actor: Actor) -> dict[str, Any]:
    """Whether one's feed is on, and when it was last read."""
    feed = _feed(session, _person(actor))
    return {
        "is_on": feed is not None,
        "url": None,
        "created_at": feed.created_at if feed else None,
        "last_read_at": feed.last_read_at if feed else None,
    }


def read(session: Session, *, token: str, address: str) -> tuple[bytes, UUID | None]:
    """The calendar behind a token, and the feed where its reading is to be noted. Raises NotFound: for a token that
    opens nothing, and for somebody who may not sign in any more."""
    found = session.execute(
        sa.select(CalendarFeed, User)
        .join(User, User.id == CalendarFeed.user_id)
        .where(CalendarFeed.token_hash == fingerprint(token))
    ).first()
    if found is None or not found.User.is_active:
        raise NotFound("There is no calendar at this address.")
    feed, user = found
    actor = actor_of(session, user, organisation_zone=organisation.zone(session))
    now = clock.now()
    stale = feed.last_read_at is None or feed.last_read_at < now - NOTED_EVERY
    text = ics.written(f"Rounds: {user.name}", _entries(session, actor, now, address))
    return text, feed.id if stale else None


def note_reading(session: Session, *, feed_id: UUID) -> None:
    """Remember that a feed was read."""
    session.execute(
        sa.update(CalendarFeed).where(CalendarFeed.id == feed_id).values(last_read_at=clock.now())
    )


def _entries(session: Session, actor: Actor, now: datetime, address: str) -> list[ics.Entry]:
    when = sa.func.coalesce(Activity.due_at, Activity.occurred_at)
    rows = session.execute(
        sa.select(Activity, Account, when.label("when"))
        .outerjoin(Account, Account.id == Activity.account_id)
        .where(
            Activity.owner_id == actor.user_id, Activity.activity_type.in_(SHOWN), Activity.archived_at.is_(None),
            Activity.status != "cancelled", visible("activity", actor), when.between(now - BEHIND, now + AHEAD),
        )
        .order_by(when, Activity.id)
        .limit(MOST)
    )  # fmt: skip
    return [_entry(activity, account, starts, address) for activity, account, starts in rows]


def _entry(activity: Activity, account: Account | None, starts: datetime, address: str) -> ics.Entry:
    lasts = timedelta(minutes=activity.duration_minutes) if activity.duration_minutes else USUAL
    place = address_of(account) if account else None
    leads_there = navigate(account.latitude, account.longitude) if account else None
    told = [activity.description, activity.outcome, f"Navigate: {leads_there}" if leads_there else None]
    return ics.Entry(
        uid=f"{activity.id}@rounds",
        starts_at=starts,
        ends_at=starts + lasts,
        summary=activity.subject,
        changed_at=activity.updated_at,
        sequence=activity.version,
        description="\n".join(line for line in told if line),
        location=", ".join(part for part in (account and account.name, place and place.text) if part),
        place=(account.latitude, account.longitude)
        if account and account.latitude is not None and account.longitude is not None
        else None,
        url=f"{address}/crm/activities/{activity.id}",
    )


def _feed(session: Session, user_id: UUID) -> CalendarFeed | None:
    return session.scalar(sa.select(CalendarFeed).where(CalendarFeed.user_id == user_id))


def _person(actor: Actor) -> UUID:
    if actor.user_id is None:
        raise NotAllowed("Only a person has a calendar.")
    return actor.user_id
