"""Values of custom fields: checked on the way in, kept on the record, and written beside it to be found by.

Services call `fresh` for a new record and `edited` for a change; both give what to set. The rest happens with the
flush, whoever wrote the record: `install` listens.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from pydantic import ValidationError
from sqlalchemy import event
from sqlalchemy.orm import Session

from crm_api import audit
from crm_api.access import Actor, visible
from crm_api.core import money, search
from crm_api.core.errors import Conflict, FieldError, Invalid
from crm_api.core.fields import CATALOGUES
from crm_api.custom_fields import definitions
from crm_api.custom_fields.definitions import Definition
from crm_api.custom_fields.models import KINDS, field_values
from crm_api.custom_fields.types import kept, row_values, unique_key

Values = dict[str, Any]
NAME = "custom_fields"  # what bodies and answers call them


def fresh(session: Session, actor: Actor, kind: str, given: Mapping[str, Any] | None) -> Values | None:
    """What a new record is to hold: what is given, and the defaults for the rest; None for nothing.

    Raises Invalid naming every field that is unknown, not of its type, or missing though required; Conflict where
    another record has a value that must be unique.
    """
    given = given or {}
    fields = _fields(session, kind, given)
    if not fields and not given:
        return None
    checking = _Checking(fields)
    values = {
        key: each.default for key, each in fields.items() if key not in given and each.default is not None
    }
    values |= checking.check(given, {})
    checking.require(values)
    checking.finish(session, actor, values, None)
    return {key: value for key, value in values.items() if value is not None} or None


def edited(session: Session, actor: Actor, record: Any, given: Mapping[str, Any] | None) -> Values:
    """What to set on a record for the keys sent, as `{"custom": …}`; empty where nothing is to be set.

    A key that is not sent keeps its value, null removes it. An edit is also when a field that became required since
    has to be filled. Raises as `fresh`.
    """
    given = given or {}
    fields = _fields(session, record.__kind__, given)
    if not fields and not given:
        return {}
    before: Values = record.custom or {}
    checking = _Checking(fields)
    changes = checking.check(given, before)
    merged = {key: value for key, value in {**before, **changes}.items() if value is not None}
    checking.require(merged)
    changed = {key: value for key, value in changes.items() if value is not None and before.get(key) != value}
    checking.finish(session, actor, changed, record.id)
    return {"custom": merged or None} if given else {}


def with_defaults(session: Session, kind: str, values: Mapping[str, Any] | None) -> Values | None:
    """The checked values of a new record, and the defaults of what they say nothing of; for bulk work."""
    defaults = {k: d.default for k, d in definitions.live(session, kind).items() if d.default is not None}
    return defaults | {key: value for key, value in (values or {}).items() if value is not None} or None


def show(session: Session, kind: str, rows: Iterable[dict[str, Any]]) -> None:
    """Give rows read from the database the live fields alone, each of them, in their order."""
    fields = definitions.live(session, kind)
    for row in rows:
        held = row.get(NAME)
        row[NAME] = {key: held.get(key) for key in fields} if held else dict.fromkeys(fields)


def _fields(session: Session, kind: str, given: Mapping[str, Any]) -> dict[str, Definition]:
    fields = definitions.live(session, kind)
    if not given.keys() <= fields.keys():
        definitions.reread(session)
        fields = definitions.live(session, kind)
    return fields


# ── Checking ─────────────────────────────────────────────────────────────────────────────────────


@dataclass(slots=True)
class _Checking:
    """One body on its way through the checks; all faults are told at once."""

    fields: Mapping[str, Definition]
    faults: list[FieldError] = field(default_factory=list)

    def check(self, given: Mapping[str, Any], before: Mapping[str, Any]) -> Values:
        """The kept form of every key sent."""
        return {key: self._one(key, value, before.get(key)) for key, value in given.items()}

    def require(self, values: Mapping[str, Any]) -> None:
        """Note every required field without a value."""
        faulty = {fault.field for fault in self.faults}
        for key, each in self.fields.items():
            if each.required and values.get(key) is None and _name(key) not in faulty:
                self.faults.append(FieldError(_name(key), f"{each.label} must be filled"))

    def finish(self, session: Session, actor: Actor, values: Mapping[str, Any], own_id: UUID | None) -> None:
        """Raise Invalid for the faults found; then look at what only the database knows of the values."""
        if not self.faults:
            for key, value in values.items():
                each = self.fields[key]
                if each.type == "reference" and not reachable(session, actor, each, [value]):
                    told = f"there is no such {each.target}, or it is not yours to see"
                    self.faults.append(FieldError(_name(key), told))
        if self.faults:
            more = f" (and {len(self.faults) - 1} more)" if len(self.faults) > 1 else ""
            first = self.faults[0]
            raise Invalid(f"{first.field}: {first.message}{more}", errors=self.faults)
        for key, value in values.items():
            if self.fields[key].is_unique and taken(session, self.fields[key], [value], own_id):
                raise Conflict(
                    f"{_name(key)}: another {self.fields[key].kind} has this {self.fields[key].label} already.",
                    errors=[FieldError(_name(key), "must be unique")],
                )

    def _one(self, key: str, value: Any, before: Any) -> Any:
        each = self.fields.get(key)
        if each is None:
            known = ", ".join(self.fields) or "none yet"
            self.faults.append(FieldError(_name(key), f"there is no such custom field; there are: {known}"))
            return None
        try:
            return None if value is None else checked(each, value, before)
        except ValueError as error:
            self.faults.append(FieldError(_name(key), str(error)))
            return None


def _name(key: str) -> str:
    """The path of a field in a body, cut where somebody sends a novel as a key."""
    return f"{NAME}.{key[:100]}"


def checked(each: Definition, value: Any, before: Any = None) -> Any:
    """The kept form of a value; raises ValueError saying what the field takes.

    A choice that was retired is taken where the record had it already.
    """
    try:
        found = kept(each.type, value)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_context=False, include_input=False)[0]
        raise ValueError(str(fault["msg"]).removeprefix("Value error, ")) from error
    if found is None:
        return None
    if each.choices:
        _listed(each, found if isinstance(found, list) else [found], before)
        return list(dict.fromkeys(found)) if isinstance(found, list) else found
    _bounded(each, found)
    return _amount(each, found) if each.type == "money" else found


def _listed(each: Definition, values: Sequence[str], before: Any) -> None:
    had = before if isinstance(before, list) else [before]
    for value in values:
        if value not in each.choices or (value in each.retired and value not in had):
            offered = ", ".join(choice for choice in each.choices if choice not in each.retired)
            raise ValueError(f"one of {offered}")


def _bounded(each: Definition, value: Any) -> None:
    unit = " characters" if each.told.bounds == "length" else ""
    size = len(value) if unit else value
    if each.minimum is not None and size < each.minimum:
        raise ValueError(f"at least {each.minimum:g}{unit}")
    if each.maximum is not None and size > each.maximum:
        raise ValueError(f"at most {each.maximum:g}{unit}")


def _amount(each: Definition, value: Any) -> Any:
    currency = each.currency or "USD"
    try:
        return money.to_major(money.to_minor(value, currency), currency)
    except Invalid as error:
        raise ValueError(error.errors[0].message) from error


def reachable(session: Session, actor: Actor, each: Definition, ids: Iterable[str]) -> set[str]:
    """Which of these ids are live records of the field's target that the actor may see."""
    catalogue = CATALOGUES[each.target or ""]
    wanted = [UUID(i) for i in ids]
    statement = sa.select(catalogue.model.id).where(
        catalogue.model.id.in_(wanted), visible(catalogue.kind, actor)
    )
    if catalogue.live is not None:
        statement = statement.where(catalogue.live())
    return {str(found) for found in session.scalars(statement)}


