"""Records by the hundred thousand: copies of one row, written by plain statements of the database.

What a service would take an hour for is there in a minute. Triggers, checks and derived columns are the caller's care.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.core import dialect
from crm_api.leads.models import LEAD_SOURCES, PRIORITIES
from crm_api.pipelines.models import CLOSED_KINDS, Stage

MINUTES = 2 * 365 * 24 * 60  # what happens is strewn over two years


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


def lead_cells(sql: Words, stages: list[Stage]) -> Mapping[str, str]:
    """What differs from lead to lead where it is counted."""
    return {
        "number": "'LEAD-' || (s.n + 1)",
        "stage_id": sql.one_of([stage.id for stage in stages]),
        "status": sql.one_of([stage.kind for stage in stages]),
        "source": sql.one_of(list(LEAD_SOURCES), 3),
        "priority": sql.one_of(list(PRIORITIES), 5),
        "score": "s.n % 101",
        "value_base": "(s.n % 900) * 10000",
    }


def deal_cells(sql: Words, stages: list[Stage], at: str) -> Mapping[str, str]:
    """What differs from deal to deal where it is counted; `at` is when it was last heard of."""
    ends = sql.one_of([int(stage.kind in CLOSED_KINDS) for stage in stages])
    ahead = sql.ago("-((s.n * 7919) % 129600)")
    return {
        "number": "'OPP-' || (s.n + 1)",
        "stage_id": sql.one_of([stage.id for stage in stages]),
        "stage_kind": sql.one_of([stage.kind for stage in stages]),
        "probability": sql.one_of([stage.probability for stage in stages]),
        "value_base": "(s.n % 900) * 10000",
        "estimated_value": "(s.n % 900) * 10000",
        "started_at": sql.ago(f"(s.n * 7919) % {MINUTES} + 43200"),
        "actual_close_date": f"CASE WHEN {ends} = 1 THEN {at} END",
        "expected_close_date": f"CASE WHEN {ends} = 0 THEN {sql.day(ahead)} END",
        "closes_on": f"CASE WHEN {ends} = 1 THEN {sql.day(at)} ELSE {sql.day(ahead)} END",
        "stage_entered_at": at,
    }
