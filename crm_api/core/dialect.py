"""Every difference between SQLite and PostgreSQL, and nothing else.

No other module may import `sqlalchemy.dialects` (ruff TID251 sees to it).
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from crm_api.core import rolling

Json = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
# COLLATE "C" compares bytes, as SQLite does: the same order and the same index use on both.
SortText = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


# Sums of amounts: past 64 bits, PostgreSQL would refuse them and SQLite its own sum() of integers. Exact to 2^53 there.
Wide = sa.Float().with_variant(postgresql.NUMERIC(38, 0), "postgresql")


class _List(sa.TypeDecorator[list[Any]]):
    """A JSON list; NULL is the empty one, which saves most rows from being parsed."""

    impl = sa.JSON
    cache_ok = True

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> list[Any]:
        return value if value is not None else []


class _Gathered(FunctionElement[Any]):
    """All values of a column as one JSON list."""

    type = _List()
    inherit_cache = True


@compiles(_Gathered)
def _gathered_by_sqlite(element: Any, compiler: SQLCompiler, **kw: Any) -> str:
    return f"nullif(json_group_array({compiler.process(element.clauses, **kw)}), '[]')"


@compiles(_Gathered, "postgresql")
def _gathered_by_postgresql(element: Any, compiler: SQLCompiler, **kw: Any) -> str:
    return f"json_agg({compiler.process(element.clauses, **kw)})"


def json_list(statement: sa.Select[Any]) -> sa.ScalarSelect[Any]:
    """The values of a Select of one column, in its order, as one value: a list.

    The order of a subquery is that of the list on both; SQLite knows ORDER BY within an aggregate from 3.44 on.
    """
    rows = statement.subquery()
    return sa.select(_Gathered(*rows.c)).scalar_subquery()


class _JsonRows(FunctionElement[Any]):
    """See `json_rows`."""

    name = "json_rows"
    inherit_cache = True


@compiles(_JsonRows, "sqlite")
def _json_rows_sqlite(element: Any, compiler: SQLCompiler, **kw: Any) -> str:
    document, path = (compiler.process(c, **kw) for c in element.clauses)
    return f"(SELECT value, key AS position FROM json_each({document}, '$.{path}'))"


@compiles(_JsonRows, "postgresql")
def _json_rows_postgresql(element: Any, compiler: SQLCompiler, **kw: Any) -> str:
    document, path = (compiler.process(c, **kw) for c in element.clauses)
    found = f"jsonb_path_query({document}, '$.{path}[*]') WITH ORDINALITY AS found (value, position)"
    return f"(SELECT value, position FROM {found})"


def json_rows(document: sa.ScalarSelect[Any], path: str) -> Any:
    """The elements of a list within a JSON value, as rows of `value` and `position`; none where there is no list.

    `path` is ours (`visits.defaults`) and never what somebody typed.
    """
    rows = _JsonRows(document, sa.literal_column(path))
    return rows.table_valued(sa.column("value", Json), sa.column("position", sa.Integer))


class same_id(FunctionElement[bool]):
    """`same_id(column, text)`: the column holds the UUID that is written in the text."""

    type = sa.Boolean()
    name = "same_id"
    inherit_cache = True


@compiles(same_id, "postgresql")
def _same_id_postgresql(element: same_id, compiler: SQLCompiler, **kw: Any) -> str:
    column, text = (compiler.process(c, **kw) for c in element.clauses)
    return f"(CAST({column} AS text) = lower({text}))"


@compiles(same_id, "sqlite")
def _same_id_sqlite(element: same_id, compiler: SQLCompiler, **kw: Any) -> str:
    column, text = (compiler.process(c, **kw) for c in element.clauses)
    return f"(hex({column}) = upper(replace({text}, '-', '')))"


def is_postgresql(session: Session) -> bool:
    """Whether this session talks to PostgreSQL."""
    return session.get_bind().dialect.name == "postgresql"


def upsert(
    session: Session,
    table: Any,
    rows: Sequence[Mapping[str, Any]],
    *,
    key: Sequence[str],
    update: Sequence[str] | None = None,
) -> None:
    """INSERT … ON CONFLICT over `key`; updates the `update` columns, or leaves the old row when None."""
    if not rows:
        return
    statement = _upsert(is_postgresql(session), table, tuple(key), tuple(update or ()))
    session.execute(statement, list(rows))


@cache
def _upsert(on_postgresql: bool, table: Any, key: tuple[str, ...], update: tuple[str, ...]) -> Any:
    """Kept: to build it takes longer than to send it."""
    insert: Any = (postgresql.insert if on_postgresql else sqlite.insert)(table)
    if not update:
        return insert.on_conflict_do_nothing(index_elements=key)
    return insert.on_conflict_do_update(index_elements=key, set_={c: insert.excluded[c] for c in update})


def insert_if_absent(session: Session, table: Any, row: Mapping[str, Any], *, key: Sequence[str]) -> bool:
    """Insert one row unless `key` is taken; True where it was inserted. The way to claim a slot once."""
    insert: Any = (postgresql.insert if is_postgresql(session) else sqlite.insert)(table)
    statement = insert.values(**row).on_conflict_do_nothing(index_elements=key).returning(table.c[key[0]])
    return session.execute(statement).first() is not None


def skip_locked(session: Session, statement: sa.Select[Any]) -> sa.Select[Any]:
    """FOR UPDATE SKIP LOCKED on PostgreSQL; on SQLite, which has one writer, the statement as it is."""
    return statement.with_for_update(skip_locked=True) if is_postgresql(session) else statement


def broken_constraint(error: IntegrityError) -> str:
    """The name of the constraint or, on SQLite, the `table.column` list that an IntegrityError names."""
    original: Any = error.orig
    named = getattr(original, "constraint_name", None) or getattr(
        getattr(original, "__cause__", None), "constraint_name", None
    )
    if named:
        return str(named)
    return str(original).rpartition(": ")[2]


def is_outage(error: DBAPIError) -> bool:
    """Whether the database is away or busy, rather than the statement wrong."""
    if error.connection_invalidated or isinstance(error.orig, OSError):
        return True
    text = str(error.orig).lower()
    return any(
        sign in text
        for sign in (
            "database is locked",
            "connection was closed",
            "connection refused",
            "too many clients",
            "the database system is",
            "statement timeout",
        )
    )


def is_deadlock(error: DBAPIError) -> bool:
    """Whether transactions waited for each other in a circle, and PostgreSQL ended this one to let the others go on."""
    text = str(error.orig).lower()
    return "deadlock detected" in text or "could not serialize" in text


# ── Time buckets in a zone ───────────────────────────────────────────────────────────────────────


class bucket(FunctionElement[str]):
    """`bucket(column, unit, zone)`: the local period an instant falls into, as sortable text.

    Units and their form: day `2017-07-09`, week `2017-W27` (ISO 8601), month `2017-07`, quarter
    `2017-Q3`, year `2017`. `zone` is an IANA name. NULL stays NULL.
    """

    type = sa.Text()
    name = "bucket"
    inherit_cache = True

    def __init__(self, column: Any, unit: str, zone: Any) -> None:
        # As text of the statement: PostgreSQL's has the unit's pattern in it, and a statement that is kept for one
        # unit must not answer for another.
        super().__init__(
            column, sa.literal_column(f"'{unit}'"), sa.literal_column(f"'{_PATTERNS[unit]}'"), zone
        )


_PATTERNS = {
    "day": "YYYY-MM-DD",
    "week": 'IYYY-"W"IW',
    "month": "YYYY-MM",
    "quarter": 'YYYY-"Q"Q',
    "year": "YYYY",
}


@compiles(bucket, "postgresql")
def _bucket_postgresql(element: bucket, compiler: SQLCompiler, **kw: Any) -> str:
    column, _, pattern, zone = element.clauses
    local = sa.func.timezone(zone, column) if not isinstance(column.type, sa.Date) else column
    return compiler.process(sa.func.to_char(local, pattern), **kw)


@compiles(bucket, "sqlite")
def _bucket_sqlite(element: bucket, compiler: SQLCompiler, **kw: Any) -> str:
    column, unit, _, zone = (compiler.process(c, **kw) for c in element.clauses)
    return f"local_bucket({column}, {unit}, {zone})"


def local_bucket(value: str | None, unit: str, zone: str) -> str | None:
    """What `bucket` computes on SQLite, where no zone is known: registered on every connection."""
    if value is None:
        return None
    at = datetime.fromisoformat(value)
    if len(value) > 10:
        at = at.replace(tzinfo=ZoneInfo("UTC")).astimezone(ZoneInfo(zone))
    match unit:
        case "day":
            return at.date().isoformat()
        case "week":
            year, week, _ = at.isocalendar()
            return f"{year:04d}-W{week:02d}"
        case "month":
            return at.date().isoformat()[:7]
        case "quarter":
            return f"{at.year:04d}-Q{(at.month + 2) // 3}"
        case _:
            return f"{at.year:04d}"


class month_of(FunctionElement[str]):
    """`month_of(day)`: the month of a date column, as `2017-07`, the way the triggers of roll-ups write it."""

    type = sa.Text()
    name = "month_of"
    inherit_cache = True


@compiles(month_of, "postgresql")
def _month_postgresql(element: month_of, compiler: SQLCompiler, **kw: Any) -> str:
    (day,) = (compiler.process(c, **kw) for c in element.clauses)
    return f"to_char({day}, 'YYYY-MM')"


@compiles(month_of, "sqlite")
def _month_sqlite(element: month_of, compiler: SQLCompiler, **kw: Any) -> str:
    (day,) = (compiler.process(c, **kw) for c in element.clauses)
    return f"substr({day}, 1, 7)"


class day_of(FunctionElement[Any]):
    """`day_of(instant)`: the day of an instant in UTC, the way the triggers of roll-ups write it."""

    type = sa.Date()
    name = "day_of"
    inherit_cache = True


@compiles(day_of, "postgresql")
def _day_postgresql(element: day_of, compiler: SQLCompiler, **kw: Any) -> str:
    (instant,) = (compiler.process(c, **kw) for c in element.clauses)
    return rolling.Postgresql.day(instant)


@compiles(day_of, "sqlite")
def _day_sqlite(element: day_of, compiler: SQLCompiler, **kw: Any) -> str:
    (instant,) = (compiler.process(c, **kw) for c in element.clauses)
    return rolling.Sqlite.day(instant)


class milliseconds_between(FunctionElement[int]):
    """`milliseconds_between(start, end)`: a whole number of them, the way the triggers of roll-ups write it."""

    type = sa.BigInteger()
    name = "milliseconds_between"
    inherit_cache = True


@compiles(milliseconds_between, "postgresql")
def _ms_postgresql(element: milliseconds_between, compiler: SQLCompiler, **kw: Any) -> str:
    start, end = (compiler.process(c, **kw) for c in element.clauses)
    return rolling.Postgresql.milliseconds(start, end)


@compiles(milliseconds_between, "sqlite")
def _ms_sqlite(element: milliseconds_between, compiler: SQLCompiler, **kw: Any) -> str:
    start, end = (compiler.process(c, **kw) for c in element.clauses)
    return rolling.Sqlite.milliseconds(start, end)


class days_between(FunctionElement[float]):
    """`days_between(start, end)`: elapsed days between two instants, fractions included."""

    type = sa.Float()
    name = "days_between"
    inherit_cache = True


@compiles(days_between, "postgresql")
def _days_postgresql(element: days_between, compiler: SQLCompiler, **kw: Any) -> str:
    start, end = (compiler.process(c, **kw) for c in element.clauses)
    return f"CAST(extract(epoch from ({end} - {start})) / 86400.0 AS double precision)"


@compiles(days_between, "sqlite")
def _days_sqlite(element: days_between, compiler: SQLCompiler, **kw: Any) -> str:
    start, end = (compiler.process(c, **kw) for c in element.clauses)
    return f"(julianday({end}) - julianday({start}))"


class whole_days_between(FunctionElement[int]):
    """`whole_days_between(start, end)`: the same without the fraction of the last day."""

    type = sa.BigInteger()
    name = "whole_days_between"
    inherit_cache = True


@compiles(whole_days_between, "postgresql")
def _whole_days_postgresql(element: whole_days_between, compiler: SQLCompiler, **kw: Any) -> str:
    start, end = (compiler.process(c, **kw) for c in element.clauses)
    return f"CAST(trunc(extract(epoch from ({end} - {start})) / 86400.0) AS bigint)"


@compiles(whole_days_between, "sqlite")
def _whole_days_sqlite(element: whole_days_between, compiler: SQLCompiler, **kw: Any) -> str:
    start, end = (compiler.process(c, **kw) for c in element.clauses)
    return f"CAST(julianday({end}) - julianday({start}) AS INTEGER)"


class median(FunctionElement[float]):
    """`median(expression)`: the middle value of a group (mean of the two middle ones); NULLs are left out."""

    type = sa.Float()
    name = "median"
    inherit_cache = True


@compiles(median, "postgresql")
def _median_postgresql(element: median, compiler: SQLCompiler, **kw: Any) -> str:
    (value,) = (compiler.process(c, **kw) for c in element.clauses)
    return f"percentile_cont(0.5) WITHIN GROUP (ORDER BY {value})"


@compiles(median, "sqlite")
def _median_sqlite(element: median, compiler: SQLCompiler, **kw: Any) -> str:
    (value,) = (compiler.process(c, **kw) for c in element.clauses)
    return f"median_of({value})"


class MedianOf:
    """The SQLite aggregate behind `median`."""

    def __init__(self) -> None:
        self.values: list[float] = []

    def step(self, value: float | None) -> None:
        if value is not None:
            self.values.append(value)

    def finalize(self) -> float | None:
        if not self.values:
            return None
        ordered, middle = sorted(self.values), len(self.values) // 2
        return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


class mentions(FunctionElement[bool]):
    """`mentions(column, pattern)`: a LIKE over what a column of any type holds, whatever the case of ASCII letters.

    JSON is looked at as it is written, bytes as UTF-8. A backslash escapes `%` and `_` in the pattern.
    """

    type = sa.Boolean()
    name = "mentions"
    inherit_cache = True


@compiles(mentions, "postgresql")
def _mentions_postgresql(element: mentions, compiler: SQLCompiler, **kw: Any) -> str:
    column, pattern = element.clauses
    shown = compiler.process(column, **kw)
    text = (
        f"convert_from({shown}, 'UTF8')"
        if isinstance(column.type, sa.LargeBinary)
        else f"CAST({shown} AS TEXT)"
    )
    return f"({text} ILIKE {compiler.process(pattern, **kw)})"


@compiles(mentions, "sqlite")
def _mentions_sqlite(element: mentions, compiler: SQLCompiler, **kw: Any) -> str:
    column, pattern = (compiler.process(c, **kw) for c in element.clauses)
    return f"(CAST({column} AS TEXT) LIKE {pattern} ESCAPE '\\')"


class sha256(FunctionElement[str]):
    """`sha256(text)`: the hexadecimal digest of its UTF-8 bytes; NULL stays NULL."""

    type = sa.Text()
    name = "sha256"
    inherit_cache = True


@compiles(sha256, "postgresql")
def _sha256_postgresql(element: sha256, compiler: SQLCompiler, **kw: Any) -> str:
    (text,) = (compiler.process(c, **kw) for c in element.clauses)
    return f"encode(sha256(convert_to({text}, 'UTF8')), 'hex')"


@compiles(sha256, "sqlite")
def _sha256_sqlite(element: sha256, compiler: SQLCompiler, **kw: Any) -> str:
    (text,) = (compiler.process(c, **kw) for c in element.clauses)
    return f"sha256_of({text})"


def sha256_of(text: str | None) -> str | None:
    """What `sha256` computes on SQLite, which has no digests."""
    return None if text is None else hashlib.sha256(text.encode()).hexdigest()


# ── Word-prefix search ───────────────────────────────────────────────────────────────────────────


class matches(FunctionElement[bool]):
    """`matches(search_documents.c.n, search_documents.c.text, words)`: every word starts one in the text."""

    type = sa.Boolean()
    name = "matches"
    inherit_cache = True

    def self_group(self, against: Any = None) -> "matches":
        """As it stands: SQLAlchemy would write `(n IN (…)) = 1` for SQLite, which would then read every document."""
        return self


@compiles(matches, "postgresql")
def _matches_postgresql(element: matches, compiler: SQLCompiler, **kw: Any) -> str:
    _, text, terms = element.clauses
    document, query = compiler.process(text, **kw), compiler.process(terms, **kw)
    return f"to_tsvector('simple', {document}) @@ to_tsquery('simple', {query})"


@compiles(matches, "sqlite")
def _matches_sqlite(element: matches, compiler: SQLCompiler, **kw: Any) -> str:
    number, _, terms = element.clauses
    return (
        f"{compiler.process(number, **kw)} IN "
        f"(SELECT rowid FROM search_fts WHERE search_fts MATCH {compiler.process(terms, **kw)})"
    )


class gathered(FunctionElement[bool]):
    """`gathered(column, select.scalar_subquery())`: the column is one of what the SELECT finds, which is read first.

    To PostgreSQL an IN is a join, and it guesses how many rows a word finds; an array it has to fill before all else.
    """

    type = sa.Boolean()
    name = "gathered"
    inherit_cache = True

    def self_group(self, against: Any = None) -> "gathered":
        """As it stands, see `matches`."""
        return self


@compiles(gathered, "postgresql")
def _gathered_postgresql(element: gathered, compiler: SQLCompiler, **kw: Any) -> str:
    column, found = element.clauses
    return f"{compiler.process(column, **kw)} = ANY (ARRAY {compiler.process(found, **kw)})"


@compiles(gathered, "sqlite")
def _gathered_sqlite(element: gathered, compiler: SQLCompiler, **kw: Any) -> str:
    column, found = element.clauses
    return f"{compiler.process(column, **kw)} IN {compiler.process(found, **kw)}"


def prefix_terms(session: Session, words: Sequence[str]) -> str:
    """Folded words (letters and digits only) as the engine's own "all of these prefixes" query text."""
    if is_postgresql(session):
        return " & ".join(f"{word}:*" for word in words)
    return " ".join(f'"{word}"*' for word in words)


