"""A lead's notes: what people wrote down, and what the trail says of its changes, in one order of time."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.audit.models import AuditEntry, ChangeSet
from crm_api.core.columns import UTCDateTime
from crm_api.core.dialect import Json
from crm_api.core.money import to_major
from crm_api.leads.models import Lead
from crm_api.users.models import User

SHOWN = 100
_MONEY = frozenset(Lead.__money__)
# The name a change of these is told by, where it is not their own; and what is no news of its own beside the others.
_NAMES = {"score": "lead_score"}
_UNTOLD = frozenset(
    "archived_at archived_from owner_id team_id territory_id pipeline_id stage_id probability phone_e164 origin "
    "score_is_manual converted_account_id converted_contact_id converted_opportunity_id converted_at".split()
)
_ORDER = {name: n for n, name in enumerate(Lead.__table__.columns.keys())}
# Notes are activities, which are a room above; their table is asked by name, not by model.
_ID = Lead.id.type
_activities = sa.table(
    "activities",
    sa.column("lead_id", _ID),
    sa.column("owner_id", _ID),
    sa.column("activity_type", sa.Text),
    sa.column("subject", sa.Text),
    sa.column("description", sa.Text),
    sa.column("occurred_at", UTCDateTime),
    sa.column("created_at", UTCDateTime),
    sa.column("archived_at", UTCDateTime),
)


def of(session: Session, lead_id: UUID, currency: str) -> list[dict[str, Any]]:
    """The last hundred lines, oldest first; amounts in `currency`. One statement, two where it changed hands."""
    # Over the connection: nothing here is an entity, and the session's own way costs as much as the rows.
    newest_first = session.connection().execute(_lines, {"lead": lead_id}).mappings()
    rows = _by_change_set([dict(row) for row in newest_first][::-1])
    names = _names(session, rows)
    return [
        {
            "at": row["at"],
            "author_id": row["author_id"],
            "author": row["author"],
            "text": row["text"] or text,
            "automatic": row["text"] is None,
        }
        for row in rows
        for text in ([""] if row["text"] else _told(row, names, currency))
    ]


def _statement() -> sa.Select[Any]:
    lead_id = sa.bindparam("lead", type_=_ID)
    noted = sa.select(
        sa.func.coalesce(_activities.c.occurred_at, _activities.c.created_at).label("at"),
        _activities.c.owner_id.label("author_id"),
        sa.func.coalesce(_activities.c.description, _activities.c.subject).label("text"),
        sa.literal("note", sa.Text).label("action"),
        sa.null().label("before"),
        sa.null().label("after"),
        sa.null().label("set"),
    ).where(
        _activities.c.lead_id == lead_id,
        _activities.c.activity_type == "note",
        _activities.c.archived_at.is_(None),
    )
    changed = (
        sa.select(
            ChangeSet.at,
            ChangeSet.actor_id,
            sa.null(),
            AuditEntry.action,
            AuditEntry.before,
            # All that a lead was made with is one word here, "Created".
            sa.case((AuditEntry.action != "create", AuditEntry.after)),
            AuditEntry.change_set_id,
        )
        .join(ChangeSet, ChangeSet.id == AuditEntry.change_set_id)
        .where(AuditEntry.kind == "lead", AuditEntry.record_id == lead_id)
    )
    lines = sa.union_all(changed, noted).subquery()
    at, author_id, text, action, before, after, change_set = lines.c
    return (
        sa.select(
            sa.type_coerce(at, UTCDateTime).label("at"),
            sa.type_coerce(author_id, _ID).label("author_id"),
            User.name.label("author"),
            sa.type_coerce(text, sa.Text).label("text"),
            sa.type_coerce(action, sa.Text).label("action"),
            sa.type_coerce(before, Json).label("before"),
            sa.type_coerce(after, Json).label("after"),
            sa.type_coerce(change_set, _ID).label("set"),
        )
        .outerjoin(User, User.id == author_id)
        .order_by(at.desc(), action.desc())
        .limit(SHOWN)
    )


def _by_change_set(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """One row a change set: what one request did is one line, in however many steps it was written."""
    found: list[dict[str, Any]] = []
    sets: dict[Any, dict[str, Any]] = {}
    for row in rows:
        same = sets.get(row["set"])
        if same is None:
            found.append(row)
            if row["set"] is not None:
                sets[row["set"]] = row
        else:
            same["before"] = {**(row["before"] or {}), **(same["before"] or {})}
            same["after"] = {**(same["after"] or {}), **(row["after"] or {})}
            same["action"] = "create" if "create" in (same["action"], row["action"]) else same["action"]
    return found


def _names(session: Session, rows: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    ids = {
        values["owner_id"]
        for row in rows
        if row["text"] is None and row["action"] != "create"
        for values in (row["before"] or {}, row["after"] or {})
        if values.get("owner_id")
    }
    if not ids:
        return {}
    found = session.execute(sa.select(User.id, User.name).where(User.id.in_([UUID(i) for i in ids])))
    return {str(user_id): name for user_id, name in found}


def _told(row: Mapping[str, Any], names: Mapping[str, str], currency: str) -> Iterable[str]:
    """What one entry of the trail says: a sentence each for making, deleting, handing over and changing."""
    before, after = row["before"] or {}, row["after"] or {}
    if row["action"] == "create":
        yield "Created"
        return
    if "archived_at" in after:
        yield "Archived" if after["archived_at"] else "Restored"
        return
    if "owner_id" in after:
        yield f"Assigned: {_owner(before, names)} → {_owner(after, names)}"
    changes = [
        f"{_NAMES.get(name, name)}: {_value(name, before.get(name), currency)} → {_value(name, value, currency)}"
        for name, value in sorted(after.items(), key=lambda item: _ORDER.get(item[0], len(_ORDER)))
        if name not in _UNTOLD and before.get(name) != value
    ]
    if changes:
        yield "Updated: " + "; ".join(changes)


def _owner(values: Mapping[str, Any], names: Mapping[str, str]) -> str:
    owner_id = values.get("owner_id")
    return names.get(owner_id, "somebody") if owner_id else "nobody"


def _value(name: str, value: Any, currency: str) -> str:
    if value is None or value == "":
        return "–"
    if name in _MONEY:
        return str(to_major(value, currency))
    if isinstance(value, list):
        return ", ".join(str(one) for one in value) or "–"
    return str(value)


_lines = _statement()
