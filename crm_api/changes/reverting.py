"""Undoing one change set, all or nothing, through the rules of the domains.

Three passes in one transaction. The first locks and looks at every record and writes nothing (`plan.py`); any that
stands in the way refuses the whole. The second puts back what was changed, restores what was archived, and makes
again what was deleted, parents first. The third takes back what was made, children first: archived where that can
be, with its external id given free, so that the same file can be imported again.

Records come in chunks, each written by one flush: the unit of work, the audit trail and the events all batch.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.audit.undoing import Back
from crm_api.changes import trail
from crm_api.changes.kinds import KEPT, UNDOERS, Undoer
from crm_api.changes.plan import SHOWN, Plan, back_of, label_of, look
from crm_api.core import clock
from crm_api.core.columns import touch
from crm_api.core.errors import Conflict
from crm_api.users.models import User

_EXTERNAL = ("external_system", "external_id")
_NEUTRAL = {"is_primary": False, "is_default": False}


@dataclass(slots=True)
class Outcome:
    """What a revert did: how many records of which kind, the first hundred by name, and what it left alone."""

    counts: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    records: list[dict[str, Any]] = field(default_factory=list)
    kept: list[dict[str, Any]] = field(default_factory=list)

    def note(self, back: Back, what: str) -> None:
        """Remember one record."""
        kind = back.record.__kind__
        self.counts[kind][what] += 1
        if len(self.records) < SHOWN:
            told = {"kind": kind, "id": back.record.id, "label": label_of(back.record), "what": what}
            self.records.append(told | {"fields": back.told if what == "changed" else []})

    def keep(self, kind: str, record_id: UUID, detail: str) -> None:
        """Remember something that is not undone."""
        if len(self.kept) < SHOWN:
            self.kept.append({"kind": kind, "id": record_id, "detail": detail})


def run(session: Session, plan: Plan) -> Outcome:
    """Undo the plan's change set. Raises Conflict naming each record that stands in the way."""
    outcome = Outcome()
    touched = trail.touched(session, plan.change_set_id)
    for kind, actions in touched.items():
        if kind not in UNDOERS:
            for record_id in trail.plain(i for ids in actions.values() for i in ids):
                outcome.keep(kind, record_id, KEPT.get(kind, "This is not undone."))
    for kind in UNDOERS:
        if kind in touched:
            look(session, plan, kind, trail.plain(i for ids in touched[kind].values() for i in ids))
    _refuse_blocked(plan)
    if not _something_left(plan, touched):
        raise Conflict("Nothing of this change is left to undo.", records=outcome.kept)
    _release(session, plan)
    for kind, undoer in UNDOERS.items():
        for chunk in trail.in_chunks(plan.back.get(kind, [])):
            _put_back(session, plan, undoer, chunk, outcome)
    for kind, undoer in reversed(UNDOERS.items()):
        for chunk in trail.in_chunks(plan.away.get(kind, [])):
            _take_away(session, plan, undoer, chunk, outcome)
    session.flush()
    return outcome


def _something_left(plan: Plan, touched: Collection[str]) -> bool:
    """Whether anything goes back of what the change was about: not only the words it made in passing."""
    kinds = [kind for kind in touched if kind in UNDOERS]
    meant = [kind for kind in kinds if not UNDOERS[kind].in_passing] or kinds
    return any(plan.back.get(kind) or plan.away.get(kind) for kind in meant)


def _refuse_blocked(plan: Plan) -> None:
    if not plan.blocked_total:
        return
    first = plan.blocked[0]
    named = f"{first.kind} {first.label or first.record_id}"
    more = f" and {plan.blocked_total - 1:,} more" if plan.blocked_total > 1 else ""
    raise Conflict(
        f"Nothing was undone, because of {named}{more}: {first.detail}",
        records=[
            {"kind": b.kind, "id": b.record_id, "label": b.label, "reason": b.reason, "detail": b.detail,
             "fields": list(b.fields)}
            for b in plan.blocked
        ],
        records_total=plan.blocked_total,
    )  # fmt: skip


def _release(session: Session, plan: Plan) -> None:
    """Let records give up what another one of the set wants back: unique indexes are checked row by row."""
    for (kind, name), ids in plan.release.items():
        for record in _records(session, UNDOERS[kind], trail.plain(ids)):
            setattr(record, name, _NEUTRAL.get(name))
    session.flush()