_SQLITE_OBJECTS = (
    "CREATE VIRTUAL TABLE IF NOT EXISTS search_fts USING fts5("
    "text, content='search_documents', content_rowid='n', tokenize='unicode61', prefix='2 3')",
    "CREATE TRIGGER IF NOT EXISTS search_documents_ai AFTER INSERT ON search_documents BEGIN "
    "INSERT INTO search_fts(rowid, text) VALUES (new.n, new.text); END",
    "CREATE TRIGGER IF NOT EXISTS search_documents_ad AFTER DELETE ON search_documents BEGIN "
    "INSERT INTO search_fts(search_fts, rowid, text) VALUES ('delete', old.n, old.text); END",
    "CREATE TRIGGER IF NOT EXISTS search_documents_au AFTER UPDATE OF text ON search_documents BEGIN "
    "INSERT INTO search_fts(search_fts, rowid, text) VALUES ('delete', old.n, old.text); "
    "INSERT INTO search_fts(rowid, text) VALUES (new.n, new.text); END",
)
# An index a kind: what starts like the word typed is read whole before the first record is looked at, and leads are
# searched ten times as often as the calls that outnumber them.
_APART = ("lead", "account", "contact", "opportunity", "activity")
_WORDS = {
    **{f"ix_search_documents_words_{kind}": f"kind = '{kind}'" for kind in _APART},
    "ix_search_documents_words_others": f"kind NOT IN ({', '.join(repr(kind) for kind in _APART)})",
}
_POSTGRESQL_OBJECTS = tuple(
    f"CREATE INDEX IF NOT EXISTS {name} ON search_documents USING gin (to_tsvector('simple', text)) WHERE {which}"
    for name, which in _WORDS.items()
)


