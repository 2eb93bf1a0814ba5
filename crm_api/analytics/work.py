"""The part of the dashboard that is about work: activities, tasks, follow-ups and visits."""

from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.access import Actor
from crm_api.accounts.figures import VISIT_STANDINGS
from crm_api.activities import rollups
from crm_api.analytics import queries
from crm_api.analytics.lists import OPEN_STATUSES, listed, rate, same, within
from crm_api.analytics.periods import Period
from crm_api.analytics.told import Told, said
from crm_api.core import clock
from crm_api.core.rollups import Row
from crm_api.organisation.fiscal import midnight
from crm_api.users.models import User

MOST_PEOPLE = 20


def activities(
    session: Session, actor: Actor, told: Told, period: Period, before: Period, of: UUID | None
) -> None:
    """What was done in the period, and what is due."""
    now = clock.now()
    tomorrow = midnight(clock.today(actor.time_zone) + timedelta(days=1), actor.time_zone)

    def counted(state: rollups.State, **how: Any) -> int:
        found = rollups.read(session, actor, state, [], owner_id=of, **how)
        return sum(row["activities"] for row in found.values())

    done = rollups.read(
        session,
        actor,
        "done",
        ["activity_type", "owner_id"],
        since=period.since,
        until=period.until,
        owner_id=of,
    )
    total, days = sum(row["activities"] for row in done.values()), within("occurred_at", period)
    told.figure(
        "activities", "Activities", "records", total, total,
        listed("activities", of, status="completed", **days),
        before=counted("done", since=before.since, until=before.until),
    )  # fmt: skip
    overdue = counted("open", until=now, activity_type="task")
    told.figure(
        "overdue_tasks", "Overdue tasks", "records", overdue, overdue,
        listed("activities", of, activity_type="task", status__in="scheduled,in_progress", due_at__lt="now"),
    )  # fmt: skip
    follow_ups = counted("follow_up", until=tomorrow)
    told.figure(
        "follow_ups_due", "Follow-ups due", "records", follow_ups, follow_ups,
        listed("activities", of, follow_up_due__lt="today+1"),
    )  # fmt: skip
    due = session.scalar(queries.leads_to_follow_up(actor, before=tomorrow, owner_id=of)) or 0
    told.figure(
        "lead_follow_ups_due", "Leads to follow up", "records", due, due,
        listed("leads", of, status__in=OPEN_STATUSES, next_follow_up_date__lt="today+1"),
    )  # fmt: skip
    by_type = by_part(done, 0)
    told.breakdown("activities_by_type", "Activities by type", "records", (
        {"key": kind, "label": said(kind), "value": count, "count": count,
         "list": listed("activities", of, status="completed", activity_type=kind, **days)}
        for kind, count in by_type
    ))  # fmt: skip
    by_person = by_part(done, 1)
    names = names_of(session, {who for who, _ in by_person})
    told.breakdown("activities_by_person", "Activities by person", "records", (
        {"key": who, "label": names.get(who, "Nobody"), "value": count, "count": count,
         "list": listed("activities", None, status="completed", **same("owner_id", who), **days)}
        for who, count in by_person[:MOST_PEOPLE]
    ))  # fmt: skip


def by_part(done: dict[tuple[Any, ...], Row], place: int) -> list[tuple[Any, int]]:
    """How many by one part of their key, the most first."""
    found: Counter[Any] = Counter()
    for key, row in done.items():
        found[key[place]] += row["activities"]
    return sorted(found.items(), key=lambda one: (-one[1], str(one[0])))


def names_of(session: Session, people: set[UUID | None]) -> dict[UUID | None, str]:
    """What these people are called."""
    return dict(session.execute(sa.select(User.id, User.name).where(User.id.in_(people - {None}))).all())


def visits(session: Session, actor: Actor, told: Told, of: UUID | None) -> None:
    """How many accounts there are, and how many of those that are to be visited every so often were."""
    known = session.scalar(queries.accounts(actor, owner_id=of)) or 0
    told.figure("accounts", "Accounts", "records", known, known, listed("accounts", of))
    found: dict[str, int] = dict(session.execute(queries.visit_standings(actor, owner_id=of)).all())
    in_time, total = found.get("visited_in_time", 0), sum(found.values())
    told.figure(
        "visit_coverage", "Visited in time", "percent", rate(in_time, total), total,
        listed("accounts", of, visit_standing__isnull="false"),
    )  # fmt: skip
    told.breakdown("visit_coverage", "Visits", "records", (
        {"key": word, "label": said(word), "value": found[word], "count": found[word],
         "list": listed("accounts", of, visit_standing=word)}
        for word in VISIT_STANDINGS if word in found
    ))  # fmt: skip