def taken(session: Session, each: Definition, values: Iterable[Any], own_id: UUID | None) -> set[str]:
    """The unique keys among these values that a live record other than `own_id` has."""
    keys = [unique_key(each.type, value) for value in values]
    statement = sa.select(field_values.c.unique_key).where(
        field_values.c.definition_id == each.id, field_values.c.unique_key.in_(keys)
    )
    if own_id is not None:
        statement = statement.where(field_values.c.record_id != own_id)
    return set(session.scalars(statement))


# ── Writing ──────────────────────────────────────────────────────────────────────────────────────


def install() -> None:
    """Follow every flush and every bulk insert. Idempotent; called once at start-up."""
    if not event.contains(Session, "after_flush", _after_flush):
        event.listen(Session, "after_flush", _after_flush)
        audit.on_bulk_insert(_after_bulk)
        search.also(_words)


def _after_flush(session: Session, _: Any) -> None:
    made = [row for row in session.new if _is_custom(row) and row.custom]
    changed = [row for row in session.dirty if _is_custom(row) and _has_changed(row)]
    gone = [row for row in session.deleted if _is_custom(row)]
    if not (made or changed or gone):
        return
    outdated: dict[UUID, list[UUID]] = {}
    rows: list[dict[str, Any]] = []
    for row in made:
        rows += rows_of(session, row.__kind__, row.id, row.custom, unique=row.archived_at is None)
    for row in changed:
        before, was_live = _before(row)
        now = row.custom or {}
        keys = {key for key in {*before, *now} if before.get(key) != now.get(key)}
        if was_live != (row.archived_at is None):  # an archived record frees what must be unique
            keys |= {
                k
                for k, d in every(session, row.__kind__).items()
                if d.is_unique and (k in now or k in before)
            }
        for key in keys:
            outdated.setdefault(every(session, row.__kind__)[key].id, []).append(row.id)
        told = {key: now[key] for key in keys if key in now}
        rows += rows_of(session, row.__kind__, row.id, told, unique=row.archived_at is None)
    for row in gone:
        for each in every(session, row.__kind__).values():
            outdated.setdefault(each.id, []).append(row.id)
    for definition_id, ids in outdated.items():
        of_field = field_values.c.definition_id == definition_id
        session.execute(sa.delete(field_values).where(of_field, field_values.c.record_id.in_(ids)))
    if rows:
        session.execute(sa.insert(field_values), rows)


