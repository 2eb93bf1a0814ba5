"""Reports of work: what each person did and has to do, whether accounts are visited, what segments hold."""

from collections import defaultdict
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.access import Actor, visible
from crm_api.accounts.figures import VISIT_STANDING, VISIT_STANDINGS
from crm_api.accounts.models import Account
from crm_api.accounts.rhythms import RHYTHM
from crm_api.activities import rollups
from crm_api.activities import workload as tasks
from crm_api.activities.models import ACTIVITY_TYPES
from crm_api.analytics.lists import listed, rate, same, within
from crm_api.analytics.tables import Asked, Column, Table
from crm_api.analytics.told import said
from crm_api.analytics.work import names_of
from crm_api.conditions import records
from crm_api.conditions.filters import Query
from crm_api.core.listing import MAX_PAGE_SIZE, Window
from crm_api.organisation.models import Territory

_SHOWN = ("call", "email", "meeting", "visit", "task")


def activity(session: Session, actor: Actor, asked: Asked) -> Table:
    """What each person did in the period, by type, and the time it took."""
    period = asked.period
    done = rollups.read(
        session, actor, "done", ["owner_id", "activity_type"],
        since=period.since, until=period.until, owner_id=asked.owner_id,
    )  # fmt: skip
    people: dict[Any, dict[str, int]] = defaultdict(
        lambda: dict.fromkeys((*ACTIVITY_TYPES, "minutes", "all"), 0)
    )
    for (owner, kind), row in done.items():
        people[owner][kind] += row["activities"]
        people[owner]["all"] += row["activities"]
        people[owner]["minutes"] += row["minutes"]
    names, days = names_of(session, set(people)), within("occurred_at", period)
    rows = [
        {"person": names.get(owner, "Nobody"), **counts,
         "other": counts["all"] - sum(counts[kind] for kind in _SHOWN),
         "list": listed("activities", None, status="completed", **same("owner_id", owner), **days)}
        for owner, counts in sorted(people.items(), key=lambda one: (-one[1]["all"], names.get(one[0], "")))
    ]  # fmt: skip
    columns = (
        Column("person", "Person", "text"), Column("all", "Activities"),
        *(Column(kind, f"{said(kind)}s") for kind in _SHOWN), Column("other", "Other"),
        Column("minutes", "Time", "minutes"),
    )  # fmt: skip
    kept = {column.name for column in columns} | {"list"}
    return Table(columns, [{k: v for k, v in row.items() if k in kept} for row in rows], "all")


def workload(session: Session, actor: Actor, asked: Asked) -> Table:
    """The tasks each person has to do now."""
    columns = (
        Column("person", "Person", "text"), Column("open", "Open"), Column("overdue", "Overdue"),
        Column("due_today", "Due today"), Column("urgent", "Urgent"),
        Column("completed_last_7_days", "Done in seven days"),
    )  # fmt: skip
    rows = [
        {"person": row["owner_name"] or "Nobody", **{c.name: int(row[c.name]) for c in columns[1:]},
         "list": listed("activities", None, activity_type="task", status__in="scheduled,in_progress",
                        **same("owner_id", row["owner_id"]))}
        for row in tasks.by_person(session, actor)["items"]
        if asked.owner_id in (None, row["owner_id"])
    ]  # fmt: skip
    return Table(columns, rows, "open", "Now, whatever the period.")


def coverage(session: Session, actor: Actor, asked: Asked) -> Table:
    """Accounts that are meant to be visited, by territory: visited in time, overdue, never visited."""
    standing = VISIT_STANDING.column.label("standing")
    found = sa.select(Account.territory_id, standing).where(
        RHYTHM.is_not(None), Account.archived_at.is_(None), visible("account", actor)
    )
    if asked.owner_id is not None:
        found = found.where(Account.owner_id == asked.owner_id)
    each = found.subquery()
    statement = (
        sa.select(each.c.territory_id, Territory.name, each.c.standing, sa.func.count())
        .outerjoin(Territory, Territory.id == each.c.territory_id)
        .group_by(each.c.territory_id, Territory.name, each.c.standing)
    )
    places: dict[Any, dict[str, int]] = defaultdict(lambda: dict.fromkeys(VISIT_STANDINGS, 0))
    names = {}
    for territory_id, name, word, count in session.execute(statement):
        names[territory_id], places[territory_id][word] = name or "No territory", count
    rows = [
        {"territory": names[place], "accounts": sum(counts.values()), **counts,
         "in_time": rate(counts["visited_in_time"], sum(counts.values())),
         "list": listed("accounts", asked.owner_id, visit_standing__isnull="false", **same("territory_id", place))}
        for place, counts in sorted(places.items(), key=lambda one: names[one[0]])
    ]  # fmt: skip
    columns = (
        Column("territory", "Territory", "text"), Column("accounts", "Accounts"),
        *(Column(word, said(word)) for word in VISIT_STANDINGS), Column("in_time", "In time", "percent"),
    )  # fmt: skip
    note = "Now, whatever the period; dealers, distributors, and accounts for which it is set how often to visit them."
    return Table(columns, rows, "in_time", note)


def segments(session: Session, actor: Actor, asked: Asked) -> Table:
    """How many customers each segment has."""
    page = records.page(
        session, actor, "segment", Query(sort=("name",), window=Window(page_size=MAX_PAGE_SIZE))
    )
    columns = (
        Column("segment", "Segment", "text"),
        Column("kind", "Kind", "text"),
        Column("customers", "Customers"),
    )
    rows = [
        {"segment": one["name"], "kind": said(one["kind"]), "customers": one["customer_count"],
         "list": f"/api/v1/crm/segments/{one['id']}/customers"}
        for one in page["items"]
    ]  # fmt: skip
    return Table(columns, rows, "customers", "Now, whatever the period and owner.")
