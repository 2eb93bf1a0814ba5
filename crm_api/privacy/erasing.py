"""Removing what is held of a subject, in one transaction.

    find     every row that is the subject's, and lock it
    unlink   what stays lets go of what goes, as an ordinary change with its trace
    blank    rows that stay lose what they told; rows that go are deleted, children first
    clean    the subject's words leave the texts of others
    tell     an event for each record, for those who keep copies; a line in the trail; the tombstone

All but the unlinking is done by statements past the unit of work: its trace would keep what is to be forgotten.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api import audit, events
from crm_api.access import Actor
from crm_api.audit.models import Erasure
from crm_api.audit.service import CLEANED, ERASED, note_many
from crm_api.core import clock, search
from crm_api.core.database import Base
from crm_api.core.errors import Conflict
from crm_api.custom_fields import upkeep
from crm_api.outbox.models import OutboxMessage
from crm_api.outbox.service import keep_out
from crm_api.outbox.state import Status
from crm_api.privacy import cleaning
from crm_api.privacy.declarations import Reach, chunks
from crm_api.privacy.finding import Mentions, Taken, look_again, taken
from crm_api.users.models import User

Counts = dict[str, Counter[str]]
_TOLD = ("account", "contact", "lead", "opportunity", "activity", "user")


@dataclass(slots=True)
class Order:
    """What is to be erased, on whose order and why. `keep_out` leaves the addresses' hashes on the list of those
    that get no automatic mail."""

    reach: Reach
    reason: str
    kind: str
    record_id: UUID | None
    keep_out: bool = False
    mentions: Mentions = field(default_factory=Mentions)


def erase(session: Session, actor: Actor, order: Order) -> Erasure:
    """Erase; returns the tombstone, which names nobody.

    Raises Conflict for somebody who can still sign in, and while a mail to the subject is being handed over.
    """
    reach = order.reach
    stone = Erasure(
        at=clock.now(),
        actor_id=actor.user_id,
        subject_kind=order.kind,
        subject_id=order.record_id,
        reason=reach.words.cleaned(order.reason),
    )
    session.add(stone)
    session.flush()  # from here to `finished_at` the trail may be changed
    counts: Counts = defaultdict(Counter)
    found = taken(session, reach, lock=True)
    _refuse(session, reach, found)
    told = list(_events(session, reach))
    suppressed = cleaning.opted_out(session, reach) if not order.keep_out else reach.addresses
    _unlink(session, found)
    _custom_references(session, reach)
    cleaning.forget_in_plans(session, reach)
    session.flush()
    _empty(session, found, counts)
    session.expire_all()
    look_again(session, reach.words, order.mentions)
    cleaned = cleaning.clean(session, reach, order.mentions, _handles(found), counts)
    search.remove_all(session, reach.gone)
    for address in sorted(suppressed):
        keep_out(session, address)
    events.record_many(session, told)
    _note(session, reach, cleaned)
    stone.counts = {table: dict(each) for table, each in sorted(counts.items())}
    stone.finished_at = clock.now()
    session.flush()
    if counts["search_documents"]:
        search.forget_soon(session)
    return stone


def _refuse(session: Session, reach: Reach, found: list[Taken]) -> None:
    if reach.of("user"):
        active = sa.select(User.id).where(User.id.in_(reach.of("user")), User.is_active)
        if session.scalar(active.limit(1)) is not None:
            raise Conflict("They can still sign in; deactivate the user first and hand over what they own.")
    for some in chunks(reach.of("message")):
        leaving = sa.select(OutboxMessage.id).where(
            OutboxMessage.id.in_(some), OutboxMessage.status.in_((Status.CLAIMED, Status.SENDING))
        )
        if session.scalar(leaving.limit(1)) is not None:
            raise Conflict("A mail to them is being handed over right now; repeat this in a minute.")


def _handles(found: Iterable[Taken]) -> dict[str, set[Any]]:
    known: dict[str, set[Any]] = defaultdict(set)
    for each in found:
        known[each.declaration.table.name] |= each.handles
    return known


# ── Letting go ───────────────────────────────────────────────────────────────────────────────────


def _unlink(session: Session, found: list[Taken]) -> None:
    """Rows that stay and point to rows that go point to nothing from now on."""
    gone: dict[str, set[Any]] = defaultdict(set)
    for each in found:
        if each.rule.blank is None:
            gone[each.declaration.table.name] |= each.handles
    blanked = {name: ids - gone[name] for name, ids in _handles(found).items()}
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            for key in column.foreign_keys:
                if column.nullable and (ids := gone.get(key.column.table.name)):
                    _let_go(session, column, ids, gone[table.name], blanked.get(table.name, set()))


def _let_go(session: Session, column: Any, ids: set[Any], gone: set[Any], blanked: set[Any]) -> None:
    table = column.table
    holding: set[UUID] = set()
    for some in chunks(ids):
        holding |= set(session.scalars(sa.select(table.c.id).where(column.in_(some))))
    holding -= gone
    model: Any = cleaning.models().get(table.name)
    quietly = holding & blanked if getattr(model, "__audited__", False) else holding
    for some in chunks(quietly):
        session.execute(sa.update(table).where(table.c.id.in_(some)).values({column: None}))
    for some in chunks(holding - quietly):
        audit.bulk_update(session, model, [{"id": i, column.key: None} for i in some])


def _custom_references(session: Session, reach: Reach) -> None:
    """Custom fields of others that point to a record that goes are empty from now on."""
    for kind, ids in reach.gone.items():
        for some in chunks(ids):
            upkeep.drop_references(session, kind, some)


# ── Rows ─────────────────────────────────────────────────────────────────────────────────────────


def _empty(session: Session, found: list[Taken], counts: Counts) -> None:
    order = {table.name: n for n, table in enumerate(Base.metadata.sorted_tables)}
    for each in sorted(found, key=lambda one: -order[one.declaration.table.name]):
        table, key = each.declaration.table, each.declaration.key
        for some in chunks(each.handles):
            if each.rule.blank is None:
                statement: Any = sa.delete(table).where(key.in_(some))
            else:
                statement = (
                    sa.update(table).where(key.in_(some)).values(cleaning.raised(table, each.rule.blank))
                )
            done: Any = session.execute(statement, execution_options={"synchronize_session": False})
            counts[table.name]["deleted" if each.rule.blank is None else "blanked"] += done.rowcount


# ── Telling ──────────────────────────────────────────────────────────────────────────────────────


def _events(session: Session, reach: Reach) -> Iterator[events.Event]:
    """One for each record that people have, with who was responsible for it: nothing else is left to ask."""
    by_kind = {getattr(model, "__kind__", None): model for model in cleaning.models().values()}
    for kind in _TOLD:
        model = by_kind[kind]
        whose = [
            getattr(model, name, sa.null()).label(name) for name in ("owner_id", "team_id", "territory_id")
        ]
        for some in chunks(reach.of(kind)):
            for row in session.execute(sa.select(model.id, *whose).where(model.id.in_(some))):
                yield events.Event(f"{kind}.erased", kind, row.id, {}, *row[1:])


def _note(session: Session, reach: Reach, cleaned: dict[str, set[UUID]]) -> None:
    """The trail says of each record that it was erased, or cleaned, and no more."""
    audited = {m.__kind__ for m in cleaning.models().values() if getattr(m, "__audited__", False)}
    for action, ids_by_kind in ((ERASED, reach.gone), (CLEANED, cleaned)):
        for kind in sorted(ids_by_kind.keys() & audited):
            note_many(
                session, kind=kind, action=action, changed={i: ({}, {}) for i in sorted(ids_by_kind[kind])}
            )