def merge_words(session: Session, pages: int, *, all_of_them: bool) -> bool:
    """One step of writing the words of the search index anew, without those of texts that are gone; True where more
    steps are left. `all_of_them` begins; some `pages` of 4 KB are written a step.

    SQLite keeps the words of a changed or deleted text in its index until then. PostgreSQL's own housekeeping
    (autovacuum) does the same for its index by itself.
    """
    if is_postgresql(session):
        return False
    step = sa.text("INSERT INTO search_fts(search_fts, rank) VALUES ('merge', :pages)")
    changes = sa.text("SELECT total_changes()")
    before = session.scalar(changes) or 0
    session.execute(step, {"pages": -pages if all_of_them else pages})
    return (session.scalar(changes) or 0) - before >= 2  # as its documentation says


_KEPT = "the audit trail is never changed"
_ERASING = "EXISTS (SELECT 1 FROM erasures WHERE finished_at IS NULL)"


def _sqlite_guards() -> list[str]:
    guards = [
        f"CREATE TRIGGER IF NOT EXISTS {table}_{verb.lower()} BEFORE {verb} ON {table} "
        f"WHEN NOT {_ERASING} BEGIN SELECT RAISE(ABORT, '{_KEPT}'); END"
        for table in ("change_sets", "audit_entries")
        for verb in ("UPDATE", "DELETE")
    ]
    finished = f"BEGIN SELECT RAISE(ABORT, '{_KEPT}'); END"
    return [
        *guards,
        "CREATE TRIGGER IF NOT EXISTS erasures_update BEFORE UPDATE ON erasures "
        f"WHEN OLD.finished_at IS NOT NULL {finished}",
        f"CREATE TRIGGER IF NOT EXISTS erasures_delete BEFORE DELETE ON erasures {finished}",
    ]


