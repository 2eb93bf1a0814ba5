"""Finding a subject's rows: those that the declarations name, and those of others that speak of the subject.

The second kind is looked for everywhere, which takes as long as reading the database once. That is done in slices
of reads, before the transaction that erases, which then looks at what was written meanwhile alone.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.audit.models import AuditEntry
from crm_api.core import clock
from crm_api.core.database import Database
from crm_api.core.dialect import mentions
from crm_api.privacy.declarations import Personal, Reach, Rule, chunks
from crm_api.privacy.registry import BY_TABLE, PERSONAL
from crm_api.privacy.words import Words

SLICE = 20_000  # rows looked through in one read
OVERLAP = timedelta(minutes=5)  # how far the clocks of two machines may be apart


@dataclass(slots=True)
class Taken:
    """The rows of one rule, by handle."""

    declaration: Personal
    rule: Rule
    handles: set[Any]


def taken(session: Session, reach: Reach, *, lock: bool = False) -> list[Taken]:
    """All rows that are the subject's, each with the rule that has it. Fills the reach with what is found.

    With `lock` they stay as they are until the transaction ends.
    """
    found: list[Taken] = []
    for declaration in PERSONAL:
        known: set[Any] = set()
        for rule in declaration.rules:
            handles: set[Any] = set()
            for term in rule.rows(reach):
                statement = sa.select(declaration.key).where(term)
                handles |= set(session.scalars(statement.with_for_update() if lock else statement))
            handles -= known
            known |= handles
            if handles:
                found.append(Taken(declaration, rule, handles))
                if declaration.kind is not None and rule.whole:
                    reach.add(declaration.kind, handles)
    return found


@dataclass(slots=True)
class Mentions:
    """Rows of others with words that stand for the subject, by table; looked for from `since` on."""

    since: datetime = field(default_factory=lambda: clock.now() - OVERLAP)
    rows: dict[str, set[UUID]] = field(default_factory=lambda: defaultdict(set))


async def look_everywhere(db: Database, words: Words) -> Mentions:
    """Look for the words in every table, a slice at a time."""
    found = Mentions()
    for declaration in searched() if words else ():
        after: UUID | None = None
        while True:
            rows, after = await db.read(_slice, declaration, words, after)
            found.rows[declaration.table.name] |= rows
            if after is None:
                break
    return found


def look_again(session: Session, words: Words, found: Mentions) -> None:
    """Add what was written since; for the transaction that erases."""
    for declaration in searched() if words else ():
        fresh = _written_since(declaration, found.since)
        found.rows[declaration.table.name] |= _speaking_rows(session, declaration, words, [fresh])


def _written_since(declaration: Personal, since: datetime) -> sa.ColumnElement[bool]:
    """Rows made or changed since. Of audited kinds the trail tells the changed ones, by its own ids: reading a
    whole table for its times would keep everybody else from writing."""
    key, mark = declaration.key, _id_at(since)
    if declaration.is_audited:
        told = (AuditEntry.id > mark) & (AuditEntry.kind == declaration.kind)
        return sa.or_(key > mark, key.in_(sa.select(AuditEntry.record_id).where(told)))
    if "updated_at" in declaration.table.c:
        return sa.or_(key > mark, declaration.table.c.updated_at >= since)
    return key > mark


def searched() -> Iterator[Personal]:
    """The tables in which people may have written about others."""
    return (each for each in PERSONAL if each.scanned and each.texts)


def _slice(
    session: Session, declaration: Personal, words: Words, after: UUID | None
) -> tuple[set[UUID], UUID | None]:
    key = declaration.key
    begun = [key > after] if after is not None else []
    edge = sa.select(key).where(*begun).order_by(key).offset(SLICE - 1).limit(1)
    last: UUID | None = session.scalar(edge)
    within = [*begun, key <= last] if last is not None else begun
    return _speaking_rows(session, declaration, words, within), last


def _speaking_rows(
    session: Session, declaration: Personal, words: Words, within: list[sa.ColumnElement[bool]]
) -> set[UUID]:
    likely = sa.or_(*(mentions(column, like) for column in declaration.cleaned for like in words.likes))
    columns = [declaration.key, *declaration.cleaned]
    return {
        row[0]
        for row in session.execute(sa.select(*columns).where(*within, likely))
        if any(words.cleaned(value) is not value for value in row[1:])
    }


def _id_at(at: datetime) -> UUID:
    """The first UUIDv7 of an instant: RFC 9562 begins it with the milliseconds since 1970."""
    return UUID(int=int(at.timestamp() * 1000) << 80)


Spoken = tuple[Personal, Any, dict[str, Any]]


def speaking(
    session: Session, words: Words, mentioned: Mentions, known: dict[str, set[Any]]
) -> Iterator[Spoken]:
    """The rows that really speak of the subject and are not `known` as its own: the table, the row, the columns
    that do, cleaned."""
    for name, ids in mentioned.rows.items():
        declaration = BY_TABLE[name]
        for some in chunks(ids - known.get(name, set())):
            statement = sa.select(*declaration.table.c).where(declaration.key.in_(some))
            for row in session.execute(statement).mappings():
                cleaned = {
                    column.name: now
                    for column in declaration.cleaned
                    if (now := words.cleaned(row[column])) is not row[column]
                }
                if cleaned:
                    yield declaration, row, cleaned
