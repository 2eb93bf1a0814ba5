"""A condition tree means the same in SQL, on both databases, as it does over the rows in Python."""

import random
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from sqlalchemy.orm import Session

from crm_api.access import SYSTEM, Actor
from crm_api.conditions import where
from crm_api.conditions.tree import Tree
from crm_api.core.database import Database
from crm_api.core.errors import Invalid
from crm_api.core.fields import CATALOGUES
from tests import factories
from tests.conditions.model import Rows, filled, holds, trees

ACTOR = Actor(None, "administrator", time_zone="UTC")
READ: TypeAdapter[Any] = TypeAdapter(Tree)


def found(session: Session, kind: str, tree: Any, actor: Actor = ACTOR) -> set[Any]:
    model = CATALOGUES[kind].model
    return set(session.scalars(sa.select(model.id).where(where(CATALOGUES, kind, tree, actor))))


# Not shrunk: each example fills a database, and the message names the one tree that differs.
@settings(suppress_health_check=list(HealthCheck), max_examples=2, phases=[Phase.generate])
@given(
    st.lists(
        st.sampled_from(["account", "opportunity"]).flatmap(lambda k: st.tuples(st.just(k), trees(k))),
        min_size=60,
        max_size=90,
    )
)
async def test_a_tree_finds_the_rows_of_which_it_holds(db: Database, asked: list[tuple[str, Any]]) -> None:
    rows: Rows = await db.write(lambda session: filled(session, random.Random(7)))

    def check(session: Session) -> None:
        for kind, tree in asked:
            mine = [row.id for row in rows.by_kind[kind]]
            wanted = {row.id for row in rows.by_kind[kind] if holds(rows, kind, tree, row)}
            assert found(session, kind, tree) & set(mine) == wanted, tree.model_dump_json(by_alias=True)

    await db.read(check)


async def test_related_records_count_only_where_the_asker_sees_them(db: Database) -> None:
    def world(session: Session) -> tuple[Any, Actor, Actor]:
        rep, other = factories.make_actor(session, "rep"), factories.make_actor(session, "rep")
        account = factories.make_account(session)
        factories.make_activity(session, account_id=account.id, owner_id=rep.user_id)
        return account, rep, other

    account, rep, other = await db.write(world)
    tree = READ.validate_python({"related": "activities"})

    assert await db.read(found, "account", tree, rep) == {account.id}
    assert await db.read(found, "account", tree, other) == set()


async def test_archived_related_records_do_not_count(db: Database) -> None:
    def world(session: Session) -> None:
        account = factories.make_account(session)
        factories.make_opportunity(session, account_id=account.id, archived_at=account.created_at)

    await db.write(world)

    assert await db.read(found, "account", READ.validate_python({"related": "opportunities"})) == set()


async def test_a_bare_date_means_the_start_of_that_day_where_the_asker_lives(db: Database) -> None:
    at = "2026-03-08T04:30:00+00:00"  # 23:30 of the day before in New York
    await db.write(lambda session: factories.make_lead(session, created_at=_instant(at)) and None)
    since = READ.validate_python({"field": "created_at", "op": "gte", "value": "2026-03-08"})

    def count(zone: str) -> Any:
        return lambda session: len(
            found(session, "lead", since, Actor(None, "administrator", time_zone=zone))
        )

    assert await db.read(count("UTC")) == 1
    assert await db.read(count("America/New_York")) == 0


def _instant(text: str) -> Any:
    from datetime import datetime

    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("tree", "field"),
    [
        ({"field": "colour", "value": 1}, "colour"),
        ({"field": "employees", "value": "many"}, "employees"),
        ({"field": "employees", "value": 1.5}, "employees"),
        ({"field": "employees", "value": True}, "employees"),
        ({"field": "employees", "value": 2**70}, "employees"),
        ({"field": "annual_revenue", "value": "NaN"}, "annual_revenue"),
        ({"field": "annual_revenue", "op": "gt", "value": 1e17}, "annual_revenue"),
        ({"field": "created_at", "value": "31/02/2026"}, "created_at"),
        ({"field": "created_at", "op": "between", "value": ["2026-01-01"]}, "created_at"),
        ({"field": "created_at", "op": "lt", "value": None}, "created_at"),
        ({"field": "created_at", "value": "0001-01-01T00:00:00+14:00"}, "created_at"),
        ({"field": "owner_id", "value": "somebody"}, "owner_id"),
        ({"field": "tier", "value": "wooden"}, "tier"),
        ({"field": "name", "op": "gt", "value": "a"}, "name"),
        ({"field": "name", "value": "a\x00b"}, "name"),
        ({"field": "name", "op": "contains", "value": "\ud800"}, "name"),
        ({"field": "name", "op": "contains", "value": ["a"]}, "name"),
        ({"field": "name", "op": "contains", "value": "x" * 501}, "name"),
        ({"field": "name", "op": "in", "value": ["x"] * 1001}, "name"),
        ({"field": "name", "op": "isnull", "value": "perhaps"}, "name"),
        ({"field": "tags", "op": "gt", "value": "x"}, "tags"),
        ({"field": "tags", "op": "in", "value": [{}]}, "tags"),
        ({"field": "employees", "op": "contains", "value": "1"}, "employees"),
        ({"field": "opportunities.name", "value": "x"}, "opportunities.name"),
        ({"field": "parent.colour", "value": "x"}, "parent.colour"),
        ({"related": "enemies"}, "enemies"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_by_name(tree: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        where(CATALOGUES, "account", READ.validate_python(tree), SYSTEM)

    assert [fault.field for fault in refusal.value.errors] == [field]


def test_a_tree_may_be_eight_deep_and_no_deeper() -> None:
    tree: dict[str, Any] = {"field": "name", "value": "x"}
    for _ in range(8):
        tree = {"not": tree}
    where(CATALOGUES, "account", READ.validate_python(tree), SYSTEM)

    with pytest.raises(Invalid, match="8 deep"):
        where(CATALOGUES, "account", READ.validate_python({"not": tree}), SYSTEM)


def test_a_tree_has_at_most_two_hundred_conditions() -> None:
    fifty = {"any": [{"field": "name", "value": "x"}] * 49}

    with pytest.raises(Invalid, match="200"):
        where(CATALOGUES, "account", READ.validate_python({"all": [fifty] * 5}), SYSTEM)


@pytest.mark.parametrize("tree", [{}, {"some": []}, [], 7, {"field": "name", "op": "like", "value": 1}])
def test_what_is_no_condition_is_refused(tree: Any) -> None:
    with pytest.raises(ValidationError):
        READ.validate_python(tree)


async def test_the_widest_tree_allowed_is_one_the_databases_can_run(db: Database) -> None:
    values = [str(n) for n in range(1000)]
    wide = {"any": [{"field": "name", "op": "in", "value": values} for _ in range(12)]}
    deep: dict[str, Any] = {"any": [{"field": "industry", "value": str(n)} for n in range(49)]}
    for _ in range(3):
        deep = {"all": [deep, *({"not": {"field": "tier", "value": "gold"}} for _ in range(20))]}

    assert await db.read(found, "account", READ.validate_python({"any": [wide, deep]})) == set()
