"""Filters, sorts and cursors over custom fields find what a plain-Python model finds, on both databases."""

import random
from dataclasses import dataclass
from itertools import count
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter
from sqlalchemy.orm import Session

from crm_api.access import SYSTEM
from crm_api.conditions import records
from crm_api.conditions.filters import Query
from crm_api.conditions.tree import Tree
from crm_api.core.database import Database
from crm_api.core.listing import Window
from crm_api.custom_fields import service, values
from crm_api.custom_fields.schemas import CustomFieldIn
from tests import factories
from tests.custom_fields.model import POOLS, comparisons, definition, holds, order

READ: TypeAdapter[Any] = TypeAdapter(Tree)
MAKE = {"account": factories.make_account, "lead": factories.make_lead, "product": factories.make_product}
SORTABLE = [type_ for type_ in POOLS if type_ != "multi_choice"]
Held = dict[UUID, dict[str, Any]]


@dataclass
class World:
    """Records with a field of every type; the examples of one test share a database, each has its own world."""

    kind: str
    mark: str
    held: Held

    def path(self, type_: str) -> str:
        return f"custom.{self.mark}_{type_}"

    def mine(self, ids: list[UUID]) -> list[UUID]:
        return [i for i in ids if i in self.held]


_worlds = count(1)


def filled(session: Session, kind: str, records_made: int = 24) -> World:
    """A field of every type, and records in which every pooled value and none occur; the values as sent."""
    dice, mark = random.Random(7), f"w{next(_worlds)}"
    for type_ in POOLS:
        service.create(session, SYSTEM, data=CustomFieldIn(**definition(type_, kind, f"{mark}_{type_}")))
    held: Held = {}
    for _ in range(records_made):
        sent = {t: dice.choice(pool) for t, pool in POOLS.items() if dice.random() < 0.7}
        given_ = {f"{mark}_{type_}": value for type_, value in sent.items()}
        row = MAKE[kind](session, custom=values.fresh(session, SYSTEM, kind, given_))
        held[row.id] = sent
    return World(kind, mark, held)


def found(session: Session, kind: str, **asked: Any) -> list[UUID]:
    """The ids of one page, in order."""
    window = Window(page_size=200)
    return [row["id"] for row in records.page(session, SYSTEM, kind, Query(window=window, **asked))["items"]]


def walked(session: Session, kind: str, sort: str, size: int) -> list[UUID]:
    """The ids of a walk along the cursors."""
    ids: list[UUID] = []
    cursor = None
    while True:
        window = Window(page_size=size, cursor=cursor)
        page = records.page(session, SYSTEM, kind, Query(sort=(sort,), window=window))
        ids += [row["id"] for row in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            return ids


ASKED = st.lists(
    st.sampled_from(sorted(POOLS)).flatmap(lambda t: st.tuples(st.just(t), comparisons(t))),
    min_size=80,
    max_size=90,
)


# Not shrunk: each example fills a database, and the message names the one condition that differs.
@settings(suppress_health_check=list(HealthCheck), max_examples=3, phases=[Phase.generate])
@given(st.sampled_from(sorted(MAKE)), ASKED)
async def test_a_condition_finds_the_records_of_which_it_holds(
    db: Database, kind: str, asked: list[tuple[str, tuple[str, Any]]]
) -> None:
    world = await db.write(filled, kind)

    def check(session: Session) -> None:
        for type_, (op, value) in asked:
            tree = {"field": world.path(type_), "op": op, "value": value}
            for node, wanted in ((tree, True), ({"not": tree}, False)):
                expected = {
                    i for i, v in world.held.items() if holds(type_, v.get(type_), op, value) is wanted
                }
                assert set(world.mine(found(session, kind, tree=READ.validate_python(node)))) == expected, (
                    node
                )

    await db.read(check)


@settings(suppress_health_check=list(HealthCheck), max_examples=2, phases=[Phase.generate])
@given(st.sampled_from(sorted(MAKE)), st.integers(1, 9))
async def test_a_sort_gives_the_order_of_the_model_page_by_page_and_along_cursors(
    db: Database, kind: str, size: int
) -> None:
    world = await db.write(filled, kind)

    def check(session: Session) -> None:
        for type_ in SORTABLE:
            up = sorted(world.held, key=lambda i: order(type_, world.held[i].get(type_), i))
            for sort, wanted in ((world.path(type_), up), (f"-{world.path(type_)}", up[::-1])):
                assert world.mine(found(session, kind, sort=(sort,))) == wanted, sort
                assert world.mine(walked(session, kind, sort, size)) == wanted, sort
                assert world.mine(leafed(session, kind, sort, size)) == wanted, sort

    await db.read(check)


def leafed(session: Session, kind: str, sort: str, size: int) -> list[UUID]:
    """The ids of all pages by their numbers."""
    ids: list[UUID] = []
    for number in count(1):
        query = Query(sort=(sort,), window=Window(page=number, page_size=size))
        if not (items := records.page(session, SYSTEM, kind, query)["items"]):
            break
        ids += [row["id"] for row in items]
    return ids


async def test_a_custom_field_sorts_beside_others(db: Database) -> None:
    world = await db.write(filled, "account")

    def keys(record_id: UUID) -> Any:
        held = world.held[record_id]
        return [order(t, held.get(t), record_id)[:2] for t in ("boolean", "integer")], record_id

    both = (world.path("boolean"), world.path("integer"))
    assert await db.read(found, "account", sort=both) == sorted(world.held, key=keys)


async def test_conditions_reach_custom_fields_behind_relations(db: Database) -> None:
    def world(session: Session) -> tuple[UUID, UUID]:
        service.create(session, SYSTEM, data=CustomFieldIn(**definition("integer", "account", "bays")))
        accounts = [factories.make_account(session, custom={"bays": n}) for n in (3, 9)]
        deals = [factories.make_opportunity(session, account_id=account.id) for account in accounts]
        return deals[1].id, accounts[1].id

    deal, account = await db.write(world)
    over = {"field": "custom.bays", "op": "gt", "value": 5}
    by_path = READ.validate_python({**over, "field": "account.custom.bays"})
    related = READ.validate_python(
        {"related": "opportunities", "where": {**over, "field": "account.custom.bays"}}
    )

    assert await db.read(found, "opportunity", tree=by_path) == [deal]
    assert await db.read(found, "account", tree=related) == [account]