def _postgresql_guards() -> list[str]:
    refusal, opening = f"RAISE EXCEPTION '{_KEPT}';", "TG_OP = 'UPDATE' AND OLD.finished_at IS NULL"
    functions = {
        "audit_kept": f"BEGIN IF NOT {_ERASING} THEN {refusal} END IF; RETURN NULL; END",
        "erasure_kept": f"BEGIN IF {opening} THEN RETURN NEW; END IF; {refusal} END",
        "erasures_kept": f"BEGIN {refusal} END",
    }
    triggers = [
        ("change_sets", "UPDATE OR DELETE OR TRUNCATE", "STATEMENT", "audit_kept"),
        ("audit_entries", "UPDATE OR DELETE OR TRUNCATE", "STATEMENT", "audit_kept"),
        ("erasures", "UPDATE OR DELETE", "ROW", "erasure_kept"),
        ("erasures", "TRUNCATE", "STATEMENT", "erasures_kept"),
    ]
    made = [
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$"
        for name, body in functions.items()
    ]
    for table, verbs, each, function in triggers:
        name = f"{table}_{each.lower()}_kept"
        made += [
            f"DROP TRIGGER IF EXISTS {name} ON {table}",
            f"CREATE TRIGGER {name} BEFORE {verbs} ON {table} FOR EACH {each} EXECUTE FUNCTION {function}()",
        ]
    return made


