"""What a file has named so far, kept on disk: memory stays the same for a thousand rows and a million."""

import sqlite3
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Self

from crm_api.core.text import fold


class Keys:
    """A throw-away index of the keys of the files at hand, and of the rows that are not to be written.

    A record is known by its external id and, for references, by its names; the files of one plan share
    the index, so that a deal may name an account that only an earlier file brings.
    """

    def __init__(self) -> None:
        self._folder = TemporaryDirectory(prefix="rounds-import-")
        self._db = sqlite3.connect(
            Path(self._folder.name) / "keys.db", isolation_level=None, check_same_thread=False
        )
        self._db.executescript(
            """
            PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-8000;
            CREATE TABLE keys (
                space TEXT, key TEXT, file TEXT, row INTEGER, PRIMARY KEY (space, key)
            ) WITHOUT ROWID;
            CREATE INDEX keys_row ON keys (file, row);
            CREATE TABLE left_out (file TEXT, row INTEGER, PRIMARY KEY (file, row)) WITHOUT ROWID;
            CREATE TABLE above (file TEXT, row INTEGER, field TEXT, kind TEXT, text TEXT, folded TEXT);
            CREATE TABLE waiting (file TEXT, row INTEGER, field TEXT, space TEXT, value TEXT);
            BEGIN;
            """
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self._db.close()
        self._folder.cleanup()

    def claim(self, space: str, key: str, file: str, row: int) -> int | None:
        """Take a key for a row; the row that has it already, or None where it was free."""
        if self._put(space, key, file, row):
            return None
        found = self._db.execute("SELECT row FROM keys WHERE space = ? AND key = ?", (space, key)).fetchone()
        return int(found[0])

    def name(self, kind: str, external_id: str, names: Iterable[str], file: str, row: int) -> None:
        """Make a record of the file known to references, by its external id and its names."""
        for key in (f"x{external_id}", *(f"n{fold(name)}" for name in names if name)):
            self._put(f"names {kind}", key, file, row)

    def _put(self, space: str, key: str, file: str, row: int) -> bool:
        statement = "INSERT OR IGNORE INTO keys VALUES (?, ?, ?, ?)"
        return self._db.execute(statement, (space, key, file, row)).rowcount > 0

    def knows(self, kind: str, text: str) -> bool:
        """Whether a file at hand brings a record of that external id or name."""
        statement = "SELECT 1 FROM keys WHERE space = ? AND key IN (?, ?)"
        found = self._db.execute(statement, (f"names {kind}", f"x{text}", f"n{fold(text)}")).fetchone()
        return found is not None

    def wait(self, file: str, row: int, field: str, kind: str, text: str) -> None:
        """Remember a reference that nothing answers yet; a later row may."""
        self._db.execute("INSERT INTO waiting VALUES (?, ?, ?, ?, ?)", (file, row, field, kind, text))

    def unanswered(self, file: str) -> Iterable[tuple[int, str, str, str]]:
        """The references of a file that nothing answers: row, field, kind and text."""
        statement = (
            "SELECT row, field, space, value FROM waiting WHERE file = ? AND NOT EXISTS "
            "(SELECT 1 FROM left_out o WHERE o.file = waiting.file AND o.row = waiting.row) ORDER BY row"
        )
        for row, field, kind, text in self._db.execute(statement, (file,)).fetchall():
            if not self.knows(kind, text):
                yield row, field, kind, text

    def above(self, file: str, row: int, field: str, kind: str, text: str) -> None:
        """Note that `text` is written above the record of a row in a hierarchy."""
        self._db.execute(
            "INSERT INTO above VALUES (?, ?, ?, ?, ?, ?)", (file, row, field, kind, text, fold(text))
        )

    def loops(self, file: str) -> Iterable[tuple[int, str, str]]:
        """The rows of a file from which going up comes back to the row itself: row, field and text."""
        self._db.execute("DROP TABLE IF EXISTS temp.climb")
        self._db.execute(
            "CREATE TEMP TABLE climb AS SELECT a.field, a.row, a.text, k.row AS parent FROM above a "
            "JOIN keys k ON k.space = 'names ' || a.kind AND k.file = a.file "
            "AND k.key IN ('x' || a.text, 'n' || a.folded) "
            "WHERE a.file = ?",
            (file,),
        )
        self._db.execute("CREATE INDEX temp.climb_row ON climb (field, row)")
        for field, row, text in self._db.execute("SELECT field, row, text FROM climb ORDER BY row"):
            if self._comes_back(field, row):
                yield row, field, text

    def _comes_back(self, field: str, start: int) -> bool:
        seen: set[int] = set()
        node: int | None = start
        while node is not None and node not in seen:
            seen.add(node)
            found = self._db.execute(
                "SELECT parent FROM climb WHERE field = ? AND row = ?", (field, node)
            ).fetchone()
            node = found[0] if found else None
        return node == start

    def leave_out(self, file: str, row: int) -> bool:
        """Mark a row as not to be written: it is wrong, or repeats another. References to it fail from now.

        False where it was marked already.
        """
        marked = self._db.execute("INSERT OR IGNORE INTO left_out VALUES (?, ?)", (file, row)).rowcount > 0
        self._db.execute("DELETE FROM keys WHERE file = ? AND row = ? AND space LIKE 'names %'", (file, row))
        return marked

    def is_left_out(self, file: str, row: int) -> bool:
        """Whether a row is not to be written."""
        found = self._db.execute("SELECT 1 FROM left_out WHERE file = ? AND row = ?", (file, row)).fetchone()
        return found is not None
