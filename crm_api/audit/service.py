"""The audit trail writes itself: every flush leaves its entries, every bulk statement leaves them too.

Statement DML on an audited table goes through `bulk_insert` and `bulk_update` here, because SQL that the
unit of work does not see would leave no trace. What a model keeps that follows from elsewhere (`__follows__`)
is told with the change that brought it, and may be brought along silently by `follow`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from pydantic_core import to_jsonable_python
from sqlalchemy import event
from sqlalchemy.orm import Mapper, Session

from crm_api.audit.models import AuditEntry, ChangeSet
from crm_api.core import clock, context, search
from crm_api.core.database import Base
from crm_api.core.fields import CUSTOM
from crm_api.core.ids import new_id

HIDDEN = "•••"
ERASED, CLEANED = (
    "erase",
    "clean",
)  # what the trail says of a record that was erased, or lost words about a person
_NEW_SET, _NEW_ENTRIES = sa.insert(ChangeSet), sa.insert(AuditEntry)
_UNTOLD = frozenset({"version", "updated_at"})


def install() -> None:
    """Listen to every session's flushes. Idempotent; called once at start-up."""
    if not event.contains(Session, "after_flush", _after_flush):
        event.listen(Session, "after_flush", _after_flush)


def change_set(session: Session) -> UUID:
    """The change set of the running transaction; made at the first change."""
    if "change_set" not in session.info:
        now = context.current()
        session.info["change_set"] = new_id()
        session.connection().execute(
            _NEW_SET,
            {
                "id": session.info["change_set"],
                "at": clock.now(),
                "actor_id": now.actor_id,
                "origin": now.origin,
                "request_id": now.request_id,
                "label": now.label,
                "reverts_id": session.info.get("reverts"),
            },
        )
    return session.info["change_set"]  # type: ignore[no-any-return]