def create_objects(connection: sa.Connection) -> None:
    """Create what metadata cannot: triggers, FTS tables, expression indexes. Every migration ends with it."""
    on_postgresql = connection.dialect.name == "postgresql"
    objects = list(_POSTGRESQL_OBJECTS if on_postgresql else _SQLITE_OBJECTS)
    if sa.inspect(connection).has_table("erasures"):  # earlier revisions have no trail to guard
        objects += _postgresql_guards() if on_postgresql else _sqlite_guards()
    there = sa.inspect(connection)
    for rollup in rolling.ROLLED:
        if there.has_table(rollup):
            columns = {column["name"] for column in there.get_columns(rollup)}
            objects += rolling.triggers(rollup, on_postgresql=on_postgresql, columns=columns)
    if there.has_table("lead_rollups"):
        objects += rolling.lead_deal_counts(on_postgresql=on_postgresql)
    for statement in objects:
        connection.exec_driver_sql(statement)


def comparable(connection: sa.Connection, metadata: sa.MetaData) -> Callable[..., bool]:
    """Alembic's `include_object`: what a schema and the metadata can be compared by.

    Left out is what `create_objects` makes and, on PostgreSQL, an index that says NULLS FIRST: it comes back
    as an expression, which Alembic takes for another index.
    """
    indexes = [index for table in metadata.tables.values() for index in table.indexes]
    ours = set(_WORDS) | {
        str(index.name)
        for index in indexes
        if connection.dialect.name == "postgresql"
        and "NULLS FIRST" in index.dialect_options["postgresql"]["ops"].values()
    }
    return lambda item, name, *_: name not in ours and not (name or "").startswith("search_fts")


