"""Who sees which part of the trail, and which change sets touch what: conditions over the trail."""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from crm_api.access import Actor, open_kinds, visible
from crm_api.audit.models import AuditEntry, ChangeSet
from crm_api.core.errors import Invalid


def seen_entries(actor: Actor) -> sa.ColumnElement[bool]:
    """Entries of the actor's own change sets, and those about records the actor sees now.

    What is kept by administrators alone (people, rules, webhooks) is seen in the trail by them alone.
    """
    own = sa.select(ChangeSet.id).where(ChangeSet.actor_id == actor.user_id)
    about = [
        sa.and_(
            AuditEntry.kind == kind,
            sa.exists().where(model.id == AuditEntry.record_id, visible(kind, actor)).correlate(AuditEntry),
        )
        for kind, model in open_kinds().items()
    ]
    return sa.or_(AuditEntry.change_set_id.in_(own), *about)


def seen_sets(actor: Actor) -> sa.ColumnElement[bool]:
    """Change sets with an entry that the actor sees; their own ones, of which nothing may be left, besides."""
    entry = sa.exists().where(AuditEntry.change_set_id == ChangeSet.id, seen_entries(actor))
    return sa.or_(ChangeSet.actor_id == actor.user_id, entry.correlate(ChangeSet))


def of_kinds(kinds: Sequence[str] | None, actor: Actor) -> sa.ColumnElement[bool]:
    """Change sets that touch any record of these kinds; for None, any record."""
    return _touching([] if kinds is None else [AuditEntry.kind.in_(kinds)])


def of_records(ids: Sequence[str] | None, actor: Actor) -> sa.ColumnElement[bool]:
    """Change sets that touch any of these records; raises Invalid for what is no id."""
    return _touching([] if ids is None else [AuditEntry.record_id.in_([_uuid(i) for i in ids])])


def _touching(terms: Sequence[sa.ColumnElement[bool]]) -> sa.ColumnElement[bool]:
    return sa.exists().where(AuditEntry.change_set_id == ChangeSet.id, *terms).correlate(ChangeSet)


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise Invalid.field("record_id", f"'{text}' is not the id of a record (a UUID)") from error


def reverted_by() -> sa.ScalarSelect[UUID]:
    """The last change set that undid this one, by column of a Select over change sets."""
    revert = aliased(ChangeSet)
    return (
        sa.select(revert.id)
        .where(revert.reverts_id == ChangeSet.id)
        .order_by(revert.id.desc())
        .limit(1)
        .correlate(ChangeSet)
        .scalar_subquery()
    )


def counts(change_set_id: UUID, seen: sa.ColumnElement[bool]) -> sa.Select[str, str, int]:
    """How many records a change set touched, by kind and by action."""
    return (
        sa.select(
            AuditEntry.kind,
            AuditEntry.action,
            sa.func.count(AuditEntry.record_id.distinct()).label("records"),
        )
        .where(AuditEntry.change_set_id == change_set_id, seen)
        .group_by(AuditEntry.kind, AuditEntry.action)
        .order_by(AuditEntry.kind, AuditEntry.action)
    )
