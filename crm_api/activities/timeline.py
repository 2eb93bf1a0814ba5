"""The timeline: one table of references to what happened, read newest first."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.access import Actor, visible
from crm_api.accounts.models import Account
from crm_api.activities.models import ACTIVITY_TYPES, Activity, TimelineEntry
from crm_api.conditions import records
from crm_api.contacts.models import Contact
from crm_api.core import clock, context
from crm_api.core.fields import CATALOGUES
from crm_api.core.listing import Sort, after, decode_cursor, encode_cursor
from crm_api.events import Event
from crm_api.leads.models import Lead
from crm_api.opportunities.models import Opportunity

STAGE_CHANGE = "stage_change"
ORDER = "order"
TYPES = (*ACTIVITY_TYPES, STAGE_CHANGE, ORDER)
_NEWEST = Sort("at", TimelineEntry.at, descending=True, nullable=False)

LINKS: tuple[tuple[str, Any], ...] = (
    ("account_id", Account),
    ("contact_id", Contact),
    ("lead_id", Lead),
    ("opportunity_id", Opportunity),
)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Which lines are asked for: those of some `TYPES`, from `since` on and before `until` (UTC), at most `limit`
    after the `next_cursor` of the lines before."""

    limit: int = 50
    cursor: str | None = None
    types: Collection[str] = ()
    since: datetime | None = None
    until: datetime | None = None


def read(
    session: Session,
    actor: Actor,
    kind: str,
    record_id: UUID,
    asked: Stretch | None = None,
) -> dict[str, Any]:
    """What happened with a record, newest first; raises NotFound where the actor may not see it.

    An account's timeline has what happened with its contacts, deals and the leads that became it. Lines about another
    record are told while that one is there and the actor sees it. Raises BadRequest for a damaged cursor.
    """
    records.one(session, actor, kind, record_id)
    entry, asked = TimelineEntry, asked or Stretch()
    statement = sa.select(
        entry.id, entry.at, entry.kind, entry.type, entry.record_id, entry.summary, entry.actor_id
    ).where(getattr(entry, f"{kind}_id") == record_id, *_told_to(actor, record_id))
    if asked.types:
        statement = statement.where(entry.type.in_(asked.types))
    if asked.since is not None:
        statement = statement.where(entry.at >= asked.since)
    if asked.until is not None:
        statement = statement.where(entry.at < asked.until)
    if asked.cursor is not None:
        at, last_id = decode_cursor(asked.cursor, _NEWEST)
        mark = sa.literal(at, entry.at.type), sa.literal(last_id, entry.id.type)
        statement = statement.where(after(_NEWEST, entry.id, *mark))
    newest = statement.order_by(entry.at.desc(), entry.id.desc()).limit(asked.limit + 1)
    lines = [dict(row) for row in session.execute(newest).mappings()]
    more, lines = len(lines) > asked.limit, lines[: asked.limit]
    next_cursor = encode_cursor(_NEWEST, lines[-1]["at"], lines[-1]["id"]) if more else None
    return {"items": lines, "next_cursor": next_cursor}


def _told_to(actor: Actor, record_id: UUID) -> list[sa.ColumnElement[bool]]:
    terms: list[sa.ColumnElement[bool]] = []
    orders = CATALOGUES["order"].model  # of a room beside this one
    for kind, model in (
        ("activity", Activity),
        ("lead", Lead),
        ("opportunity", Opportunity),
        ("order", orders),
    ):
        # Asked line by line: `IN` would first collect every record there is, a second of work for a million calls.
        there = sa.exists().where(
            model.id == TimelineEntry.record_id, model.archived_at.is_(None), visible(kind, actor)
        )
        about_it = sa.or_(TimelineEntry.record_id == record_id, there)
        terms.append(sa.or_(TimelineEntry.kind != kind, about_it))
    return terms


def tell(session: Session, activity: Activity, actor_id: UUID | None) -> None:
    """Put an activity on the timelines of what it is linked to."""
    session.add(
        TimelineEntry(
            at=activity.occurred_at or activity.created_at,
            kind="activity",
            type=activity.activity_type,
            record_id=activity.id,
            summary=summary_of(activity),
            actor_id=actor_id,
            **{link: getattr(activity, link) for link, _ in LINKS},
        )
    )


def retell(session: Session, activity: Activity) -> None:
    """Bring the lines of an activity up to date."""
    session.execute(
        sa.update(TimelineEntry)
        .where(TimelineEntry.kind == "activity", TimelineEntry.record_id == activity.id)
        .values(
            at=activity.occurred_at or activity.created_at,
            type=activity.activity_type,
            summary=summary_of(activity),
            **{link: getattr(activity, link) for link, _ in LINKS},
        )
    )


def forget(session: Session, activity_ids: Sequence[UUID]) -> None:
    """Take activities off every timeline."""
    session.execute(
        sa.delete(TimelineEntry).where(
            TimelineEntry.kind == "activity", TimelineEntry.record_id.in_(activity_ids)
        )
    )


def tell_stage_change(session: Session, event: Event) -> None:
    """Put a lead's or deal's move on its timeline; runs in the transaction of the move."""
    session.add(
        TimelineEntry(
            at=clock.now(),
            kind=event.kind,
            type=STAGE_CHANGE,
            record_id=event.subject_id,
            summary=_moved(event),
            actor_id=context.current().actor_id,
            account_id=event.data.get("account_id"),
            contact_id=event.data.get("contact_id"),
            lead_id=event.subject_id if event.kind == "lead" else event.data.get("lead_id"),
            opportunity_id=event.subject_id if event.kind == "opportunity" else None,
        )
    )


def _moved(event: Event) -> str:
    if event.type == "lead.status_changed":
        return f"Status: {event.data['before']} → {event.data['after']}"
    if event.type == "opportunity.stage_changed":
        return f"Moved to {str(event.data['kind']).replace('_', ' ')}"
    return "Reopened"


def summary_of(activity: Activity) -> str:
    """The sentence an activity has on the timeline; takes anything with an activity's attributes."""
    outcome = f": {activity.outcome}" if activity.outcome else ""
    return f"{activity.activity_type.replace('_', ' ').capitalize()} · {activity.subject}{outcome}"[:500]
