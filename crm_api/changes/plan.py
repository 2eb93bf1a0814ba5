"""Looking before a revert: which records can go back, and what stands in the way of each that cannot.

Nothing is written here. Every row is locked, in the order of its id, so that what was looked at holds.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from pydantic_core import to_jsonable_python
from sqlalchemy.orm import Session

from crm_api.access import Actor, require_write, visible
from crm_api.audit import service as audit
from crm_api.audit.service import HIDDEN
from crm_api.audit.undoing import Back
from crm_api.changes import trail
from crm_api.changes.kinds import UNDOERS, Claim, Undoer
from crm_api.changes.trail import Net
from crm_api.core.database import Base
from crm_api.core.errors import NotAllowed
from crm_api.core.fields import CUSTOM
from crm_api.core.text import fold
from crm_api.custom_fields import upkeep
from crm_api.users.models import User

SHOWN = 100  # records named in an answer
_LABELS = ("full_name", "name", "title", "subject", "label", "number")
_NOT_COMPARED = frozenset({"id", "created_at", "archived_at"})


@dataclass(frozen=True, slots=True)
class Blocked:
    """A record that cannot go back. `reason`: changed, archived, erased, not_yours or rule."""

    kind: str
    record_id: UUID
    label: str | None
    reason: str
    detail: str
    fields: tuple[str, ...] = ()


@dataclass(slots=True)
class Plan:
    """What is to be done: by kind the records that go back, and the created ones that go away."""

    change_set_id: UUID
    actor: Actor
    back: dict[str, list[UUID]] = field(default_factory=lambda: defaultdict(list))
    away: dict[str, list[UUID]] = field(default_factory=lambda: defaultdict(list))
    # Records that have to give up something first, because another one of the set wants it back.
    release: dict[tuple[str, str], set[UUID]] = field(default_factory=lambda: defaultdict(set))
    # Records that come back without a flag, because another one has it by now.
    without: dict[tuple[str, str], set[UUID]] = field(default_factory=lambda: defaultdict(set))
    blocked: list[Blocked] = field(default_factory=list)
    blocked_total: int = 0
    restoring: set[UUID] = field(default_factory=set)

    def block(self, kind: str, record: Any, reason: str, detail: str, fields: Iterable[str] = ()) -> None:
        """Name a record that stands in the way; the first hundred are told."""
        self.blocked_total += 1
        if len(self.blocked) < SHOWN:
            record_id, label = (record, None) if isinstance(record, UUID) else (record.id, label_of(record))
            self.blocked.append(Blocked(kind, record_id, label, reason, detail, tuple(fields)))


def label_of(record: Any) -> str | None:
    """What people call a record."""
    return next((value for name in _LABELS if (value := getattr(record, name, None))), None)


def look(session: Session, plan: Plan, kind: str, ids: Sequence[UUID]) -> None:
    """Sort the records of one kind into going back, going away and blocked."""
    undoer, claims = UNDOERS[kind], Claims(kind)
    for chunk in trail.in_chunks(ids):
        # The trail tells nothing more of them, so that they would pass for untouched.
        erased = audit.erased(session, kind, chunk)
        for record_id in sorted(erased):
            plan.block(kind, record_id, "erased", "It was erased and cannot be brought back.")
        found = trail.nets(session, plan.change_set_id, kind, [i for i in chunk if i not in erased])
        rows = _locked(session, plan.actor, undoer, [net.record_id for net in found])
        parts = read_parts(session, undoer, found)
        backs = []
        for net in found:
            back = _examined(session, plan, kind, net, rows.get(net.record_id), parts)
            if back is not None:
                backs.append(back)
        session.info["restoring"] = plan.restoring  # what is deleted now and will be there when these go back
        for back, detail in undoer.examine(session, plan.actor, [b for b in backs if b.record is not None]):
            plan.block(kind, back.record, "rule", f"{detail[:1].upper()}{detail[1:]}.")
        _check_custom_fields(session, plan, kind, backs)
        _check_links(session, plan, kind, backs)
        claims.note(undoer, backs)
    claims.check(session, plan, undoer)


def _locked(
    session: Session, actor: Actor, undoer: Undoer, ids: Sequence[UUID]
) -> dict[UUID, tuple[Any, bool]]:
    model = undoer.model
    statement = sa.select(model, visible(model.__kind__, actor)).where(model.id.in_(ids)).order_by(model.id)
    return {row.id: (row, bool(seen)) for row, seen in session.execute(statement.with_for_update(of=model))}


def read_parts(session: Session, undoer: Undoer, nets: Sequence[Net]) -> dict[str, dict[UUID, Any]]:
    """What the parts of records that a change set touched are now, as the trail tells them."""
    found = {}
    for name, part in (undoer.parts or {}).items():
        # What a new record was made without, the trail does not tell.
        if ids := [net.record_id for net in nets if net.action == "create" or name in net.after]:
            now = part.read(session, ids)
            found[name] = {i: to_jsonable_python(now.get(i, part.empty)) for i in ids}
    return found


def _examined(
    session: Session, plan: Plan, kind: str, net: Net, row: tuple[Any, bool] | None, parts: Any
) -> Back | None:
    """The record on its way, or None where it is blocked or as wished already."""
    undoer = UNDOERS[kind]
    if net.action == "delete":
        if undoer.remade and row is None:
            plan.back[kind].append(net.record_id)
            plan.restoring.add(net.record_id)
        elif row is None:
            plan.block(kind, net.record_id, "erased", "It was deleted for good and cannot be brought back.")
        return None
    if row is None:
        if net.action != "create":  # else it is as wished
            plan.block(kind, net.record_id, "erased", "It is not there any more.")
        return None
    record, seen = row
    if not seen or not _may_write(session, plan, kind, record):
        if not seen:
            plan.block(kind, net.record_id, "not_yours", "It is not yours to see any more.")
        return None
    if net.action == "create":
        return _going_away(plan, kind, net, record, parts)
    return _going_back(plan, kind, net, record, parts)


def _may_write(session: Session, plan: Plan, kind: str, record: Any) -> bool:
    try:
        require_write(session, plan.actor, record)
    except NotAllowed as refusal:
        plan.block(kind, record, "not_yours", refusal.detail)
        return False
    return True


def _going_away(plan: Plan, kind: str, net: Net, record: Any, parts: Any) -> Back | None:
    undoer = UNDOERS[kind]
    if getattr(record, "archived_at", None) is not None:
        return None
    ignored = _NOT_COMPARED | {"external_system", "external_id"} | set(_follows(record))
    changed = [
        name
        for name in trail.names(record)
        if name not in ignored
        and not (name in undoer.upkeep and name not in net.after)
        and trail.held(record, name) != trail.typed(type(record), name, net.after.get(name))
    ]
    empty = {name: part.empty for name, part in (undoer.parts or {}).items()}
    changed += [name for name in parts if parts[name][record.id] != net.after.get(name, empty[name])]
    if changed:
        plan.block(kind, record, "changed", "It was changed since it was made.", changed)
        return None
    plan.away[kind].append(record.id)
    return Back(record, move="archive")


def _going_back(plan: Plan, kind: str, net: Net, record: Any, parts: Any) -> Back | None:
    back = back_of(record, net)
    if back.move is None and "archived_at" not in net.after and getattr(record, "archived_at", None):
        plan.block(kind, record, "archived", "It was archived since; restore it first.")
        return None
    values, changed = {}, []
    for name, before in back.values.items():
        if name in parts:
            now, then = parts[name][record.id], net.after[name]
        elif name in _follows(record):
            continue
        else:
            now, then = trail.held(record, name), trail.typed(type(record), name, net.after[name])
        if now == then:
            values[name] = before
        elif now != before:
            changed.append(name)
    if changed:
        plan.block(
            kind, record, "changed", "It was changed since, in a field that this would put back.", changed
        )
        return None
    if not values and back.move is None:
        return None
    plan.back[kind].append(record.id)
    if back.move == "restore" or values.get("is_active"):
        plan.restoring.add(record.id)
    back.values = values
    return back


def back_of(record: Any, net: Net) -> Back:
    """The record with all that the change set took from it, compared with nothing."""
    back = Back(record)
    for name in net.fields:
        before, after = net.before.get(name), net.after[name]
        if name == "archived_at":
            gone = record.archived_at is not None
            back.move = (
                "restore" if before is None and gone else "archive" if after is None and not gone else None
            )
        elif HIDDEN not in (before, after):
            back.values[name] = trail.typed(type(record), name, before)
    return back


def _follows(record: Any) -> tuple[str, ...]:
    return getattr(record, "__follows__", ())


def _check_custom_fields(session: Session, plan: Plan, kind: str, backs: Sequence[Back]) -> None:
    """A custom field may have been deleted since, or be another one under the same key."""
    for back in backs:
        for name, value in back.values.items():
            if name.startswith(f"{CUSTOM}."):
                reason = upkeep.why_not(session, kind, name.removeprefix(f"{CUSTOM}."), value)
                if reason is not None:
                    plan.block(kind, back.record, "rule", f"{reason[:1].upper()}{reason[1:]}.", [name])


# ── Links ────────────────────────────────────────────────────────────────────────────────────────


def _check_links(session: Session, plan: Plan, kind: str, backs: Sequence[Back]) -> None:
    """What a record is to be linked to again has to be there; an owner has to be active."""
    models = {mapper.local_table: mapper.class_ for mapper in Base.registry.mappers}
    columns = sa.inspect(UNDOERS[kind].model).columns
    for column in columns:
        for key in column.foreign_keys:
            linked = [b for b in backs if b.values.get(column.key) is not None]
            if not linked:
                continue
            model = models[key.column.table]
            there = _there(
                session, model, {b.values[column.key] for b in linked}, owner=column.key == "owner_id"
            )
            for back in linked:
                if back.values[column.key] not in there | plan.restoring:
                    gone = f"What its {column.key} pointed to is archived, inactive or erased by now."
                    plan.block(kind, back.record, "rule", gone, [column.key])


def _there(session: Session, model: Any, ids: Iterable[UUID], *, owner: bool) -> set[UUID]:
    statement = sa.select(model.id).where(model.id.in_(trail.plain(ids)))
    if hasattr(model, "archived_at"):
        statement = statement.where(model.archived_at.is_(None))
    if owner and model is User:
        statement = statement.where(User.is_active)
    return set(session.scalars(statement))


# ── What only one may have ───────────────────────────────────────────────────────────────────────


class Claims:
    """What the records of one kind want to have for themselves again, and who of the set gives it up."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.wanted: dict[Claim, dict[tuple[Any, ...], Back]] = defaultdict(dict)
        self.given_up: dict[Claim, set[UUID]] = defaultdict(set)

    def note(self, undoer: Undoer, backs: Sequence[Back]) -> None:
        """Note what some records claim once they are back."""
        for back in backs:
            for claim in undoer.claims:
                names = {*claim.names, *filter(None, [claim.flag])}
                if back.move == "archive" or names & back.values.keys():
                    self.given_up[claim].add(back.record.id)
                if back.move == "archive" or not (back.move == "restore" or names & back.values.keys()):
                    continue
                key = self._key(claim, back)
                if key is not None:
                    self.wanted[claim][key] = back

    def _key(self, claim: Claim, back: Back) -> tuple[Any, ...] | None:
        def value(name: str) -> Any:
            return back.values.get(name, getattr(back.record, name))

        if (claim.flag and not value(claim.flag)) or any(value(name) is None for name in claim.names):
            return None
        pairs = zip(claim.names, claim.keys, strict=True)
        return tuple(fold(value(name)) if key.endswith("_key") else value(name) for name, key in pairs)

    def check(self, session: Session, plan: Plan, undoer: Undoer) -> None:
        """Block who wants what another one has; note who of the set has to let go of it first."""
        model = undoer.model
        for claim, wanted in self.wanted.items():
            columns = [getattr(model, key) for key in claim.keys]
            terms = [getattr(model, claim.flag)] if claim.flag else []
            if claim.live and hasattr(model, "archived_at"):
                terms.append(model.archived_at.is_(None))
            keys = list(wanted)
            for start in range(0, len(keys), trail.CHUNK):
                some = sa.tuple_(*columns).in_(keys[start : start + trail.CHUNK])
                for holder_id, *key in session.execute(sa.select(model.id, *columns).where(some, *terms)):
                    back = wanted[tuple(key)]
                    if holder_id != back.record.id:
                        self._settle(plan, claim, back, holder_id)

    def _settle(self, plan: Plan, claim: Claim, back: Back, holder_id: UUID) -> None:
        if holder_id in self.given_up[claim]:
            plan.release[self.kind, claim.flag or claim.names[0]].add(holder_id)
        elif claim.flag and claim.flag not in back.values:
            plan.without[self.kind, claim.flag].add(back.record.id)
        else:
            fields = [claim.flag] if claim.flag else claim.names
            plan.block(self.kind, back.record, "rule", f"Just now {claim.refusal}.", fields)
