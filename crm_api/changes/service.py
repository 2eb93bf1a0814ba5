"""Reading change sets, the history of a record, and undoing one change set."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api import audit
from crm_api.access import Actor, visible
from crm_api.audit.models import AuditEntry, ChangeSet
from crm_api.changes import queries, reverting
from crm_api.changes.plan import Plan
from crm_api.conditions import records
from crm_api.conditions.filters import Query
from crm_api.conditions.tree import All, Comparison
from crm_api.core import clock, context
from crm_api.core.errors import Conflict, NotAllowed, NotFound
from crm_api.core.fields import CATALOGUES

WITHIN = timedelta(days=30)


def one(session: Session, actor: Actor, *, change_set_id: UUID, query: Query) -> dict[str, Any]:
    """A change set with how many records it touched and a page of its entries; raises NotFound."""
    found = records.one(session, actor, "change_set", change_set_id)
    counted = session.execute(queries.counts(change_set_id, visible("audit_entry", actor)))
    found["counts"] = [dict(row) for row in counted.mappings()]
    found["entries"] = _entries(session, actor, query, change_set_id=change_set_id)
    return found


def history(session: Session, actor: Actor, *, plural: str, record_id: UUID, query: Query) -> dict[str, Any]:
    """What was changed of one record, newest first; raises NotFound where the actor may not see it.

    Of a record that was erased, administrators see that it was.
    """
    catalogue = next(c for c in CATALOGUES if c.plural == plural)
    model = catalogue.model
    there = sa.select(model.id).where(model.id == record_id, visible(catalogue.kind, actor))
    if session.scalar(there) is None:
        known = sa.select(AuditEntry.id).where(
            AuditEntry.kind == catalogue.kind, AuditEntry.record_id == record_id
        )
        if not actor.is_administrator or session.scalar(known.limit(1)) is None:
            raise NotFound(f"There is no {catalogue.kind} {record_id}, or it is not yours to see.")
    return _entries(session, actor, query, kind=catalogue.kind, record_id=record_id)


def _entries(session: Session, actor: Actor, query: Query, **which: Any) -> dict[str, Any]:
    terms = [Comparison(field=name, op="eq", value=str(value)) for name, value in which.items()]
    return records.page(session, actor, "audit_entry", replace(query, tree=All(all=[query.tree, *terms])))


# ── Undoing ──────────────────────────────────────────────────────────────────────────────────────


def revert(session: Session, actor: Actor, *, change_set_id: UUID) -> dict[str, Any]:
    """Undo one change set, all or nothing; the undoing is a change set itself.

    For whoever made the change, and administrators, within 30 days. Raises NotFound, NotAllowed, and Conflict
    where it was undone already, is too old, or records stand in the way (`records` names them).
    """
    source = _revertible(session, actor, change_set_id)
    # Before the first change of this transaction: it makes the change set, which is never changed again.
    session.info["reverts"] = source.id
    label = f"Revert of: {source.label}" if source.label else "Revert"
    with context.working(label=label[:500]):
        outcome = reverting.run(session, Plan(source.id, actor))
        own = audit.change_set(session)
    return {
        "id": own,
        "reverts_id": source.id,
        "label": label[:500],
        "counts": [{"kind": kind, **counts} for kind, counts in outcome.counts.items()],
        "records": outcome.records,
        "kept": outcome.kept,
    }


def _revertible(session: Session, actor: Actor, change_set_id: UUID) -> ChangeSet:
    statement = sa.select(ChangeSet).where(ChangeSet.id == change_set_id, visible("change_set", actor))
    source = session.scalars(statement.with_for_update(of=ChangeSet)).first()
    if source is None:
        raise NotFound(f"There is no change set {change_set_id}, or it is not yours to see.")
    if not actor.is_administrator and source.actor_id != actor.user_id:
        raise NotAllowed("A change is undone by whoever made it, or by an administrator.")
    if clock.now() - source.at > WITHIN:
        raise Conflict(f"This is more than {WITHIN.days} days ago and is not undone any more.")
    undone_by = _undone_by(session, source.id)
    if undone_by is not None:
        raise Conflict("This is undone already; undo the undoing to have it back.", reverted_by_id=undone_by)
    return source


def _undone_by(session: Session, change_set_id: UUID) -> UUID | None:
    """The revert of a change set that is in force: not undone itself by another one, and so on."""
    reverts = sa.select(ChangeSet.id).where(ChangeSet.reverts_id == change_set_id)
    for revert_id in session.scalars(reverts).all():
        if _undone_by(session, revert_id) is None:
            return revert_id
    return None
