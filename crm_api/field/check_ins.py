"""Checking in at the door and out again: what it proves, and what it does to the visit."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api import audit
from crm_api.access import Actor, require_create
from crm_api.accounts.models import Account
from crm_api.activities import service as activities
from crm_api.activities.models import Activity
from crm_api.activities.schemas import ActivityIn, ActivityPatch, Completion
from crm_api.conditions import records
from crm_api.core import clock
from crm_api.core.errors import Conflict, Invalid, NotAllowed
from crm_api.events import Event, record
from crm_api.field.models import CheckIn
from crm_api.field.rules import rules
from crm_api.field.schemas import CheckInIn, OutcomeIn
from crm_api.followups import service as followups
from crm_api.followups.schemas import EnrolmentIn
from crm_api.maps import places
from crm_api.maps.models import AccountPlace
from crm_api.ports import Coordinates

OLDEST = timedelta(days=14)  # what a phone may have kept that long is still believed
AHEAD = timedelta(minutes=10)  # clocks differ
DOUBT = 200  # metres: an accuracy worse than this makes no position near
PIN_ACCURACY = 100  # metres: a worse position is no pin
COARSE = ("town", "region")


def check_in(session: Session, actor: Actor, *, data: CheckInIn) -> CheckIn:
    """Say that one is at an account's door; its visit of the day is under way then, or one is begun.

    Raises Invalid for times that cannot be, Conflict where the visit is done or another check-in has it. A check-in
    that is here already under its id is answered as it is.
    """
    require_create(actor, "check_in")
    if actor.user_id is None:
        raise NotAllowed("Only a person can be somewhere.")
    if data.id is not None and (known := session.get(CheckIn, data.id)) is not None:
        return _known(actor, known)
    account: Account = records.get(session, actor, Account, data.account_id)
    if account.archived_at is not None:
        raise Conflict("This account is archived; restore it first.")
    at = _believed(data.at, "at")
    distance, verdict = _judge(session, account, data)
    visit = _visit(session, actor, account, data, at, verdict)
    made = CheckIn(
        account_id=account.id, activity_id=visit.id, owner_id=actor.user_id, team_id=actor.team_id,
        checked_in_at=at, received_at=clock.now(), latitude=data.latitude, longitude=data.longitude,
        accuracy_metres=None if data.accuracy_metres is None else round(data.accuracy_metres),
        distance_metres=distance, verdict=verdict,
    )  # fmt: skip
    if data.id is not None:
        made.id = data.id
    session.add(made)
    session.flush()
    record(session, _event("check_in.made", made, account, verdict=verdict))
    if data.pin_here:
        _pin(session, account, data)
    if data.check_out is not None:
        check_out(session, actor, check_in_id=made.id, data=data.check_out)
    return made


def check_out(session: Session, actor: Actor, *, check_in_id: UUID, data: OutcomeIn) -> CheckIn:
    """End a visit with what came of it: the visit is done, the account less overdue, the next step planned.

    Raises Invalid for an end before the beginning, Conflict where it was ended already. An end that is here already
    with its very time is answered as it is: phones send again what they never heard the end of.
    """
    here: CheckIn = records.get(session, actor, CheckIn, check_in_id, writing=True)
    if here.owner_id != actor.user_id:
        raise NotAllowed("A visit is ended by whoever made it.")
    if here.checked_out_at is not None:
        if data.at is not None and data.at == here.checked_out_at:
            return here
        raise Conflict("This visit is over already.")
    at = _believed(data.at, "at")
    if at < here.checked_in_at:
        raise Invalid.field("at", "the visit cannot end before it began")
    here.checked_out_at = at
    _finish(session, actor, here, data, at)
    session.flush()
    account = session.get_one(Account, here.account_id)
    record(session, _event("check_in.ended", here, account, nobody_there=data.nobody_there))
    return here


def _finish(session: Session, actor: Actor, here: CheckIn, data: OutcomeIn, at: datetime) -> None:
    minutes = round((at - here.checked_in_at).total_seconds() / 60)
    values: dict[str, Any] = {"duration_minutes": minutes}
    if data.contact_id is not None:
        values["contact_id"] = data.contact_id
    if data.follow_up_date is not None:
        values |= {"requires_follow_up": True, "follow_up_date": data.follow_up_date}
    if data.nobody_there:
        values |= {"status": "cancelled", "outcome": data.outcome or "Nobody was there"}
    activities.update(
        session, actor, activity_id=here.activity_id, data=ActivityPatch(**values), if_match=None
    )
    if not data.nobody_there:
        said = Completion(outcome=data.outcome, next_steps=data.next_steps, completed_at=at)
        activities.complete(session, actor, activity_id=here.activity_id, data=said)
    if data.next_step is not None:
        step = data.next_step
        activities.create(
            session, actor,
            data=ActivityIn(
                activity_type=step.activity_type, subject=step.subject, due_at=step.due_at, status="scheduled",
                account_id=here.account_id, contact_id=data.contact_id,
                task_type="follow_up" if step.activity_type == "task" else None,
            ),
        )  # fmt: skip
    if data.follow_up_sequence_id is not None:
        # After the visit was logged: being in touch ends what was written to this person before.
        entering = EnrolmentIn(sequence_id=data.follow_up_sequence_id, contact_id=data.contact_id)
        followups.enrol_by_hand(session, actor, data=entering)


def _visit(
    session: Session, actor: Actor, account: Account, data: CheckInIn, at: datetime, verdict: str
) -> Activity:
    """The visit that begins: the one that was meant, the one planned for the day, else a new one.

    Whoever sees the account sees the visit, so it has the position only where that is the account's own.
    """
    values: dict[str, Any] = {"status": "in_progress", "occurred_at": at}
    if verdict == "verified":
        values |= {"latitude": data.latitude, "longitude": data.longitude}
    visit_id = data.activity_id or _planned(session, actor, account.id, at)
    if visit_id is None:
        made = ActivityIn(
            activity_type="visit", subject=f"Visit {account.name}"[:200], account_id=account.id,
            owner_id=actor.user_id, **values,
        )  # fmt: skip
        return activities.create(session, actor, data=made)
    visit: Activity = records.get(session, actor, Activity, visit_id)
    if visit.activity_type != "visit" or visit.account_id != account.id:
        raise Invalid.field("activity_id", "this is no visit of that account")
    if visit.is_done:
        raise Conflict(f"This visit is {visit.status} already; check in without it to begin another one.")
    if session.scalar(sa.select(CheckIn.id).where(CheckIn.activity_id == visit.id)):
        raise Conflict("Somebody has checked in for this visit already; check out of it first.")
    return activities.update(
        session, actor, activity_id=visit.id, data=ActivityPatch(**values), if_match=None
    )


def _planned(session: Session, actor: Actor, account_id: UUID, at: datetime) -> UUID | None:
    """The actor's own scheduled visit of the account that day, the earliest where there are several."""
    zone = ZoneInfo(actor.time_zone)
    begins = at.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    taken = sa.select(CheckIn.activity_id)
    statement = sa.select(Activity.id).where(
        Activity.account_id == account_id, Activity.owner_id == actor.user_id, Activity.activity_type == "visit",
        Activity.status.in_(("scheduled", "in_progress")), Activity.archived_at.is_(None),
        Activity.due_at >= begins, Activity.due_at < begins + timedelta(days=1), Activity.id.not_in(taken),
    )  # fmt: skip
    return session.scalar(statement.order_by(Activity.due_at, Activity.id).limit(1))


