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
            CREATE TABLE keys (space TEXT, key TEXT, file TEXT, row INTEGER, PRIMARY KEY (space, key)) WITHOUT ROWID;
            CREATE INDEX keys_row ON keys (file, row);
            CREATE TABLE left_out (file TEXT, row INTEGER, PRIMARY KEY (file, row)) WITHOUT ROWID;
            CREATE TABLE waiting (file TEXT, row INTEGER, field TEXT, space TEXT, value TEXT);
            BEGIN;
            """
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
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

    def parent(self, child: str, parent: str) -> None:
        """Note that `parent` is written above `child` in a hierarchy; both by their external ids or names."""
        self._put(f"above {fold(child)}", fold(parent), "", 0)

    def loop(self, start: str) -> bool:
        """Whether going up from `start` comes back to it."""
        start = fold(start)
        node, steps = start, 0
        while steps < 1000:
            above = self._db.execute("SELECT key FROM keys WHERE space = ?", (f"above {node}",)).fetchone()
            if above is None:
                return False
            node, steps = above[0], steps + 1
            if node == start:
                return True
        return True

    def leave_out(self, file: str, row: int) -> None:
        """Mark a row as not to be written: it is wrong, or it repeats another. References to it fail from now."""
        self._db.execute("INSERT OR IGNORE INTO left_out VALUES (?, ?)", (file, row))
        self._db.execute("DELETE FROM keys WHERE file = ? AND row = ? AND space LIKE 'names %'", (file, row))

    def left_out(self, file: str, rows: Iterable[int]) -> set[int]:
        """Which of the rows are not to be written."""
        wanted = list(rows)
        if not wanted:
            return set()
        statement = "SELECT row FROM left_out WHERE file = ? AND row BETWEEN ? AND ?"
        return {int(row) for (row,) in self._db.execute(statement, (file, min(wanted), max(wanted)))}
