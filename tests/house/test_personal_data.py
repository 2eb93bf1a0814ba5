"""Every table, and every column of words, is decided in the list of what is held about people."""

import sqlalchemy as sa

from crm_api.core.columns import GUID
from crm_api.privacy.declarations import Personal
from crm_api.privacy.registry import BY_TABLE, PERSONAL, REGISTRY
from tests.support.models import all_tables

WORDS = (sa.Text, sa.String, sa.JSON, sa.LargeBinary)


def in_words(table: sa.Table) -> set[str]:
    """The columns that can hold words."""
    return {c.name for c in table.columns if isinstance(c.type, WORDS) and not isinstance(c.type, GUID)}


def decided(declaration: Personal) -> list[str]:
    """The columns a declaration speaks of."""
    return [*declaration.texts.split(), *declaration.plain.split(), *declaration.secret.split()]


def deleted_from() -> set[str]:
    """The tables that an erasure deletes rows of."""
    return {each.table.name for each in PERSONAL if any(rule.blank is None for rule in each.rules)}


def test_every_table_is_declared_once() -> None:
    declared = [each.table.name for each in REGISTRY]

    assert sorted(declared) == sorted(all_tables().tables)


def test_every_column_of_words_in_a_personal_table_is_decided_once() -> None:
    undecided = {
        each.table.name: sorted(in_words(each.table) ^ set(decided(each)))
        for each in PERSONAL
        if in_words(each.table) != set(decided(each)) or len(decided(each)) > len(set(decided(each)))
    }

    assert undecided == {}


def test_what_a_blank_row_keeps_fits_its_columns() -> None:
    for each in PERSONAL:
        for rule in each.rules:
            for name, value in (rule.blank or {}).items():
                assert name in each.table.c, f"{each.table.name}.{name}"
                assert value is not None or each.table.c[name].nullable, f"{each.table.name}.{name}"


def test_nothing_that_stays_can_point_to_what_goes() -> None:
    """A foreign key to a table that rows are deleted of can be empty, or its own row goes, by rule or by cascade."""
    dangling = {
        f"{table.name}.{column.name}"
        for table in all_tables().sorted_tables
        for column in table.columns
        for key in column.foreign_keys
        if key.column.table.name in deleted_from() and not column.nullable
        if key.ondelete != "CASCADE" and table.name not in deleted_from()
    }

    assert dangling == set()


def test_whoever_points_to_what_goes_is_found_by_an_index() -> None:
    """Deleting a row looks for all that point to it; without an index that is the whole table, each time."""
    slow = {
        f"{table.name}.{column.name}"
        for table in all_tables().sorted_tables
        for column in table.columns
        for key in column.foreign_keys
        if key.column.table.name in deleted_from() and not _leads_an_index(table, column)
    }

    assert slow == set()


def _leads_an_index(table: sa.Table, column: sa.Column[object]) -> bool:
    keys = [list(index.columns) for index in table.indexes]
    keys += [
        list(c.columns)
        for c in table.constraints
        if isinstance(c, sa.UniqueConstraint | sa.PrimaryKeyConstraint)
    ]
    return any(found and found[0] is column for found in keys)


def test_this_test_sees_a_column_that_nobody_decided() -> None:
    table = BY_TABLE["contacts"].table
    spoiled = Personal(table, texts="first_name")

    assert "street" in in_words(table) ^ set(decided(spoiled))
