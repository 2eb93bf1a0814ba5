"""Records by the hundred thousand: copies of one row, written by plain statements of the database.

What a service would take an hour for is there in a minute. Triggers, checks and derived columns are the caller's care.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.core import dialect


class Words:
    """The words of a database for numbers in a row, moments before now, and ids."""

    def __init__(self, session: Session) -> None:
        self.postgresql = dialect.is_postgresql(session)

    def series(self, count: int) -> str:
        """Whole numbers from 0 up, as `s.n`."""
        if self.postgresql:
            return f"generate_series(0::bigint, {count - 1}::bigint) AS s(n)"
        counting = f"SELECT 0 AS n UNION ALL SELECT n + 1 FROM s WHERE n < {count - 1}"
        return f"(WITH RECURSIVE s(n) AS ({counting}) SELECT n FROM s) AS s"

    def ago(self, minutes: str) -> str:
        """The moment so many minutes before now."""
        if self.postgresql:
            return f"now() - make_interval(mins => ({minutes})::int)"
        return f"strftime('%Y-%m-%d %H:%M:%S.000000', 'now', printf('%+d minutes', -({minutes})))"

    def day(self, moment: str) -> str:
        """Its day."""
        return f"({moment})::date" if self.postgresql else f"substr({moment}, 1, 10)"

    def new_id(self) -> str:
        """An id."""
        return "gen_random_uuid()" if self.postgresql else "randomblob(16)"

    def literal(self, value: Any) -> str:
        """A value as it is written in a statement."""
        if isinstance(value, UUID):
            return f"'{value}'::uuid" if self.postgresql else f"x'{value.hex}'"
        return f"'{value}'" if isinstance(value, str) else str(value)

    def one_of(self, values: list[Any], over: int = 1) -> str:
        """One of the values after the other, each for `over` numbers."""
        cases = " ".join(f"WHEN {n} THEN {self.literal(value)}" for n, value in enumerate(values))
        return f"CASE (s.n / {over}) % {len(values)} {cases} END"


def copy(
    session: Session, sql: Words, model: Any, record_id: UUID, count: int, values: Mapping[str, str]
) -> None:
    """`count` copies of a record, with what is not copied worked out of `s.n`."""
    columns = [column.name for column in model.__table__.columns if column.computed is None]
    cells = {"id": sql.new_id(), "external_id": "NULL", "email_key": "NULL", **values}
    chosen = ", ".join(cells.get(name, f"t.{name}") for name in columns)
    session.execute(
        sa.text(
            f"INSERT INTO {model.__tablename__} ({', '.join(columns)}) SELECT {chosen} "
            f"FROM {model.__tablename__} AS t, {sql.series(count)} WHERE t.id = {sql.literal(record_id)}"
        )
    )
