"""Segments: making, changing, putting accounts in by hand, and working out who belongs to the dynamic ones."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from pydantic import TypeAdapter, ValidationError
from sqlalchemy.orm import Session

from crm_api import access
from crm_api.access import Actor, require_create, require_role, visible
from crm_api.conditions import records
from crm_api.conditions.compiler import where
from crm_api.conditions.tree import All, Any_, Comparison, Not, Related, Tree
from crm_api.core import clock, context
from crm_api.core.errors import Conflict, FieldError, Invalid, NotFound
from crm_api.core.fields import CATALOGUES
from crm_api.core.problems import from_validation
from crm_api.core.schemas import apply_patch, changes, refuse_null
from crm_api.core.text import fold
from crm_api.custom_fields.fields import registry
from crm_api.events import Event, record
from crm_api.segments import members
from crm_api.segments.models import Segment, SegmentMember, SegmentStats
from crm_api.segments.schemas import Assignment, Removal, SegmentIn, SegmentPatch

AT_ONCE = 2_000  # members that come and go with the change itself; more are left to the job
_TREE: TypeAdapter[Tree] = TypeAdapter(Tree)


def create(session: Session, actor: Actor, *, data: SegmentIn) -> Segment:
    """A new segment; raises Conflict where a live one has its code, Invalid for criteria that cannot be asked."""
    require_role(actor, "manager")
    if data.kind == "dynamic":
        require_criteria(session, data.criteria)
    _require_free(session, data.code, None)
    segment = Segment(**data.model_dump(), origin=context.current().origin)
    session.add(segment)
    session.flush()
    session.add(SegmentStats(segment_id=segment.id, customer_count=0))
    record(session, event("segment.created", segment))
    _evaluate_at_once(session, segment)
    return segment


def update(
    session: Session, actor: Actor, *, segment_id: UUID, data: SegmentPatch, if_match: int | None
) -> Segment:
    """Change just the fields sent. Raises as `create` does, and Conflict for making a segment with members dynamic."""
    require_role(actor, "manager")
    segment: Segment = records.get(session, actor, Segment, segment_id, writing=True, if_match=if_match)
    values = changes(data)
    refuse_null(values, "name", "code", "kind", "criteria", "benefits", "is_active", "priority")
    if values.get("kind", segment.kind) == "dynamic":
        if not segment.is_dynamic and _any_members(session, segment.id):
            raise Conflict("Its customers were put in by hand; remove them before it is made dynamic.")
        if not segment.is_dynamic or "criteria" in values:
            require_criteria(session, values.get("criteria", segment.criteria))
    if "code" in values:
        _require_free(session, values["code"], segment.id)
    if apply_patch(segment, values):
        record(session, event("segment.updated", segment, fields=sorted(values)))
        session.flush()
        _evaluate_at_once(session, segment)
    return segment


def archive(session: Session, actor: Actor, *, segment_id: UUID, if_match: int | None) -> None:
    """Delete softly: no account is in it any more, until it is restored."""
    require_role(actor, "manager")
    segment = records.get(session, actor, Segment, segment_id, writing=True, if_match=if_match)
    segment.archived_at = clock.now()
    record(session, event("segment.archived", segment))


def restore(session: Session, actor: Actor, *, segment_id: UUID) -> Segment:
    """Take a soft deletion back; raises Conflict where another segment has its code by now."""
    require_role(actor, "manager")
    segment: Segment = records.get(session, actor, Segment, segment_id, writing=True, archived=True)
    if segment.archived_at is not None:
        _require_free(session, segment.code, segment.id)
        segment.archived_at = None
        record(session, event("segment.restored", segment))
    return segment


def of_code(session: Session, code: str) -> UUID:
    """The id of the live segment with a code, whatever its case; raises NotFound."""
    live = Segment.code_key == fold(code), Segment.archived_at.is_(None)
    found = session.scalar(sa.select(Segment.id).where(*live))
    if found is None:
        raise NotFound(f"There is no segment with the code '{code[:60]}'.")
    return found


# ── By hand ──────────────────────────────────────────────────────────────────────────────────────


def assign(session: Session, actor: Actor, *, segment_id: UUID, data: Assignment) -> dict[str, Any]:
    """Put accounts that the actor sees into a static segment; those in it already stay as they came.

    Raises Conflict for a dynamic segment, Invalid naming each id that leads to no account; then none is put in.
    """
    return _moved(session, actor, segment_id, data, members_in=True)


def remove(session: Session, actor: Actor, *, segment_id: UUID, data: Removal) -> dict[str, Any]:
    """Take accounts out of a static segment; raises as `assign` does."""
    return _moved(session, actor, segment_id, data, members_in=False)


def _moved(
    session: Session, actor: Actor, segment_id: UUID, data: Assignment | Removal, *, members_in: bool
) -> dict[str, Any]:
    require_create(actor, "segment")
    # Not as a change of the segment: its version stays, and only the count is held.
    segment: Segment = records.get(session, actor, Segment, segment_id)
    if data.segment_id not in (None, segment.id):
        raise Invalid.field("segment_id", "differs from the one in the address")
    if segment.is_archived:
        raise Conflict("This segment is archived; restore it first.")
    if segment.is_dynamic:
        raise Conflict("The customers of a dynamic segment follow from its criteria; change these instead.")
    wanted = dict.fromkeys(data.account_ids)
    _require_accounts(session, actor, data.account_ids)
    before = members.codes_of(session, wanted)
    if members_in:
        moved = members.put_in(session, segment, wanted, by=actor.user_id)
    else:
        moved = members.take_out(session, segment, wanted)
    if moved:
        members.told(session, moved, before)
        members.recount(session, [segment.id])
        what = "segment.customers_assigned" if members_in else "segment.customers_removed"
        record(session, event(what, segment, count=len(moved)))
    count = sa.select(SegmentStats.customer_count).where(SegmentStats.segment_id == segment.id)
    session.flush()
    return {
        "segment_id": segment.id,
        "changed": len(moved),
        "unchanged": len(wanted) - len(moved),
        "customer_count": session.scalar(count) or 0,
    }


def _require_accounts(session: Session, actor: Actor, ids: Sequence[UUID]) -> None:
    model = CATALOGUES["account"].model
    seen = sa.select(model.id).where(
        model.id.in_(set(ids)), model.archived_at.is_(None), visible("account", actor)
    )
    there = set(session.scalars(seen))
    faults = [
        FieldError(f"customer_ids.{n}", f"there is no account {i}, or it is not yours to see")
        for n, i in enumerate(ids)
        if i not in there
    ]
    if faults:
        raise Invalid(f"{len(faults)} of {len(ids)} lead to no account; nothing was changed.", errors=faults)


# ── By criteria ──────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Drift:
    """Who came to meet the criteria of a segment since its members were worked out, and who no longer does."""

    segment_id: UUID
    come: tuple[UUID, ...]
    go: tuple[UUID, ...]


def require_criteria(session: Session, criteria: dict[str, Any]) -> Tree:
    """The condition tree of a dynamic segment; raises Invalid naming what in it cannot be asked of an account.

    It may ask for static segments, but not for dynamic ones: they could wait for each other in a circle.
    """
    try:
        tree = _TREE.validate_python(criteria)
    except ValidationError as error:
        faults = [
            FieldError(f"criteria.{each.field}", each.message)
            for each in from_validation(error.errors()).errors
        ]
        raise Invalid("The criteria of a dynamic segment are a condition tree.", errors=faults) from error
    try:
        where(registry(session), "account", tree, access.system(session))
    except Invalid as error:
        told = error.errors or [FieldError("criteria", error.detail)]
        faults = [FieldError(f"criteria.{each.field}", each.message) for each in told]
        raise Invalid(f"The criteria: {error.detail}", errors=faults) from error
    _require_no_circle(session, tree)
    return tree


def _require_no_circle(session: Session, tree: Tree) -> None:
    named: set[str] = set()
    for node in _nodes(tree):
        if isinstance(node, Related) and node.related == "segment_members":
            raise Invalid.field("criteria", "ask for static segments by the field `segments`")
        if isinstance(node, Comparison) and node.field.rpartition(".")[2] == "segments":
            if node.op == "isnull" or node.value is None:
                raise Invalid.field(
                    "criteria.segments", "name static segments; this one would depend on itself"
                )
            some = node.value if isinstance(node.value, list) else str(node.value).split(",")
            named |= {fold(str(each)) for each in some}
    if named:
        meant = sa.or_(Segment.code_key.in_(named), Segment.name_key.in_(named))
        dynamic = sa.select(Segment.code).where(
            meant, Segment.kind == "dynamic", Segment.archived_at.is_(None)
        )
        if codes := sorted(session.scalars(dynamic)):
            told = f"{', '.join(codes)} is dynamic itself; put its conditions here instead"
            raise Invalid.field("criteria.segments", told)


def _nodes(tree: Tree) -> Iterator[Tree]:
    yield tree
    match tree:
        case All() | Any_():
            for branch in tree.all if isinstance(tree, All) else tree.any:
                yield from _nodes(branch)
        case Not():
            yield from _nodes(tree.not_)
        case Related() if tree.where is not None:
            yield from _nodes(tree.where)


def dynamic(session: Session) -> list[UUID]:
    """The segments whose members are worked out: live, active, dynamic."""
    which = Segment.kind == "dynamic", Segment.is_active, Segment.archived_at.is_(None)
    return list(session.scalars(sa.select(Segment.id).where(*which).order_by(Segment.id)))


def drift(session: Session, segment_id: UUID) -> Drift:
    """Compare the members of a dynamic segment with its criteria, as the service itself sees all accounts.

    Criteria that no longer fit the fields there are (one was deleted since) leave the members as they are.
    """
    segment = session.get(Segment, segment_id)
    if segment is None or not segment.is_dynamic:
        return Drift(segment_id, (), ())
    model = CATALOGUES["account"].model
    try:
        holds = where(
            registry(session), "account", _TREE.validate_python(segment.criteria), access.system(session)
        )
    except Invalid:
        return Drift(segment_id, (), ())
    meant = set(session.scalars(sa.select(model.id).where(model.archived_at.is_(None), holds)))
    inside = set(
        session.scalars(sa.select(SegmentMember.account_id).where(SegmentMember.segment_id == segment_id))
    )
    return Drift(segment_id, tuple(sorted(meant - inside)), tuple(sorted(inside - meant)))


def settle(session: Session, segment_id: UUID, *, come: Sequence[UUID] = (), go: Sequence[UUID] = ()) -> None:
    """Let accounts come into a dynamic segment and leave it; without any, note that it is up to date."""
    segment = session.get(Segment, segment_id, with_for_update=True)
    if segment is None or not segment.is_dynamic:
        return
    model = CATALOGUES["account"].model
    there = set(session.scalars(sa.select(model.id).where(model.id.in_(come)))) if come else set()
    moved = members.put_in(session, segment, there, by=None) | members.take_out(session, segment, go)
    if moved:
        members.recount(session, [segment_id])
    session.execute(
        sa.update(SegmentStats).where(SegmentStats.segment_id == segment_id).values(evaluated_at=clock.now())
    )


def _evaluate_at_once(session: Session, segment: Segment) -> None:
    if not segment.is_dynamic or not segment.is_active:
        return
    session.flush()
    found = drift(session, segment.id)
    if len(found.come) + len(found.go) <= AT_ONCE:
        settle(session, segment.id, come=found.come, go=found.go)


def _any_members(session: Session, segment_id: UUID) -> bool:
    some = sa.select(SegmentMember.id).where(SegmentMember.segment_id == segment_id).limit(1)
    return session.scalar(some) is not None


def _require_free(session: Session, code: str, own_id: UUID | None) -> None:
    other = session.scalar(
        sa.select(Segment.id).where(Segment.code_key == fold(code), Segment.archived_at.is_(None))
    )
    if other is not None and other != own_id:
        raise Conflict(f"There is a segment with the code '{code}' already.")


def event(type_: str, segment: Segment, **data: Any) -> Event:
    """An event about a segment; everybody who is signed in sees it."""
    return Event(type_, "segment", segment.id, {"code": segment.code, **data})
