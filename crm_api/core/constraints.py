"""What a broken constraint means, in a sentence a person can act on.

PostgreSQL names the constraint, SQLite the columns of a unique index; both lead to the same index of the
metadata, and from there to the same sentence.
"""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from crm_api.core import dialect


@dataclass(frozen=True, slots=True)
class Broken:
    """The constraint's name (None where the database gives none) and what breaking it means."""

    name: str | None
    sentence: str


def broken(error: IntegrityError, metadata: sa.MetaData) -> Broken:
    """Which rule of the data an IntegrityError is about.

    An index with `info={"refusal": …}` says it in its own words; others are named by their columns.
    """
    said = dialect.broken_constraint(error)
    for table in metadata.tables.values():
        for name, columns, refusal in _unique_keys(table):
            if said in (name, ", ".join(f"{table.name}.{column}" for column in columns)):
                return Broken(name, refusal or _taken(table, columns))
    if "foreign key" in str(error.orig).lower():
        return Broken(None, "A record this one is linked to is not there, or others are still linked to it.")
    return Broken(said, f"A value is outside what the data allows ({said}).")


def _unique_keys(table: sa.Table) -> list[tuple[str | None, list[str], str | None]]:
    keys: list[tuple[str | None, list[str], str | None]] = []
    for rule in [*table.indexes, *table.constraints]:
        if isinstance(rule, sa.UniqueConstraint) or (isinstance(rule, sa.Index) and rule.unique):
            columns = [column.name for column in rule.columns]
            keys.append((str(rule.name) if rule.name else None, columns, rule.info.get("refusal")))
    return keys


def _taken(table: sa.Table, columns: list[str]) -> str:
    shown = " and ".join(column.removesuffix("_key").replace("_", " ") for column in columns)
    return f"Another record among the {table.name.replace('_', ' ')} has the same {shown} already."
