"""The SQL that something sends."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements sent to any database while the block runs; SQLite's own BEGIN is none."""
    sent: list[str] = []

    def note(_: sa.Connection, __: Any, sql: str, *___: Any) -> None:
        if not sql.startswith("BEGIN"):
            sent.append(sql)

    event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(sa.Engine, "before_cursor_execute", note)
