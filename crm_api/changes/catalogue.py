"""What may be asked about the audit trail, and who sees it."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api import access
from crm_api.audit.models import AuditEntry, ChangeSet
from crm_api.changes import queries
from crm_api.changes.schemas import ChangeSetOut, EntryOut
from crm_api.core.fields import CATALOGUES, Catalogue, Field, FieldType
from crm_api.core.money import to_major
from crm_api.core.presenting import shown_by

access.declare("change_set", ChangeSet, config=True, also=queries.seen_sets)
access.declare("audit_entry", AuditEntry, config=True, also=queries.seen_entries)

_SETS = sa.select(*shown_by(ChangeSetOut, ChangeSet, reverted_by_id=queries.reverted_by()))
_ENTRIES = sa.select(
    *shown_by(
        EntryOut, AuditEntry, at=ChangeSet.at, actor_id=ChangeSet.actor_id, origin=ChangeSet.origin,
        label=ChangeSet.label,
    ),
    AuditEntry.before,
    AuditEntry.after,
).join(ChangeSet, ChangeSet.id == AuditEntry.change_set_id)  # fmt: skip


# ── Values as the API shows them ─────────────────────────────────────────────────────────────────


def _tell(session: Session, rows: list[dict[str, Any]], single: bool) -> None:
    """Turn what the trail keeps into fields by the names and in the units of the API."""
    currencies = _currencies(session, rows)
    for row in rows:
        before, after = row.pop("before"), row.pop("after")
        names = _names(row["kind"])
        row["changes"] = [
            {
                "field": names.get(name, name),
                "before": _shown(row["kind"], name, before, currencies.get(row["record_id"])),
                "after": _shown(row["kind"], name, after, currencies.get(row["record_id"])),
            }
            for name in sorted(before.keys() | after.keys())
            if names.get(name, name) is not None
        ]


def _names(kind: str) -> dict[str, str | None]:
    """The name in answers of each column of a kind; None for columns that answers do not show."""
    if kind not in CATALOGUES or (select := CATALOGUES[kind].shown) is None:
        return {}
    catalogue = CATALOGUES[kind]
    names: dict[str, str | None] = {c.key: None for c in sa.inspect(catalogue.model).column_attrs}
    table = catalogue.model.__table__
    for shown in select().selected_columns:
        column = getattr(shown, "element", shown)  # a label's own column
        if getattr(column, "table", None) is table:
            names[column.key] = shown.key
    return names


def _money(kind: str) -> tuple[str, ...]:
    return getattr(CATALOGUES[kind].model, "__money__", ()) if kind in CATALOGUES else ()


def _shown(kind: str, name: str, values: Mapping[str, Any], currency: str | None) -> Any:
    value, currency = values.get(name), values.get("currency") or currency
    if currency is None or value is None:
        return value
    if name in _money(kind):
        return to_major(value, currency)
    if name == "lines":
        return [{**line, "unit_price": to_major(line["unit_price"], currency)} for line in value]
    return value


def _currencies(session: Session, rows: list[dict[str, Any]]) -> dict[UUID, str]:
    """The currencies of records whose amounts are told without one."""
    wanted: dict[str, set[UUID]] = defaultdict(set)
    for row in rows:
        if {*_money(row["kind"]), "lines"} & (row["before"].keys() | row["after"].keys()) and _money(
            row["kind"]
        ):
            wanted[row["kind"]].add(row["record_id"])
    found: dict[UUID, str] = {}
    for kind, ids in wanted.items():
        model = CATALOGUES[kind].model
        found |= dict(session.execute(sa.select(model.id, model.currency).where(model.id.in_(ids))).all())
    return found


CHANGE_SETS = Catalogue(
    kind="change_set",
    plural="change sets",
    model=ChangeSet,
    out=ChangeSetOut,
    asked=False,
    label="label",
    default_sort="-at",
    time_field="at",
    fields=(
        Field("at", FieldType.DATETIME, ChangeSet.at, sortable=True, nullable=False),
        Field("actor_id", FieldType.REFERENCE, ChangeSet.actor_id, aliases=("actor",)),
        Field("origin", FieldType.TEXT, ChangeSet.origin, nullable=False),
        Field("label", FieldType.TEXT, ChangeSet.label, nullable=False),
        Field("request_id", FieldType.TEXT, ChangeSet.request_id),
        Field("reverts_id", FieldType.REFERENCE, ChangeSet.reverts_id),
        Field("kind", FieldType.TAGS, queries.of_kinds),
        Field("record_id", FieldType.TAGS, queries.of_records),
    ),
    filters={"since": ("at", "gte"), "until": ("at", "lt")},
    shown=lambda: _SETS,
)

ENTRIES = Catalogue(
    kind="audit_entry",
    plural="audit entries",
    model=AuditEntry,
    out=EntryOut,
    asked=False,
    label="action",
    default_sort="-id",
    time_field="id",
    fields=(
        Field("id", FieldType.REFERENCE, AuditEntry.id, sortable=True, nullable=False),
        Field("change_set_id", FieldType.REFERENCE, AuditEntry.change_set_id, nullable=False),
        Field("kind", FieldType.TEXT, AuditEntry.kind, nullable=False),
        Field("record_id", FieldType.REFERENCE, AuditEntry.record_id, nullable=False),
        Field("action", FieldType.TEXT, AuditEntry.action, nullable=False),
    ),
    shown=lambda: _ENTRIES,
    decorate=_tell,
)