def note(
    session: Session,
    *,
    kind: str,
    record_id: UUID,
    action: str,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Write one entry by hand, for what people do to rows whose own changes are not audited."""
    note_many(session, kind=kind, action=action, changed={record_id: (before or {}, after or {})})


def note_many(
    session: Session,
    *,
    kind: str,
    changed: Mapping[UUID, tuple[Mapping[str, Any], Mapping[str, Any]]],
    action: str = "update",
) -> None:
    """The same for many records at once: `changed` maps each to what was before and is after."""
    _store(
        session,
        [
            {"kind": kind, "record_id": i, "action": action, "before": before, "after": after}
            for i, (before, after) in changed.items()
        ],
    )


def erased(session: Session, kind: str, ids: Sequence[UUID]) -> set[UUID]:
    """Which of these records were erased."""
    entries = sa.select(AuditEntry.record_id).where(
        AuditEntry.kind == kind, AuditEntry.record_id.in_(ids), AuditEntry.action == ERASED
    )
    return set(session.scalars(entries))


def continue_change_set(session: Session, change_set_id: UUID) -> None:
    """Let this transaction's changes join an earlier change set: the slices of one import are one."""
    session.info["change_set"] = change_set_id


def _after_flush(session: Session, _: Any) -> None:
    made = [row for row in session.new if isinstance(row, Base)]
    changed = [row for row in session.dirty if isinstance(row, Base) and session.is_modified(row)]
    gone = [row for row in session.deleted if isinstance(row, Base)]
    entries = [
        *(_entry(row, "create", {}, _values(row)) for row in made if _audited(row)),
        *(_entry(row, "update", *_difference(row)) for row in changed if _audited(row)),
        *(_entry(row, "delete", _values(row), {}) for row in gone if _audited(row)),
    ]
    _store(session, [e for e in entries if e["action"] != "update" or e["after"]])
    search.index_flush(session, [*made, *changed], gone)


def _audited(row: Any) -> bool:
    return getattr(row, "__audited__", False)


def told(model: type[Any]) -> list[tuple[str, bool]]:
    """The attributes of a model that the trail tells of, and whether their value is hidden."""
    return _told(sa.inspect(model))


@cache
def _told(mapper: Mapper[Any]) -> list[tuple[str, bool]]:
    secret = getattr(mapper.class_, "__secret__", ())
    return [
        (attribute.key, attribute.key in secret)
        for attribute in mapper.column_attrs
        if attribute.key not in _UNTOLD
        and attribute.columns[0].info.keys().isdisjoint(("derive", "figure"))
        and attribute.columns[0].computed is None
    ]


def _values(row: Any) -> dict[str, Any]:
    loaded = sa.inspect(row).dict
    return _spread(
        {
            key: HIDDEN if hidden else loaded[key]
            for key, hidden in told(type(row))
            if loaded.get(key) is not None
        }
    )


def _difference(row: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    state, before, after = sa.inspect(row), {}, {}
    for key, hidden in told(type(row)):
        history = state.attrs[key].history
        if history.has_changes():
            before[key] = HIDDEN if hidden else (history.deleted[0] if history.deleted else None)
            after[key] = HIDDEN if hidden else (history.added[0] if history.added else None)
    if CUSTOM not in after:
        return before, after
    was, now = _spread(before), _spread(after)
    same = {key for key in was.keys() & now.keys() if was[key] == now[key]}
    return (
        {key: was.get(key) for key in was.keys() | now.keys() if key not in same},
        {key: now.get(key) for key in was.keys() | now.keys() if key not in same},
    )


def _spread(values: dict[str, Any]) -> dict[str, Any]:
    """Custom fields one by one, as `custom.key`: the trail tells of fields, not of how they are kept."""
    if CUSTOM not in values:
        return values
    held = values.pop(CUSTOM) or {}
    return values | {f"{CUSTOM}.{key}": value for key, value in held.items()}


def _entry(row: Any, action: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    return {"kind": row.__kind__, "record_id": row.id, "action": action, "before": before, "after": after}


def _store(session: Session, entries: Sequence[Mapping[str, Any]]) -> None:
    if not entries:
        return
    owner = change_set(session)
    session.connection().execute(
        _NEW_ENTRIES,
        [
            {
                **entry,
                "id": new_id(),
                "change_set_id": owner,
                "before": to_jsonable_python(entry["before"]),
                "after": to_jsonable_python(entry["after"]),
            }
            for entry in entries
        ],
    )


Follower = Callable[[Session, type[Any], Sequence[Mapping[str, Any]]], None]
_followers: list[Follower] = []


def on_bulk_insert(follower: Follower) -> None:
    """Let rooms above see what `bulk_insert` writes, which no flush tells them."""
    _followers.append(follower)


# ── Bulk ─────────────────────────────────────────────────────────────────────────────────────────


def bulk_insert(
    session: Session,
    model: type[Any],
    rows: Iterable[Mapping[str, Any]],
    *,
    parts: Sequence[Mapping[str, Any]] | None = None,
) -> list[UUID]:
    """Insert many rows at once with ids, defaults, derived columns, audit entries and search documents.

    Rows are mappings of attribute names; returns their ids in order. `parts` says, row by row, what the trail
    is told besides: lines, tags. Rules of the domain are the caller's business: a service validates, then
    calls this.
    """
    complete = [_complete(model, row) for row in rows]
    if not complete:
        return []
    session.execute(sa.insert(model.__table__), complete)
    if getattr(model, "__audited__", False):
        names = told(model)
        _store(
            session,
            [
                {
                    "kind": model.__kind__,
                    "record_id": row["id"],
                    "action": "create",
                    "before": {},
                    "after": _spread(
                        {k: HIDDEN if hidden else row[k] for k, hidden in names if row.get(k) is not None}
                    )
                    | dict(own),
                }
                for row, own in zip(complete, parts or [{}] * len(complete), strict=True)
            ],
        )
    if getattr(model, "__search__", None):
        search.index_rows(session, model, complete)
    for follower in _followers:
        follower(session, model, complete)
    return [row["id"] for row in complete]


def _complete(model: type[Any], given: Mapping[str, Any]) -> dict[str, Any]:
    fixed, made, derived = _columns_of(sa.inspect(model))
    row = fixed | {key: given[key] if key in given else make(None) for key, make in made.items()}
    row.update((key, value) for key, value in given.items() if key not in derived)
    unknown = given.keys() - fixed.keys() - made.keys() - derived.keys()
    if unknown:
        raise TypeError(f"{model.__name__} has no attribute {', '.join(sorted(unknown))}")
    namespace = SimpleNamespace(**row)
    row.update((key, compute(namespace)) for key, compute in derived.items())
    return row


Makers = dict[str, Callable[[Any], Any]]


@cache
def _columns_of(mapper: Mapper[Any]) -> tuple[dict[str, Any], Makers, Makers]:
    """The attributes of a model: with the value of those not given, with what makes it, and the derived ones."""
    fixed: dict[str, Any] = {}
    made: Makers = {}
    derived: Makers = {}
    for attribute in mapper.column_attrs:
        column, key = attribute.columns[0], attribute.key
        if column.computed is not None:
            continue
        if compute := column.info.get("derive"):
            derived[key] = compute
        elif column.default is not None and callable(column.default.arg):
            made[key] = column.default.arg
        else:
            fixed[key] = None if column.default is None else column.default.arg
    if "version" in fixed:
        fixed["version"] = 1
    return fixed, made, derived


def bulk_update(session: Session, model: type[Any], rows: Iterable[Mapping[str, Any]]) -> int:
    """Change many rows at once: mappings with `id` and the attributes to set. Returns how many changed.

    A row whose values are already so is left alone: no version, no entry.
    """
    wanted = {row["id"]: {k: v for k, v in row.items() if k != "id"} for row in rows}
    count = 0
    with session.no_autoflush:
        for record in session.scalars(sa.select(model).where(model.id.in_(list(wanted)))):
            for key, value in wanted[record.id].items():
                if getattr(record, key) != value:
                    setattr(record, key, value)
            count += session.is_modified(record)
    session.flush()
    return count


def follow(session: Session, model: type[Any], *which: sa.ColumnElement[bool], **values: Any) -> int:
    """Set what merely follows from another record, in one statement, on all rows that fit; returns how many.

    The one way past the trail: it tells what people and jobs did, and a thousand entries that say a team moved
    along with its member would hide that. No version rises either. Raises TypeError for any other attribute.
    """
    others = values.keys() - set(getattr(model, "__follows__", ()))
    if others:
        raise TypeError(f"{', '.join(sorted(others))} of {model.__name__} do not follow from anything")
    kept = {name: getattr(model, name) for name in _UNTOLD if hasattr(model, name)}
    result = session.execute(sa.update(model).where(*which).values(**values, **kept))
    return int(result.rowcount)  # type: ignore[attr-defined]
