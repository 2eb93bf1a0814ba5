"""The definitions of this instance, as every request needs them: kept by the process (`core/keeping.py`).

A request that touches no custom field pays for one look into a dictionary. Another process learns of a change within
five seconds, and at once where it is sent a field that it does not know.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.core import keeping
from crm_api.custom_fields.models import CustomField
from crm_api.custom_fields.types import TYPES, Type

_KEY = "custom_fields"


@dataclass(frozen=True, slots=True)
class Definition:
    """What is to be known of one field to read, check, write, find and describe its values."""

    id: UUID
    kind: str
    key: str
    label: str
    type: str
    help: str | None = None
    target: str | None = None
    currency: str | None = None
    unit: str | None = None
    choices: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    retired: frozenset[str] = frozenset()
    synonyms: tuple[str, ...] = ()
    required: bool = False
    is_unique: bool = False
    searchable: bool = False
    default: Any = None
    minimum: float | None = None
    maximum: float | None = None
    is_live: bool = True
    is_going: bool = False

    @property
    def path(self) -> str:
        """How conditions, sorts and mappings name it."""
        return f"custom.{self.key}"

    @property
    def told(self) -> Type:
        """Everything about its type."""
        return TYPES[self.type]


Mark = tuple[int, int, Any]


@dataclass(slots=True)
class Known:
    """All definitions by kind and key, archived ones too. `mark` changes with every change of any of them.

    `derived` keeps what others make of these definitions (a registry, a description), for as long as they hold.
    """

    mark: Mark
    by_kind: dict[str, dict[str, Definition]]
    live: dict[str, dict[str, Definition]]
    derived: dict[str, Any] = field(default_factory=dict)


_ALL = sa.select(CustomField).order_by(CustomField.kind, CustomField.position, CustomField.key)
_MARK = sa.select(
    sa.func.count(CustomField.id),
    sa.func.coalesce(sa.func.sum(CustomField.version), 0),
    sa.func.max(CustomField.updated_at),
)


def known(session: Session) -> Known:
    """The definitions, the same throughout a transaction."""
    return keeping.kept(session, _KEY, _current)


def live(session: Session, kind: str) -> dict[str, Definition]:
    """The live definitions of a kind by key, in the order in which people see them."""
    return known(session).live.get(kind, {})


def reread(session: Session) -> None:
    """Look at the table again: somebody uses a field that is not known here."""
    keeping.kept(session, _KEY, _current, again=True)


def changing(session: Session) -> None:
    """This transaction changes definitions: it sees its own, and the process forgets with the commit."""
    keeping.changing(session, _KEY)


def _current(session: Session, before: Known | None) -> Known:
    return before if before is not None and _mark(session) == before.mark else _load(session)


def _mark(session: Session) -> Mark:
    count, versions, latest = session.execute(_MARK).one()
    return count, int(versions), latest


def _load(session: Session) -> Known:
    with session.no_autoflush:
        rows = list(session.scalars(_ALL))
    return _of(rows)


def _of(rows: Iterable[CustomField]) -> Known:
    by_kind: dict[str, dict[str, Definition]] = {}
    live: dict[str, dict[str, Definition]] = {}
    count, versions, latest = 0, 0, None
    for row in rows:
        count, versions = count + 1, versions + row.version
        latest = row.updated_at if latest is None else max(latest, row.updated_at)
        found = definition_of(row)
        by_kind.setdefault(row.kind, {})[row.key] = found
        if found.is_live:
            live.setdefault(row.kind, {})[row.key] = found
    return Known((count, versions, latest), by_kind, live)


def definition_of(row: CustomField) -> Definition:
    """A row as everybody but its own service uses it."""
    return Definition(
        id=row.id,
        kind=row.kind,
        key=row.key,
        label=row.label,
        type=row.type,
        help=row.help,
        target=row.target,
        currency=row.currency,
        unit=row.unit,
        choices=tuple(choice["value"] for choice in row.choices),
        labels={choice["value"]: choice["label"] for choice in row.choices},
        retired=frozenset(choice["value"] for choice in row.choices if choice["retired"]),
        synonyms=tuple(row.synonyms),
        required=row.required,
        is_unique=row.is_unique,
        searchable=row.searchable,
        default=row.default,
        minimum=row.minimum,
        maximum=row.maximum,
        is_live=row.archived_at is None,
        is_going=row.erasing_at is not None,
    )


def columns_of(session: Session, kind: str) -> list[tuple[str, str, str]]:
    """(key, label, type) of the live definitions of a kind: the columns an export adds."""
    return [(each.key, each.label, each.type) for each in live(session, kind).values()]