def _records(session: Session, undoer: Undoer, ids: Sequence[UUID]) -> list[Any]:
    statement = sa.select(undoer.model).where(undoer.model.id.in_(ids)).order_by(undoer.model.id)
    return list(session.scalars(statement))


def _put_back(session: Session, plan: Plan, undoer: Undoer, ids: Sequence[UUID], outcome: Outcome) -> None:
    found = {record.id: record for record in _records(session, undoer, ids)}
    kind = undoer.model.__kind__
    backs: list[Back] = []
    made: list[Back] = []
    parts: dict[str, dict[UUID, Any]] = defaultdict(dict)
    for net in trail.nets(session, plan.change_set_id, kind, ids):
        if net.action == "delete":
            if undoer.stands is not None and undoer.stands(session, net.before):
                continue
            again = Back(_made_again(session, undoer, net))
            made.append(again)
            for name in (undoer.parts or {}).keys() & net.before.keys():
                parts[name][again.record.id] = net.before[name]
            outcome.note(again, "made_again")
            continue
        back = back_of(found[net.record_id], net)
        flags = [flag for (of, flag), ids_ in plan.without.items() if of == kind and net.record_id in ids_]
        back.values |= dict.fromkeys(flags, False)
        for name in undoer.parts or {}:
            if name in back.values:
                parts[name][back.record.id] = back.values[name]
        backs.append(back)
    _with_teams(session, backs)
    for back, detail in undoer.examine(session, plan.actor, backs):
        plan.block(back.record.__kind__, back.record, "rule", detail)
    _refuse_blocked(plan)
    for back in backs:
        _set(back, undoer)
    session.flush()
    for name, wanted in parts.items():
        changed = set((undoer.parts or {})[name].write(session, wanted))
        for back in backs:
            if back.record.id in changed:
                touch(back.record)
    undoer.settle(session, plan.actor, [*made, *backs])
    for back in backs:
        outcome.note(back, f"{back.move}d" if back.move else "changed")


def _set(back: Back, undoer: Undoer) -> None:
    record = back.record
    for name, value in back.values.items():
        if name not in (undoer.parts or {}) and trail.held(record, name) != value:
            back.was[name] = trail.held(record, name)
            trail.put(record, name, value)
    if back.move is not None:
        back.was["archived_at"] = record.archived_at
        record.archived_at = clock.now() if back.move == "archive" else None


def _made_again(session: Session, undoer: Undoer, net: trail.Net) -> Any:
    columns = sa.inspect(undoer.model).columns
    values = {
        name: trail.typed(undoer.model, name, value) for name, value in net.before.items() if name in columns
    }
    made = undoer.model(**{**values, "id": net.record_id})
    session.add(made)
    session.flush()
    return made


def _with_teams(session: Session, backs: Sequence[Back]) -> None:
    """A record is with the team its owner is in now, not the one of then; a view's team is whom it is shared with."""
    backs = [
        b
        for b in backs
        if "team_id" in getattr(b.record, "__follows__", ()) and hasattr(b.record, "owner_id")
    ]
    owners = {back.values["owner_id"] for back in backs if back.values.get("owner_id") is not None}
    teams: dict[UUID, UUID | None] = {}
    if owners:
        teams = dict(session.execute(sa.select(User.id, User.team_id).where(User.id.in_(owners))).all())
    for back in backs:
        back.values.pop("team_id", None)
        if "owner_id" in back.values:
            back.values["team_id"] = teams.get(back.values["owner_id"])


def _take_away(session: Session, plan: Plan, undoer: Undoer, ids: Sequence[UUID], outcome: Outcome) -> None:
    backs = []
    for record in _records(session, undoer, ids):
        if undoer.away is not None:
            if (reason := undoer.away(session, record)) is not None:
                outcome.keep(record.__kind__, record.id, reason)
            else:
                outcome.note(Back(record), "taken_back")
        else:
            free = {name: None for name in _EXTERNAL if hasattr(record, name)}
            back = Back(record, values=free, move="archive")
            _set(back, undoer)
            backs.append(back)
    session.flush()
    undoer.settle(session, plan.actor, backs)
    for back in backs:
        outcome.note(back, "archived")
