"""What a change set comes to, record by record: several entries about one record are one net change."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.audit.models import AuditEntry
from crm_api.audit.service import told
from crm_api.core.columns import GUID, ExactDecimal, UTCDateTime
from crm_api.core.fields import CUSTOM

_CUSTOM = f"{CUSTOM}."
CHUNK = 500  # ids in one statement; both databases take some 32,000 parameters


@dataclass(slots=True)
class Net:
    """One record's way through a change set: what each field was before the first entry and after the last."""

    record_id: UUID
    action: Literal["create", "update", "delete"]
    before: dict[str, Any]
    after: dict[str, Any]

    def add(self, entry: Any) -> "Net | None":
        """With one more entry; None where it all comes to nothing."""
        if entry.action == "delete":
            if self.action == "create":
                return None
            return Net(self.record_id, "delete", {**entry.before, **self.before}, {})
        if self.action == "update":
            for name in entry.after:
                self.before.setdefault(name, entry.before.get(name))
        self.after.update(entry.after)
        return self

    @property
    def fields(self) -> list[str]:
        """The fields that are not what they were."""
        return [name for name, value in self.after.items() if self.before.get(name) != value]


def touched(session: Session, change_set_id: UUID) -> dict[str, dict[str, list[UUID]]]:
    """The records of a change set, by kind and by action, in the order of their ids."""
    found: dict[str, dict[str, list[UUID]]] = defaultdict(lambda: defaultdict(list))
    entry = AuditEntry
    statement = (
        sa.select(entry.kind, entry.action, entry.record_id)
        .where(entry.change_set_id == change_set_id)
        .distinct()
        .order_by(entry.record_id)
    )
    for kind, action, record_id in session.execute(statement):
        found[kind][action].append(record_id)
    return found


def nets(session: Session, change_set_id: UUID, kind: str, ids: Sequence[UUID]) -> list[Net]:
    """What a change set did to some records, in the order of their ids; those it left as they were are not
    among them."""
    statement = (
        sa.select(AuditEntry.record_id, AuditEntry.action, AuditEntry.before, AuditEntry.after)
        .where(
            AuditEntry.kind == kind,
            AuditEntry.record_id.in_(ids),
            AuditEntry.change_set_id == change_set_id,
            AuditEntry.action.in_(("create", "update", "delete")),
        )
        .order_by(AuditEntry.record_id, AuditEntry.id)
    )
    found: dict[UUID, Net | None] = {}
    for entry in session.execute(statement):
        known = found.get(entry.record_id)
        if known is None:
            known = Net(entry.record_id, entry.action, dict(entry.before), dict(entry.after))
            found[entry.record_id] = known
        else:
            found[entry.record_id] = known.add(entry)
    return [net for net in found.values() if net is not None and (net.action != "update" or net.fields)]


def in_chunks(ids: Sequence[UUID]) -> Iterator[Sequence[UUID]]:
    """The ids, a statement's worth at a time."""
    for start in range(0, len(ids), CHUNK):
        yield ids[start : start + CHUNK]


def typed(model: Any, name: str, value: Any) -> Any:
    """A value of the trail, which is JSON, as the model holds it under this name.

    Parts of a record and its custom fields (`custom.key`) are no columns and are held as JSON themselves.
    """
    column = sa.inspect(model).columns.get(name)
    if value is None or column is None:
        return value
    if isinstance(column.type, GUID):
        return UUID(value)
    if isinstance(column.type, UTCDateTime):
        return datetime.fromisoformat(value)
    if isinstance(column.type, sa.Date):
        return date.fromisoformat(value)
    if isinstance(column.type, ExactDecimal):
        return Decimal(value)
    return value


def held(record: Any, name: str) -> Any:
    """What a record holds under a name of the trail."""
    if name.startswith(_CUSTOM):
        return (record.custom or {}).get(name.removeprefix(_CUSTOM))
    return getattr(record, name)


def put(record: Any, name: str, value: Any) -> None:
    """Set what a record holds under a name of the trail."""
    if name.startswith(_CUSTOM):
        values = {**(record.custom or {}), name.removeprefix(_CUSTOM): value}
        record.custom = {key: one for key, one in values.items() if one is not None} or None
    else:
        setattr(record, name, value)


def names(record: Any) -> list[str]:
    """The names under which the trail tells what a record is, but for what it hides."""
    columns = [name for name, hidden in told(type(record)) if not hidden and name != CUSTOM]
    return columns + [f"{_CUSTOM}{key}" for key in getattr(record, CUSTOM, None) or ()]


def plain(ids: Iterable[UUID]) -> list[UUID]:
    """Ids once each, in order: rows are locked in this order everywhere."""
    return sorted(set(ids))