def _judge(session: Session, account: Account, data: CheckInIn) -> tuple[int | None, str]:
    """How far the pin is, and what that proves. A pin that is only the town's proves nothing."""
    if (
        data.latitude is None
        or data.longitude is None
        or account.latitude is None
        or account.longitude is None
    ):
        return None, "unverified"
    here = Coordinates(data.latitude, data.longitude)
    distance = here.metres_to(Coordinates(account.latitude, account.longitude))
    precision = session.scalar(sa.select(AccountPlace.precision).where(AccountPlace.account_id == account.id))
    doubt = data.accuracy_metres or 0.0
    if precision in COARSE or doubt > DOUBT:
        return round(distance), "unverified"
    near = rules(session).check_in_metres + doubt
    return round(distance), "verified" if distance <= near else "away"


def _pin(session: Session, account: Account, data: CheckInIn) -> None:
    """Take the position as the account's pin; a pin set by hand stays, and so does one better than this position."""
    if data.latitude is None or data.longitude is None:
        raise Invalid.field("pin_here", "there is no position to take")
    if (data.accuracy_metres or 0) > PIN_ACCURACY:
        raise Invalid.field("pin_here", f"the position is only right to {data.accuracy_metres:.0f} metres")
    if account.coordinates_source == "user":
        raise Invalid.field("pin_here", "somebody set the pin by hand; change it on the map")
    places.pin_at_the_door(session, account, latitude=data.latitude, longitude=data.longitude)


def _believed(at: datetime | None, field: str) -> datetime:
    """The phone's time, where it can be; raises Invalid. A phone a little ahead is taken to mean now."""
    now = clock.now()
    if at is None:
        return now
    if at > now + AHEAD:
        raise Invalid.field(field, "the phone's clock is ahead; set it right, or leave the time out")
    if at < now - OLDEST:
        raise Invalid.field(field, f"that is more than {OLDEST.days} days ago; log the visit instead")
    return min(at, now)


def _known(actor: Actor, known: CheckIn) -> CheckIn:
    if known.owner_id != actor.user_id:
        raise Conflict("This id is taken; let the phone choose another one.")
    return known


def follow_owner(session: Session, event: Event) -> None:
    """Whoever changes teams takes their check-ins along: their manager sees them."""
    audit.follow(session, CheckIn, CheckIn.owner_id == event.subject_id, team_id=event.team_id)


def _event(type_: str, here: CheckIn, account: Account, **data: Any) -> Event:
    told = {"account_id": here.account_id, "activity_id": here.activity_id, **data}
    return Event(type_, "check_in", here.id, told, here.owner_id, here.team_id, account.territory_id)
