"""Writing many activities at once, for the demo company: timeline and last contact included."""

from collections.abc import Sequence
from datetime import datetime
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api import audit
from crm_api.accounts.models import AccountStats
from crm_api.activities.figures import recount_follow_up
from crm_api.activities.models import CONTACT_TYPES, Activity, TimelineEntry
from crm_api.activities.timeline import LINKS, summary_of
from crm_api.contacts.models import ContactStats
from crm_api.core.ids import new_id
from crm_api.leads.models import LeadStats

Row = dict[str, Any]


def insert(session: Session, rows: Sequence[Row]) -> list[UUID]:
    """New activities from complete, valid rows; what is planned is dated by when it is due.

    No event is recorded: nobody reacts to what is long past. Returns the ids in order.
    """
    complete = [{**row, "occurred_at": row.get("occurred_at") or row.get("due_at")} for row in rows]
    ids = audit.bulk_insert(session, Activity, complete)
    if ids:
        session.execute(
            sa.insert(TimelineEntry), [_told(i, row) for i, row in zip(ids, complete, strict=True)]
        )
        _touch(session, [row for row in complete if _is_contact(row)])
        asking = {row["lead_id"] for row in complete if row.get("lead_id") and _asks_for_more(row)}
        if asking:
            recount_follow_up(session, *sorted(asking))
    return ids


def _is_contact(row: Row) -> bool:
    return row["activity_type"] in CONTACT_TYPES and row.get("status") == "completed"


def _asks_for_more(row: Row) -> bool:
    return bool(row.get("requires_follow_up") or row.get("task_type") == "follow_up")


def _told(activity_id: UUID, row: Row) -> Row:
    links = {link: row.get(link) for link, _ in LINKS}
    summary = summary_of(SimpleNamespace(**{"outcome": None, **row}))  # type: ignore[arg-type]
    return {
        "id": new_id(),
        "at": row["occurred_at"] or row["created_at"],
        "kind": "activity",
        "type": row["activity_type"],
        "record_id": activity_id,
        "summary": summary,
        "actor_id": row.get("owner_id"),
        **links,
    }


def _touch(session: Session, contacts: Sequence[Row]) -> None:
    """Bring the last contact of accounts, contacts and leads forward, never back."""
    visits = [row for row in contacts if row["activity_type"] == "visit"]
    calls = [row for row in contacts if row["activity_type"] == "call"]
    _latest(session, AccountStats, "account_id", "last_contact_at", contacts)
    _latest(session, AccountStats, "account_id", "last_visit_at", visits)
    _latest(session, ContactStats, "contact_id", "last_contact_at", contacts)
    _latest(session, LeadStats, "lead_id", "last_contact_at", contacts)
    attempts: dict[UUID, int] = {}
    for row in calls:
        if row.get("lead_id"):
            attempts[row["lead_id"]] = attempts.get(row["lead_id"], 0) + 1
    table = LeadStats.__table__
    _each(
        session, table, "lead_id", attempts, {"call_attempts": table.c.call_attempts + sa.bindparam("value")}
    )


def _latest(session: Session, model: Any, link: str, column: str, rows: Sequence[Row]) -> None:
    newest: dict[UUID, datetime] = {}
    for row in rows:
        if row.get(link):
            newest[row[link]] = max(row["occurred_at"], newest.get(row[link], row["occurred_at"]))
    held = model.__table__.c[column]
    later = sa.or_(held.is_(None), held < sa.bindparam("value", type_=held.type))
    _each(session, model.__table__, link, newest, {column: sa.bindparam("value", type_=held.type)}, later)


def _each(
    session: Session,
    table: Any,
    link: str,
    values: dict[UUID, Any],
    change: dict[str, Any],
    where: Any = None,
) -> None:
    if values:
        statement = sa.update(table).where(table.c[link] == sa.bindparam("owner", type_=table.c[link].type))
        statement = statement.values(change) if where is None else statement.where(where).values(change)
        session.connection().execute(
            statement, [{"owner": owner, "value": value} for owner, value in values.items()]
        )