def _after_bulk(session: Session, model: type[Any], made: Sequence[Mapping[str, Any]]) -> None:
    if not _is_custom(model):
        return
    rows = [
        row
        for each in made
        if each.get("custom")
        for row in rows_of(
            session, model.__kind__, each["id"], each["custom"], unique=each.get("archived_at") is None
        )
    ]
    if rows:
        session.execute(sa.insert(field_values), rows)


def _is_custom(row: Any) -> bool:
    return getattr(row, "__kind__", None) in KINDS


def _has_changed(row: Any) -> bool:
    attributes = sa.inspect(row).attrs
    return attributes.custom.history.has_changes() or (
        bool(row.custom) and attributes.archived_at.history.has_changes()
    )


def _before(row: Any) -> tuple[Values, bool]:
    """The values a changed row had, and whether it was live."""
    attributes = sa.inspect(row).attrs
    custom, archived_at = attributes.custom.history, attributes.archived_at.history
    held = (custom.deleted or custom.unchanged or [None])[0] or {}
    return held, (archived_at.deleted or archived_at.unchanged or [None])[0] is None


def every(session: Session, kind: str) -> dict[str, Definition]:
    """All definitions of a kind by key, archived ones too."""
    return definitions.known(session).by_kind.get(kind, {})


def rows_of(
    session: Session, kind: str, record_id: UUID, values: Mapping[str, Any], *, unique: bool
) -> Iterable[dict[str, Any]]:
    """The rows of one record's values; every row names every column, so that one statement takes them all."""
    known = every(session, kind)
    for key, value in values.items():
        each = known[key]
        for n, one in enumerate(value if isinstance(value, list) else [value]):
            filled = row_values(each.type, one, currency=each.currency, is_unique=each.is_unique and unique)
            yield _EMPTY | {"definition_id": each.id, "record_id": record_id, "n": n} | filled


_EMPTY = dict.fromkeys(column.name for column in field_values.columns)


def _words(session: Session, kind: str, row: Any) -> Iterable[str]:
    """What search finds a record by besides its own columns."""
    held = getattr(row, "custom", None)
    if not held or kind not in KINDS:
        return
    for key, each in every(session, kind).items():
        if each.searchable and each.is_live and held.get(key):
            yield " ".join(held[key]) if isinstance(held[key], list) else held[key]