def lower(text: Any) -> Any:
    """What lower() computes on SQLite, which knows ASCII alone: letter by letter, as PostgreSQL does."""
    if not isinstance(text, str) or text.isascii():
        return text.lower() if isinstance(text, str) else text
    return "".join(letter.lower()[0] for letter in text)


def prepare_sqlite(connection: Any, *, reading: bool) -> None:
    """Pragmas and functions of one raw sqlite3 connection. 16 MB of cache: three connections a process."""
    connection.isolation_level = None
    for pragma in (
        "journal_mode=WAL",
        "foreign_keys=ON",
        "busy_timeout=30000",
        # FULL costs an fsync a commit. With NORMAL a power cut may lose the last commits, and among them the
        # one that says a mail is on its way: it would go out twice.
        "synchronous=FULL",
        "cache_size=-16000",
        "temp_store=MEMORY",
    ):
        connection.execute(f"PRAGMA {pragma}")
    if reading:
        connection.execute("PRAGMA query_only=ON")
    connection.create_function("local_bucket", 3, local_bucket, deterministic=True)
    connection.create_function("lower", 1, lower, deterministic=True)
    connection.create_function("sha256_of", 1, sha256_of, deterministic=True)
    connection.create_aggregate("median_of", 1, MedianOf)


def prepare_migration(connection: sa.Connection) -> None:
    """Foreign keys off and no transaction begun behind our back, for a SQLite migration."""
    raw: Any = connection.connection.dbapi_connection
    raw.isolation_level = None
    raw.execute("PRAGMA foreign_keys=OFF")
    raw.execute("PRAGMA journal_mode=WAL")
    raw.execute("PRAGMA busy_timeout=30000")
