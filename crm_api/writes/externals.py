"""Records by the ids that other systems know them by."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.access import Actor, visible
from crm_api.core.errors import Invalid
from crm_api.core.fields import CATALOGUES

Mark = tuple[str, str]  # external_system, external_id


@dataclass(frozen=True, slots=True)
class External:
    """The record behind an external id, whether the asker may see it, and how new its source was."""

    id: UUID
    is_seen: bool
    is_archived: bool
    source_updated_at: datetime | None


def known(
    session: Session, actor: Actor, kind: str, marks: Sequence[Mark], *, also: Sequence[UUID] = ()
) -> dict[Mark, External]:
    """The records of a kind that these external ids lead to, seen or not; locked until the transaction ends.

    With those of the ids in `also`, all in one order: else two transactions over the same records, each in its own
    order, wait for each other.
    """
    model = CATALOGUES[kind].model
    wanted = defaultdict(list)
    for system, external_id in marks:
        wanted[system].append(external_id)
    if not wanted and not also:
        return {}
    asked = sa.or_(
        *((model.external_system == system) & model.external_id.in_(ids) for system, ids in wanted.items()),
        *([model.id.in_(also)] if also else []),
    )
    rows = session.execute(
        sa.select(
            model.external_system,
            model.external_id,
            model.id,
            visible(kind, actor).label("seen"),
            getattr(model, "archived_at", sa.null()).label("archived_at"),
            getattr(model, "source_updated_at", sa.null()).label("source_updated_at"),
        )
        .where(asked)
        .order_by(model.id)
        .with_for_update(of=model)
    )
    return {
        (row.external_system, row.external_id): External(
            row.id, bool(row.seen), row.archived_at is not None, row.source_updated_at
        )
        for row in rows
        if row.external_id is not None
    }


class Links:
    """References given as another system's id, found for a whole slice in one statement a kind."""

    def __init__(self, session: Session, actor: Actor, kind: str) -> None:
        self._session, self._actor = session, actor
        self._targets = {
            relation.column.key: relation.target
            for relation in CATALOGUES[kind].relations
            if hasattr(CATALOGUES[relation.target].model, "external_id")
        }
        names = CATALOGUES[kind].vocabulary.names
        self._targets |= {old: self._targets[ours] for old, ours in names.items() if ours in self._targets}
        self._found: dict[tuple[str, Mark], UUID] = {}

    def load(self, bodies: Iterable[Mapping[str, Any]]) -> None:
        """Look up every reference in these bodies."""
        wanted = defaultdict(set)
        for body in bodies:
            for name, value in body.items():
                if (mark := _mark(value)) and name in self._targets:
                    wanted[self._targets[name]].add(mark)
        for target, marks in wanted.items():
            found = known(self._session, self._actor, target, sorted(marks))
            self._found.update(((target, mark), there.id) for mark, there in found.items() if there.is_seen)

    def resolved(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """The body with ids of ours in it; raises Invalid naming a reference that leads nowhere."""
        return {name: self._resolve(name, value) for name, value in body.items()}

    def _resolve(self, name: str, value: Any) -> Any:
        mark = _mark(value)
        if mark is None or name not in self._targets:
            return value
        target = self._targets[name]
        if (target, mark) not in self._found:
            # Perhaps made a moment ago, by an operation before this one.
            self.load([{name: value}])
        if (target, mark) not in self._found:
            raise Invalid.field(
                name,
                f"there is no {target} with the external id {mark[1]} of {mark[0]}, or it is not yours to see",
            )
        return self._found[target, mark]


def _mark(value: Any) -> Mark | None:
    if isinstance(value, dict) and value.keys() == {"external_system", "external_id"}:
        system, external_id = value["external_system"], value["external_id"]
        if isinstance(system, str) and isinstance(external_id, str):
            return system, external_id
    return None
