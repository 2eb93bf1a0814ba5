"""One table of searchable text for all kinds, kept in the transaction that writes the record.

A model says what is searched: `__kind__ = "lead"`, `__search__ = ("title", "company_name")` for words and
`__search_exact__ = ("phone",)` for digits, of which any run may be typed. Search is by word prefixes over
folded text, the same on both databases.
"""

from collections.abc import Callable, Iterable, Mapping
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.core import dialect
from crm_api.core.columns import GUID
from crm_api.core.database import Base
from crm_api.core.ids import new_id
from crm_api.core.text import digits, words

documents = sa.Table(
    "search_documents",
    Base.metadata,
    sa.Column(
        "n", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True, autoincrement=True
    ),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("record_id", GUID, nullable=False, unique=True),
    sa.Column("text", sa.Text, nullable=False),
)


LONGEST_WORD = 200  # PostgreSQL leaves words of more than 2046 bytes out of its index


def _terms(text: str | None) -> list[str]:
    return [word[:LONGEST_WORD] for word in words(text)]


Also = Callable[[Session, str, Any], Iterable[str]]
_also: list[Also] = []


def also(words_of: Also) -> None:
    """Let records be found by further texts: `words_of(session, kind, row)` gives those of one row."""
    _also.append(words_of)


def text_of(session: Session, model: type[Any], row: Any) -> str:
    """The folded words of a row, each once; `row` is anything with the row's attributes."""
    found: dict[str, None] = {}
    for name in model.__search__:
        found.update(dict.fromkeys(_terms(getattr(row, name, None))))
    for name in getattr(model, "__search_exact__", ()):
        value = getattr(row, name, None)
        if value:
            number = digits(value)
            found.update(
                dict.fromkeys([*_terms(value), *(number[i:] for i in range(max(len(number) - 3, 1)))])
            )
    for words_of in _also:
        for text in words_of(session, model.__kind__, row):
            found.update(dict.fromkeys(_terms(text)))
    return " ".join(found)


def store(session: Session, rows: Iterable[tuple[str, UUID, str]]) -> None:
    """Write the (kind, record id, text) of changed records."""
    dialect.upsert(
        session,
        documents,
        [{"kind": kind, "record_id": record_id, "text": text} for kind, record_id, text in rows],
        key=["record_id"],
        update=["text"],
    )


def remove(session: Session, ids: Iterable[UUID]) -> None:
    """Forget records that were erased."""
    session.execute(sa.delete(documents).where(documents.c.record_id.in_(list(ids))))


def remove_all(session: Session, ids_by_kind: Mapping[str, Iterable[UUID]]) -> None:
    """The same for many kinds and any number of records."""
    ids = sorted(record_id for some in ids_by_kind.values() for record_id in some)
    for start in range(0, len(ids), 500):
        remove(session, ids[start : start + 500])


# ── Words of what is gone ────────────────────────────────────────────────────────────────────────

_PENDING = "search words to forget"  # 1: to be begun; 2: begun
_PAGES = 200
_MARK = sa.text(
    "INSERT INTO counters (id, key, value) VALUES (:id, :key, :value) ON CONFLICT (key) DO UPDATE SET value = :value"
).bindparams(sa.bindparam("id", type_=GUID))


def forget_soon(session: Session) -> None:
    """Texts were removed for good: let the index forget their words, too."""
    _mark(session, 1)


def forget_words(session: Session) -> bool:
    """One step of forgetting, where there is something to forget; True where more steps are left."""
    state = session.scalar(sa.text("SELECT value FROM counters WHERE key = :key"), {"key": _PENDING})
    if not state:
        return False
    more = dialect.merge_words(session, _PAGES, all_of_them=state == 1)
    _mark(session, 2 if more else 0)
    return more


def _mark(session: Session, value: int) -> None:
    session.execute(_MARK, {"id": new_id(), "key": _PENDING, "value": value})


def matching(session: Session, kind: str, typed: str) -> sa.Select[Any]:
    """The ids of the records of `kind` whose text has, for every word typed, a word that starts with it.

    Returns a SELECT of ids, to be used with `in_()`. Nothing typed matches nothing.
    """
    terms = _terms(typed)
    if not terms:
        return sa.select(documents.c.record_id).where(sa.false())
    query = dialect.prefix_terms(session, terms)
    # The kind in words, not bound: only then may PostgreSQL use the index of that kind.
    of_kind = documents.c.kind == sa.literal(kind, literal_execute=True)
    return sa.select(documents.c.record_id).where(
        of_kind, dialect.matches(documents.c.n, documents.c.text, sa.literal(query))
    )


def index_flush(session: Session, changed: Iterable[Any], deleted: Iterable[Any]) -> None:
    """Bring the table up to date with one flush."""
    store(
        session,
        [(r.__kind__, r.id, text_of(session, type(r), r)) for r in changed if getattr(r, "__search__", None)],
    )
    gone = [r.id for r in deleted if getattr(r, "__search__", None)]
    if gone:
        remove(session, gone)


def index_rows(session: Session, model: type[Any], rows: Iterable[Mapping[str, Any]]) -> None:
    """The same for rows written in bulk, given as mappings with their `id`."""
    store(session, [(model.__kind__, r["id"], text_of(session, model, SimpleNamespace(**r))) for r in rows])
