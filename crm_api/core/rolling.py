"""The triggers that keep counts and sums beside the records they are of, for `dialect.create_objects`.

A record leaves a row in a roll-up for each way it is counted (a `Face`). What changes it adds the row it stands for
now, and takes away the one it stood for before: no row is ever altered, so that two writers never wait for each other.
SQLite does so a record, PostgreSQL a statement: there a million imported records add as many rows as have different
keys. `core/rollups.py` reads, checks and folds what is written here.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

LIVE = "r.archived_at IS NULL"


class Sqlite:
    """What SQLite writes its own way."""

    @staticmethod
    def month(day: str) -> str:
        """The month of a day, as 2026-11."""
        return f"substr({day}, 1, 7)"

    @staticmethod
    def day(instant: str) -> str:
        """The day of an instant, in UTC."""
        return f"substr({instant}, 1, 10)"

    @staticmethod
    def milliseconds(start: str, end: str) -> str:
        """From one instant to another; a whole number, so that what is taken away is what was added."""
        return f"CAST(round((julianday({end}) - julianday({start})) * 86400000) AS INTEGER)"

    @staticmethod
    def wide(amount: str) -> str:
        """A product of amounts, which may be past 64 bits."""
        return amount


class Postgresql:
    """The same as PostgreSQL writes it."""

    @staticmethod
    def month(day: str) -> str:
        return f"to_char({day}, 'YYYY-MM')"

    @staticmethod
    def day(instant: str) -> str:
        return f"CAST({instant} AT TIME ZONE 'UTC' AS date)"

    @staticmethod
    def milliseconds(start: str, end: str) -> str:
        return f"CAST(round(extract(epoch from ({end} - {start})) * 1000) AS bigint)"

    @staticmethod
    def wide(amount: str) -> str:
        return f"CAST({amount} AS numeric)"


Engine = type[Sqlite] | type[Postgresql]


@dataclass(frozen=True, slots=True)
class Face:
    """One way a record is counted. SQL over the record `r`: the keys, the sums, and for which records; `reads` are the
    columns of which any of this is made."""

    reads: tuple[str, ...]
    keys: dict[str, str]
    sums: dict[str, str]
    where: str = LIVE


@dataclass(frozen=True, slots=True)
class Rolled:
    """The records of `table`, counted in the rows of `into`."""

    table: str
    into: str
    faces: tuple[Face, ...]


def _one_if(condition: str) -> str:
    return f"CASE WHEN {condition} THEN 1 ELSE 0 END"


def _deals(sql: Engine) -> Rolled:
    plain = ("pipeline_id", "stage_id", "stage_kind", "owner_id", "team_id", "forecast_category")
    value = sql.wide("coalesce(r.value_base, 0)")
    sums = {
        "deals": "1",
        "valued": _one_if("r.value_base IS NOT NULL"),
        "value": value,
        "weighted": f"{value} * r.probability",
        "timed": _one_if("r.started_at IS NOT NULL AND r.actual_close_date IS NOT NULL"),
        "taken": f"coalesce({sql.milliseconds('r.started_at', 'r.actual_close_date')}, 0)",
    }
    reads = (
        *plain, "closes_on", "value_base", "probability", "archived_at", "started_at", "actual_close_date",
    )  # fmt: skip
    keys = {name: f"r.{name}" for name in plain} | {"month": sql.month("r.closes_on")}
    return Rolled("opportunities", "pipeline_rollups", (Face(reads, keys, sums),))


def _leads(sql: Engine) -> Rolled:
    """By status (with stage), by source and by priority, a day of creation each: by all of them at once there would be
    nearly a row a lead."""
    value = sql.wide("coalesce(r.value_base, 0)")
    sums = {
        "leads": "1",
        "qualified": _one_if("r.is_qualified OR r.status = 'converted'"),
        "with_deal": _one_if("r.deal_count > 0 OR r.converted_opportunity_id IS NOT NULL"),
        "converted": _one_if("r.status = 'converted'"),
        "hot": _one_if("r.score >= 80 OR coalesce(r.rating, '') = 'hot'"),
        "score": "r.score",
        "timed": _one_if("r.converted_at IS NOT NULL"),
        "taken": f"coalesce({sql.milliseconds('r.created_at', 'r.converted_at')}, 0)",
        "value": value,
        "weighted": f"{value} * coalesce(r.probability, 0)",
    }
    reads = (
        "status", "stage_id", "source", "is_qualified", "score", "rating", "created_at", "converted_at", "deal_count",
        "converted_opportunity_id", "value_base", "probability", "archived_at",
    )  # fmt: skip

    def keys(axis: str) -> dict[str, str]:
        return {"axis": f"'{axis}'", "word": f"r.{axis}", "day": sql.day("r.created_at")}

    return Rolled(
        "leads",
        "lead_rollups",
        (
            Face(reads, keys("status") | {"stage_id": "r.stage_id"}, sums),
            Face(reads, keys("source"), sums),
            Face(("priority", "created_at", "archived_at"), keys("priority"), {"leads": "1"}),
        ),
    )


def _activities(sql: Engine) -> Rolled:
    def face(state: str, column: str, where: str) -> Face:
        keys = {
            "state": f"'{state}'",
            "activity_type": "r.activity_type",
            "owner_id": "r.owner_id",
            "day": sql.day(f"r.{column}"),
        }
        reads = ("activity_type", "owner_id", "status", "duration_minutes", "archived_at", column)
        sums = {"activities": "1", "minutes": "coalesce(r.duration_minutes, 0)"}
        return Face(reads, keys, sums, f"{LIVE} AND {where}")

    return Rolled(
        "activities",
        "activity_rollups",
        (
            face("done", "occurred_at", "r.status = 'completed'"),
            face("open", "due_at", "r.status IN ('scheduled', 'in_progress')"),
            face("follow_up", "follow_up_due", "r.follow_up_due IS NOT NULL"),
        ),
    )


ROLLED = {"pipeline_rollups": _deals, "lead_rollups": _leads, "activity_rollups": _activities}


def triggers(into: str, *, on_postgresql: bool, columns: Collection[str]) -> list[str]:
    """The statements that make the triggers of a roll-up, in place of earlier ones. A sum for which a roll-up of an
    earlier revision has no column in `columns` is left out."""
    rolled = ROLLED[into](Postgresql if on_postgresql else Sqlite)
    faces = tuple(
        replace(face, sums={name: sql for name, sql in face.sums.items() if name in columns})
        for face in rolled.faces
    )
    return list((_on_postgresql if on_postgresql else _on_sqlite)(replace(rolled, faces=faces)))


def _on_sqlite(rolled: Rolled) -> Iterator[str]:
    def row(face: Face, alias: str, sign: str) -> str:
        cells = ", ".join([*face.keys.values(), *(f"{sign}({sql})" for sql in face.sums.values())])
        selected = f"SELECT randomblob(16), {cells} WHERE {face.where}"
        return f"{_insert(rolled, face)} {selected.replace('r.', f'{alias}.')};"

    for n, face in enumerate(rolled.faces):
        changed = " OR ".join(f"OLD.{name} IS NOT NEW.{name}" for name in face.reads)
        for verb, when, condition, rows in (
            ("in", "INSERT", "", [row(face, "NEW", "")]),
            ("out", "DELETE", "", [row(face, "OLD", "-")]),
            ("over", "UPDATE", f"WHEN {changed}", [row(face, "OLD", "-"), row(face, "NEW", "")]),
        ):
            name = f"{rolled.table}_rolled_{verb}" + (f"_{n}" if n else "")
            yield f"DROP TRIGGER IF EXISTS {name}"
            yield f"CREATE TRIGGER {name} AFTER {when} ON {rolled.table} {condition} BEGIN {' '.join(rows)} END"


def _on_postgresql(rolled: Rolled) -> Iterator[str]:
    new, old = "SELECT 1 AS sign, n.* FROM new_rows n", "SELECT -1 AS sign, o.* FROM old_rows o"
    for verb, when, tables, rows in (
        ("in", "INSERT", "NEW TABLE AS new_rows", new),
        ("out", "DELETE", "OLD TABLE AS old_rows", old),
        ("over", "UPDATE", "NEW TABLE AS new_rows OLD TABLE AS old_rows", f"{new} UNION ALL {old}"),
    ):
        added = " ".join(_added(rolled, face, rows) for face in rolled.faces)
        yield from per_statement(f"{rolled.table}_rolled_{verb}", rolled.table, when, tables, added)


def per_statement(name: str, table: str, verb: str, tables: str, body: str) -> Iterator[str]:
    """A PostgreSQL trigger that runs once for all rows of a statement."""
    yield (
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql "
        f"AS $$ BEGIN {body} RETURN NULL; END $$"
    )
    yield f"DROP TRIGGER IF EXISTS {name} ON {table}"
    yield (
        f"CREATE TRIGGER {name} AFTER {verb} ON {table} REFERENCING {tables} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {name}()"
    )


def _added(rolled: Rolled, face: Face, rows: str) -> str:
    sums = [f"sum(r.sign * ({sql}))" for sql in face.sums.values()]
    groups = ", ".join(str(n) for n in range(2, 2 + len(face.keys)))
    nothing = " AND ".join(f"{one} = 0" for one in sums)
    return (
        f"{_insert(rolled, face)} SELECT gen_random_uuid(), {', '.join([*face.keys.values(), *sums])} "
        f"FROM ({rows}) AS r WHERE {face.where} GROUP BY {groups} HAVING NOT ({nothing});"
    )


def _insert(rolled: Rolled, face: Face) -> str:
    return f"INSERT INTO {rolled.into} (id, {', '.join((*face.keys, *face.sums))})"


def lead_deal_counts(*, on_postgresql: bool) -> list[str]:
    """The triggers that keep how many live deals a lead has on the lead itself, where its own roll-up counts it."""
    return list(_counts_on_postgresql() if on_postgresql else _counts_on_sqlite())


def _recounted(change: str) -> str:
    return f"UPDATE leads SET deal_count = deal_count {change};"


def _counts_on_sqlite() -> Iterator[str]:
    def counted(alias: str, sign: str) -> str:
        return _recounted(f"{sign} 1 WHERE id = {alias}.lead_id AND {alias}.archived_at IS NULL")

    changed = " OR ".join(f"OLD.{name} IS NOT NEW.{name}" for name in ("lead_id", "archived_at"))
    for verb, when, condition, body in (
        ("in", "INSERT", "NEW.lead_id IS NOT NULL", counted("NEW", "+")),
        ("out", "DELETE", "OLD.lead_id IS NOT NULL", counted("OLD", "-")),
        ("over", "UPDATE", changed, f"{counted('OLD', '-')} {counted('NEW', '+')}"),
    ):
        name = f"opportunities_of_lead_{verb}"
        yield f"DROP TRIGGER IF EXISTS {name}"
        yield f"CREATE TRIGGER {name} AFTER {when} ON opportunities WHEN {condition} BEGIN {body} END"


def _counts_on_postgresql() -> Iterator[str]:
    new, old = (
        f"SELECT {sign} AS sign, lead_id, archived_at FROM {table}"
        for sign, table in ((1, "new_rows"), (-1, "old_rows"))
    )
    for verb, when, tables, rows in (
        ("in", "INSERT", "NEW TABLE AS new_rows", new),
        ("out", "DELETE", "OLD TABLE AS old_rows", old),
        ("over", "UPDATE", "NEW TABLE AS new_rows OLD TABLE AS old_rows", f"{new} UNION ALL {old}"),
    ):
        body = _recounted(
            "+ of_lead.deals FROM (SELECT lead_id, sum(sign) AS deals "
            f"FROM ({rows}) AS changed WHERE lead_id IS NOT NULL AND archived_at IS NULL GROUP BY lead_id "
            "HAVING sum(sign) <> 0) AS of_lead WHERE leads.id = of_lead.lead_id"
        )
        yield from per_statement(f"opportunities_of_lead_{verb}", "opportunities", when, tables, body)
