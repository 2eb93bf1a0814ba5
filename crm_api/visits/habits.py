"""What visits teach of a dealer: how long they really last, and at which hours nobody is there."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from statistics import median
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.activities.models import Activity
from crm_api.core import clock
from crm_api.events import Event
from crm_api.organisation.service import zone
from crm_api.users.models import User
from crm_api.visits.models import VisitHabits, VisitPlanStop

SAMPLES = 9  # the last visits whose length counts
ENOUGH = 3  # fewer say nothing yet
STEP = 5  # minutes that a typical length is rounded to
LONGEST = 600  # minutes; whoever forgot to check out was not there for longer
TWICE = 2  # an hour counts as shut once nobody was there so often, and never anybody

_SHUT = ("closed", "shut", "nobody there", "nobody was there", "no one there", "no one was there", "not open")


def learn(
    session: Session, *, account_id: UUID, at: datetime, zone: str, minutes: float | None, found_open: bool
) -> VisitHabits:
    """Note one visit at the instant `at`: how long it lasted, where that was measured, and whether it was open."""
    habits = session.scalars(sa.select(VisitHabits).where(VisitHabits.account_id == account_id)).first()
    if habits is None:
        habits = VisitHabits(
            account_id=account_id, minutes=[], found_open={}, found_shut={}, learned_at=clock.now()
        )
        session.add(habits)
    local = at.astimezone(ZoneInfo(zone))
    day, hour = str(local.isoweekday()), str(local.hour)
    if found_open:
        habits.found_open = _counted(habits.found_open, day, hour)
        if minutes is not None and 1 <= minutes <= LONGEST:
            habits.minutes = [*habits.minutes, round(minutes)][-SAMPLES:]
    else:
        habits.found_shut = _counted(habits.found_shut, day, hour)
    if len(habits.minutes) >= ENOUGH:
        habits.typical_minutes = max(STEP, STEP * round(median(habits.minutes) / STEP))
    habits.learned_at = clock.now()
    session.flush()
    return habits


def on_contact_made(session: Session, event: Event) -> None:
    """A visit was made: learn from what was written down of it."""
    visit = session.get(Activity, event.subject_id)
    if (
        visit is None
        or visit.activity_type != "visit"
        or visit.account_id is None
        or visit.occurred_at is None
    ):
        return
    owner = session.get(User, visit.owner_id) if visit.owner_id else None
    learn(
        session,
        account_id=visit.account_id,
        at=visit.occurred_at,
        zone=(owner.time_zone if owner and owner.time_zone else None) or zone(session),
        minutes=None if _as_planned(session, visit) else visit.duration_minutes,
        found_open=not is_shut(visit.outcome),
    )


def is_shut(outcome: str | None) -> bool:
    """Whether the words for how a visit went say that nobody was there."""
    said = (outcome or "").casefold()
    return any(words in said for words in _SHUT)


def without_shut_hours(
    hours: Mapping[str, Any], *, found_open: Mapping[str, Any], found_shut: Mapping[str, Any]
) -> dict[str, Any]:
    """Opening hours less the hours of a weekday at which nobody was there twice, and never anybody.

    Whole hours are cut out, so that a window in the middle of which lies one becomes two.
    """
    learned: dict[str, Any] = {}
    for day, windows in hours.items():
        shut = [
            int(hour)
            for hour, times in found_shut.get(day, {}).items()
            if times >= TWICE and not found_open.get(day, {}).get(hour)
        ]
        kept = [list(window) for window in windows]
        for hour in shut:
            kept = [part for window in kept for part in _cut(window, f"{hour:02}:00", f"{hour + 1:02}:00")]
        learned[day] = kept
    return learned


def _cut(window: list[str], opens: str, closes: str) -> list[list[str]]:
    """Times of day sort as text."""
    parts = [[window[0], min(window[1], opens)], [max(window[0], closes), window[1]]]
    return [part for part in parts if part[0] < part[1]]


def _counted(counts: Mapping[str, Any], day: str, hour: str) -> dict[str, Any]:
    of_day = counts.get(day, {})
    return {**counts, day: {**of_day, hour: of_day.get(hour, 0) + 1}}


def _as_planned(session: Session, visit: Activity) -> bool:
    """A planned visit ticked off keeps the length it was planned with, which says nothing."""
    stop = session.scalars(
        sa.select(VisitPlanStop).where(VisitPlanStop.activity_id == visit.id).limit(1)
    ).first()
    if stop is None or visit.duration_minutes is None:
        return False
    return timedelta(minutes=visit.duration_minutes) == stop.ends_at - stop.starts_at
