"""How a database means to run what something sends to it."""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Session

from crm_api.core import dialect


def plans(session: Session, work: Callable[[Session], Any]) -> str:
    """The plans of all that `work` reads, as text: EXPLAIN's words on PostgreSQL, EXPLAIN QUERY PLAN's on SQLite."""
    sent: list[tuple[str, Any]] = []

    def note(_: sa.Connection, __: Any, sql: str, values: Any, *___: Any) -> None:
        if sql.startswith("SELECT"):
            sent.append((sql, values))

    event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        work(session)
    finally:
        event.remove(sa.Engine, "before_cursor_execute", note)
    how = "EXPLAIN " if dialect.is_postgresql(session) else "EXPLAIN QUERY PLAN "
    lines = [
        row for sql, values in sent for row in session.connection().exec_driver_sql(how + sql, tuple(values))
    ]
    return "\n".join(str(row[-1]) for row in lines)
