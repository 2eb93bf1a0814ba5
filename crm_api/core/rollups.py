"""Counts and sums kept beside the records they are of: read, held against a full count, and kept small.

The triggers of `core/rolling.py` write them in the transaction of the change, by any way of writing: they say at every
moment what a full count would. A change adds rows instead of altering one; the rows of a key add up, and `fold` makes
one of them again. Tables are kept by UTC day where asked for by day: what a period in another zone has besides whole
days of UTC (`Split.edges`) is counted among the records by index.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.core.ids import new_id

Row = dict[str, Any]
Span = tuple[datetime | None, datetime | None]  # from, and up to without it; None is without end


@dataclass(frozen=True, slots=True)
class Kept:
    """A table of kept sums. `portion` is the key that rows are folded by, a value at a time; `counted` the statement
    that counts everything anew, with the keys and the sums as its columns."""

    model: Any
    keys: tuple[str, ...]
    sums: tuple[str, ...]
    portion: str
    counted: Callable[[], sa.Select[Any] | sa.CompoundSelect[Any]]


@dataclass(frozen=True, slots=True)
class Split:
    """A period as whole days of UTC, from `first` up to `end` without it (None: without limit), and what is left over
    at its ends. `first` and `end` are the same where there is no whole day."""

    first: date | None
    end: date | None
    edges: tuple[Span, ...]

    def days(self, column: Any) -> list[sa.ColumnElement[bool]]:
        """The whole days as a WHERE; a record without a day belongs to a period without limits alone."""
        terms = [column >= self.first] if self.first else []
        return [*terms, *([column < self.end] if self.end else [])]


def split(since: datetime | None, until: datetime | None) -> Split:
    """A period in whole days of UTC and its edges, shorter than a day each."""
    first, end = since and _next_midnight(since), until and _midnight(until.astimezone(UTC).date())
    if first and end and first >= end:
        nothing = first.date()
        return Split(nothing, nothing, ((since, until),))
    edges: list[Span] = []
    if since and first != since:
        edges.append((since, first))
    if until and end != until:
        edges.append((end, until))
    return Split(first and first.date(), end and end.date(), tuple(edges))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _next_midnight(at: datetime) -> datetime:
    here = _midnight(at.astimezone(UTC).date())
    return here if here == at else here + timedelta(days=1)


def added(rows: Iterable[Row], by: Iterable[str], sums: Iterable[str]) -> dict[tuple[Any, ...], Row]:
    """The rows of each key of `by` as one, in whole numbers; what comes to nothing is left out."""
    by, sums = tuple(by), tuple(sums)
    found: dict[tuple[Any, ...], Counter[str]] = defaultdict(Counter)
    for row in rows:
        for name in sums:
            found[tuple(row[key] for key in by)][name] += int(row[name] or 0)
    return {key: dict(each) for key, each in found.items() if any(each.values())}


def differences(session: Session, kept: Kept) -> list[str]:
    """Where the kept sums are not what a full count says, one line a key; empty where all is right."""
    there, counted = _there(session, kept), _counted(session, kept)
    return [
        f"{kept.model.__tablename__} {dict(zip(kept.keys, key, strict=True))}: "
        f"kept {there.get(key)}, counted {counted.get(key)}"
        for key in there.keys() | counted.keys()
        if there.get(key) != counted.get(key)
    ]


def rebuild(session: Session, kept: Kept) -> None:
    """Write the kept sums anew out of a full count."""
    session.execute(sa.delete(kept.model))
    _write(session, kept, _counted(session, kept))


def crowded(session: Session, kept: Kept, *, most: int = 200) -> list[Any]:
    """The portions whose sums lie in many more rows than they have keys."""
    keys = [getattr(kept.model, key) for key in kept.keys]
    grouped = sa.select(*keys, sa.func.count().label("rows_of_key")).group_by(*keys).subquery()
    portion = grouped.c[kept.portion]
    statement = sa.select(portion).group_by(portion)
    statement = statement.having(sa.func.sum(grouped.c.rows_of_key) > most + 2 * sa.func.count())
    return list(session.scalars(statement))


def fold(session: Session, kept: Kept, portion: Any) -> None:
    """Make one row a key of a portion's sums. What others add meanwhile stays beside it for the next time."""
    column = getattr(kept.model, kept.portion)
    gone = sa.delete(kept.model).where(column.is_(None) if portion is None else column == portion)
    names = [getattr(kept.model, name) for name in (*kept.keys, *kept.sums)]
    rows = session.execute(gone.returning(*names)).mappings()
    _write(session, kept, added(map(dict, rows), kept.keys, kept.sums))


def _there(session: Session, kept: Kept) -> dict[tuple[Any, ...], Row]:
    names = [getattr(kept.model, name) for name in (*kept.keys, *kept.sums)]
    rows = session.execute(sa.select(*names)).mappings()
    return added(map(dict, rows), kept.keys, kept.sums)


def _counted(session: Session, kept: Kept) -> dict[tuple[Any, ...], Row]:
    return added(map(dict, session.execute(kept.counted()).mappings()), kept.keys, kept.sums)


def _write(session: Session, kept: Kept, sums: dict[tuple[Any, ...], Row]) -> None:
    rows = [{"id": new_id(), **dict(zip(kept.keys, key, strict=True)), **own} for key, own in sums.items()]
    if rows:
        session.execute(sa.insert(kept.model), rows)
