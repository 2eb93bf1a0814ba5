"""Who is in a segment: the condition on accounts, the count, and the trail of those put in and out by hand.

What an account is, the registry says: this room lies below that of accounts, as tags do.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.audit.service import note_many
from crm_api.core import clock, context, dialect
from crm_api.core.fields import CATALOGUES
from crm_api.core.ids import new_id
from crm_api.core.text import fold
from crm_api.events import Event
from crm_api.segments.models import Segment, SegmentMember, SegmentStats

CHUNK = 500


def segmented(model: type[Any]) -> Callable[[list[str] | None, Any], sa.ColumnElement[bool]]:
    """A TAGS field's `column`: the accounts in any of the segments of these codes or names or, for None, in any."""

    def any_of(names: list[str] | None, actor: Any) -> sa.ColumnElement[bool]:
        live = sa.select(Segment.id).where(Segment.archived_at.is_(None))
        if names is not None:
            keys = [fold(name) for name in names]
            live = live.where(sa.or_(Segment.code_key.in_(keys), Segment.name_key.in_(keys)))
        within = sa.select(SegmentMember.account_id).where(SegmentMember.segment_id.in_(live))
        return model.id.in_(within)  # type: ignore[no-any-return]

    return any_of


def put_in(
    session: Session, segment: Segment, account_ids: Collection[UUID], *, by: UUID | None
) -> set[UUID]:
    """Put accounts into a segment; returns those that were not in it. No trail: see `told`."""
    fresh = set(account_ids) - present(session, segment.id, account_ids)
    now = clock.now()
    rows = [
        {"id": new_id(), "segment_id": segment.id, "account_id": i, "assigned_at": now, "assigned_by_id": by}
        for i in sorted(fresh)
    ]
    # Somebody else may put one in at the same moment.
    dialect.upsert(session, SegmentMember.__table__, rows, key=["segment_id", "account_id"])
    return fresh


def take_out(session: Session, segment: Segment, account_ids: Collection[UUID]) -> set[UUID]:
    """Take accounts out of a segment; returns those that were in it. No trail: see `told`."""
    gone = present(session, segment.id, account_ids)
    for some in _chunks(gone):
        session.execute(
            sa.delete(SegmentMember).where(
                SegmentMember.segment_id == segment.id, SegmentMember.account_id.in_(some)
            )
        )
    return gone


def present(session: Session, segment_id: UUID, account_ids: Collection[UUID]) -> set[UUID]:
    """Which of these accounts are in the segment."""
    found: set[UUID] = set()
    for some in _chunks(account_ids):
        statement = sa.select(SegmentMember.account_id)
        here = SegmentMember.segment_id == segment_id, SegmentMember.account_id.in_(some)
        found |= set(session.scalars(statement.where(*here)))
    return found


def recount(session: Session, segment_ids: Iterable[UUID]) -> None:
    """Count the live accounts of segments anew; held first, so that of two changes at a time both are counted."""
    session.flush()
    wanted = sorted(set(segment_ids))
    held = (
        sa.select(SegmentStats).where(SegmentStats.segment_id.in_(wanted)).order_by(SegmentStats.segment_id)
    )
    rows = list(session.scalars(held.with_for_update()))
    accounts = CATALOGUES["account"].model
    counted = (
        sa.select(SegmentMember.segment_id, sa.func.count())
        .join(accounts, accounts.id == SegmentMember.account_id)
        .where(SegmentMember.segment_id.in_(wanted), accounts.archived_at.is_(None))
        .group_by(SegmentMember.segment_id)
    )
    counts = dict(session.execute(counted).all())
    for row in rows:
        row.customer_count = counts.get(row.segment_id, 0)


def miscounted(session: Session) -> list[UUID]:
    """The segments whose count is not that of their live accounts: of accounts erased for good nobody tells."""
    accounts = CATALOGUES["account"].model
    inside = sa.select(SegmentMember.segment_id).join(accounts, accounts.id == SegmentMember.account_id)
    counted = inside.add_columns(sa.func.count().label("n")).where(accounts.archived_at.is_(None))
    right = counted.group_by(SegmentMember.segment_id).subquery()
    wrong = (
        sa.select(SegmentStats.segment_id)
        .outerjoin(right, right.c.segment_id == SegmentStats.segment_id)
        .where(SegmentStats.customer_count != sa.func.coalesce(right.c.n, 0))
    )
    return list(session.scalars(wrong.order_by(SegmentStats.segment_id)))


def follow_account(session: Session, event: Event) -> None:
    """An archived account counts in no segment; restored, it counts again."""
    within = sa.select(SegmentMember.segment_id).where(SegmentMember.account_id == event.subject_id)
    if segment_ids := list(session.scalars(within)):
        recount(session, segment_ids)


# ── The trail of what was done by hand ───────────────────────────────────────────────────────────


def codes_of(session: Session, account_ids: Iterable[UUID]) -> dict[UUID, list[str]]:
    """The static segments of accounts, by code, as the trail of an account tells them; none are left out."""
    found: dict[UUID, list[str]] = defaultdict(list)
    for some in _chunks(set(account_ids)):
        statement = (
            sa.select(SegmentMember.account_id, Segment.code)
            .join(Segment, Segment.id == SegmentMember.segment_id)
            .where(SegmentMember.account_id.in_(some), Segment.kind == "static")
            .order_by(Segment.code_key, Segment.id)
        )
        for account_id, code in session.execute(statement):
            found[account_id].append(code)
    return dict(found)


def told(session: Session, account_ids: Collection[UUID], before: Mapping[UUID, Sequence[str]]) -> None:
    """Write into the trail of accounts which segments they were in, and are in now."""
    after = codes_of(session, account_ids)
    note_many(
        session,
        kind="account",
        changed={
            i: ({"segments": list(before.get(i, []))}, {"segments": after.get(i, [])})
            for i in sorted(account_ids)
        },
    )


def put_on_each(session: Session, wanted: Mapping[UUID, Sequence[str]]) -> set[UUID]:
    """Make these the static segments of accounts, for a revert; returns whose that changed.

    A code that no live static segment has any more is left out.
    """
    before = codes_of(session, wanted)
    codes = {fold(code) for some in [*wanted.values(), *before.values()] for code in some}
    live = sa.select(Segment).where(
        Segment.code_key.in_(codes), Segment.kind == "static", Segment.archived_at.is_(None)
    )
    changed: set[UUID] = set()
    by = context.current().actor_id
    for segment in session.scalars(live.order_by(Segment.id)):
        inside = {i for i, some in wanted.items() if segment.code_key in map(fold, some)}
        moved = put_in(session, segment, inside, by=by) | take_out(session, segment, wanted.keys() - inside)
        if moved:
            recount(session, [segment.id])
        changed |= moved
    told(session, changed, before)
    return changed


def _chunks(ids: Collection[UUID]) -> Iterable[list[UUID]]:
    ordered = sorted(ids)
    return (ordered[start : start + CHUNK] for start in range(0, len(ordered), CHUNK))
