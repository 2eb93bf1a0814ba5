"""What can be said of a table: which of its rows are a person's, and what erasing them does.

`Personal` and `Impersonal` are the two declarations; `registry.py` makes one of every table. A `Reach` is what one
request is about: it grows while rows are found, because what hangs on a person's lead is the person's, too.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from crm_api.privacy.words import Words

CHUNK = 500  # ids in one statement; both databases take some 32,000 parameters
PEOPLE = ("contact", "lead", "user")
Record = tuple[str, UUID]
Ids = dict[str, set[UUID]]


@dataclass(slots=True)
class Reach:
    """What is a subject's: `roots` are the records it was found by, `gone` the ids of all its records by kind.

    `addresses` are keys as `core.text.fold` makes them; `words` stand for the subject in other people's texts.
    """

    roots: tuple[Record, ...] = ()
    addresses: frozenset[str] = frozenset()
    words: Words = field(default_factory=Words)
    gone: Ids = field(default_factory=dict)

    def of(self, kind: str) -> set[UUID]:
        """The ids of the subject's records of a kind, as far as they were found."""
        return self.gone.get(kind, set())

    def add(self, kind: str, ids: Iterable[UUID]) -> None:
        """These are the subject's, too."""
        self.gone.setdefault(kind, set()).update(ids)


Terms = Iterable[sa.ColumnElement[bool]]
Finder = Callable[[Reach], Terms]


@dataclass(frozen=True, slots=True)
class Rule:
    """The rows that `rows` gives conditions for are deleted or, with `blank`, stay with these values.

    Not `whole`: the row is somebody else's and just tells of the subject, so that what hangs on it stays.
    """

    rows: Finder
    blank: Mapping[str, Any] | None = None
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Personal:
    """A table that may tell of a person. Every text or JSON column is in one of three lists:

    `texts`   may hold words about somebody: handed over, and cleaned in rows that stay
    `plain`   our own words, codes and hashes: handed over, never cleaned
    `secret`  shown to nobody

    Rules are tried in order, and the first that finds a row has it. `handle` is the column that rows are told
    apart by. Tables that are not `scanned` are made of others and follow them.
    """

    table: sa.Table
    texts: str
    plain: str = ""
    secret: str = ""
    rules: Sequence[Rule] = ()
    handle: str = "id"
    scanned: bool = True
    kind: str | None = None
    is_audited: bool = False

    @property
    def key(self) -> sa.Column[Any]:
        """The column of the handle."""
        return self.table.c[self.handle]

    @property
    def cleaned(self) -> list[sa.Column[Any]]:
        """The columns that may hold words about somebody."""
        return [self.table.c[name] for name in self.texts.split()]


@dataclass(frozen=True, slots=True)
class Impersonal:
    """A table that holds no personal data, and why."""

    table: sa.Table
    reason: str


Declaration = Personal | Impersonal


# ── Finders ──────────────────────────────────────────────────────────────────────────────────────


def chunks(ids: Collection[Any]) -> Iterator[list[Any]]:
    """The ids, a statement's worth at a time, in order: rows are locked in this order everywhere."""
    ordered = sorted(ids)
    for start in range(0, len(ordered), CHUNK):
        yield ordered[start : start + CHUNK]


def of(kind: str, column: Any) -> Finder:
    """Rows whose `column` names a record of the subject."""
    return lambda reach: (column.in_(some) for some in chunks(reach.of(kind)))


def at(column: Any) -> Finder:
    """Rows whose `column` is the key of one of the subject's addresses."""
    return lambda reach: (column.in_(some) for some in chunks(reach.addresses))


def about(kind: Any, record_id: Any) -> Finder:
    """Rows that name a record of any kind by two columns."""
    return lambda reach: (
        sa.and_(kind == name, record_id.in_(some))
        for name, ids in list(reach.gone.items())
        for some in chunks(ids)
    )


def where(finder: Finder, term: Callable[[Reach], sa.ColumnElement[bool]]) -> Finder:
    """Those of a finder's rows for which a term holds as well."""
    return lambda reach: (sa.and_(found, term(reach)) for found in finder(reach))


def any_of(*finders: Finder) -> Finder:
    """The rows of any of these."""
    return lambda reach: (found for finder in finders for found in finder(reach))


def alone(**links: Any) -> Finder:
    """Rows that hang on the subject and on nobody else: `links` are columns by the kind they point to."""

    def left(reach: Reach, kind: str, column: Any) -> sa.ColumnElement[bool]:
        return sa.or_(column.is_(None), column.in_(sorted(reach.of(kind))[:CHUNK]))

    def rows(reach: Reach) -> Terms:
        for kind, column in links.items():
            others = [left(reach, other, link) for other, link in links.items() if other != kind]
            yield from (sa.and_(found, *others) for found in of(kind, column)(reach))

    return rows
