"""Reading page by page while others write: what nobody touches is met exactly once, in its order."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable
from typing import Any, Protocol
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from crm_api.access import SYSTEM
from crm_api.conditions import records, walking
from crm_api.conditions.filters import Query
from crm_api.core.database import Database
from crm_api.core.listing import Window
from crm_api.custom_fields import service, values
from crm_api.custom_fields.schemas import CustomFieldIn
from crm_api.leads.models import Lead
from tests.conditions.churn import Churn, examples, listed, sorts_of
from tests.custom_fields.model import POOLS, definition
from tests.factories import make_lead


class Disturbing(Protocol):
    """Something whose rows come and go; `still` stay as they are."""

    still: set[UUID]

    def step(self, session: Session) -> None:
        """Change something."""


Walk = Callable[[Database, str, str, Disturbing, int], AsyncIterator[list[UUID]]]


async def along_cursors(
    db: Database, kind: str, sort: str, others: Disturbing, size: int
) -> AsyncIterator[list[UUID]]:
    """The ids of a list, a page at a time; others write during each read and after it."""
    cursor: str | None = ""
    while cursor is not None:
        window = Window(page_size=size, cursor=cursor or None)
        query = Query(sort=(sort,), window=window)
        page, _ = await asyncio.gather(db.read(records.page, SYSTEM, kind, query), db.write(others.step))
        yield [row["id"] for row in page["items"]]
        cursor = page["next_cursor"]
        await db.write(others.step)


async def as_exported(
    db: Database, kind: str, sort: str, others: Disturbing, size: int
) -> AsyncIterator[list[UUID]]:
    """The ids of an export, a slice at a time; others write during each read and after it."""
    walk = await db.read(walking.begin, SYSTEM, kind, Query(sort=(sort,)))
    mark: walking.Mark | None = None
    while True:
        (rows, mark), _ = await asyncio.gather(db.read(walking.part, walk, mark, size), db.write(others.step))
        yield [row["id"] for row in rows]
        if mark is None:
            return
        await db.write(others.step)


async def undisturbed(db: Database, kind: str, sort: str, others: Disturbing) -> list[UUID]:
    """The ids that stay, in their order, read while nobody writes."""
    order: list[UUID] = []
    cursor = None
    while True:
        window = Window(page_size=200, cursor=cursor)
        page = await db.read(records.page, SYSTEM, kind, Query(sort=(sort,), window=window))
        order += [row["id"] for row in page["items"] if row["id"] in others.still]
        if (cursor := page["next_cursor"]) is None:
            return order


async def faults(
    db: Database, kind: str, sorts: list[str], others: Disturbing, walk: Walk, *, size: int
) -> list[str]:
    """The sorts in which a row that nobody touched was not met exactly once, or not in its place."""
    wrong = []
    for sort in sorts:
        order = await undisturbed(db, kind, sort, others)
        assert set(order) == others.still, f"{kind} by {sort}: misses some when nobody writes"
        met: list[UUID] = []
        async for ids in walk(db, kind, sort, others, size):
            met += [one for one in ids if one in others.still]
            assert len(met) <= 2 * len(order), f"{kind} by {sort}: goes round in circles"
        if met != order:
            twice = [one for one, times in Counter(met).items() if times > 1]
            wrong.append(f"{kind} by {sort}: {len(others.still - set(met))} missed, {len(twice)} twice")
    return wrong


async def walked_through(
    db: Database, walk: Walk, *, seed: int, still: int, moving: int, size: int
) -> list[str]:
    """Every declared sort of every kind."""
    ids = await db.write(examples)
    assert {c.kind for c in listed()} == ids.keys() & {c.kind for c in listed()}, "a kind has no example row"
    wrong = []
    for catalogue in listed():
        others = Churn(catalogue, ids[catalogue.kind], random.Random(seed))
        await db.write(others.begin, still, moving)
        wrong += await faults(db, catalogue.kind, sorts_of(catalogue), others, walk, size=size)
    return wrong


@pytest.mark.parametrize("walk", [along_cursors, as_exported])
async def test_every_declared_sort_of_every_kind_meets_what_stays_exactly_once(
    db: Database, walk: Walk
) -> None:
    assert await walked_through(db, walk, seed=1, still=14, moving=6, size=5) == []


@pytest.mark.deep
@pytest.mark.parametrize("seed", range(2, 4))
@pytest.mark.parametrize("walk", [along_cursors, as_exported])
async def test_long_walks_meet_what_stays_exactly_once(db: Database, walk: Walk, seed: int) -> None:
    assert await walked_through(db, walk, seed=seed, still=60, moving=20, size=1 + seed) == []


class CustomChurn:
    """Leads with a field of the organisation's own, whose values lie in another table."""

    def __init__(self, type_: str, dice: random.Random) -> None:
        self.type, self.dice = type_, dice
        self.still: set[UUID] = set()
        self.moving: list[UUID] = []

    def begin(self, session: Session, still: int, moving: int) -> None:
        """Define the field and write the leads there are at the beginning, mixed."""
        service.create(session, SYSTEM, data=CustomFieldIn(**definition(self.type, "lead", self.type)))
        made = [self._insert(session) for _ in range(still + moving)]
        self.still = set(self.dice.sample(made, still))
        self.moving = [one for one in made if one not in self.still]

    def step(self, session: Session) -> None:
        """A lead more, one less, or another value."""
        what = self.dice.choice(("insert", "update", "delete"))
        if what == "insert" or not self.moving:
            self.moving.append(self._insert(session))
            return
        lead = session.get_one(Lead, self.dice.choice(self.moving))
        if what == "update":
            lead.custom = self._values(session)
        else:
            self.moving.remove(lead.id)
            lead.archived_at = lead.created_at

    def _insert(self, session: Session) -> UUID:
        made: UUID = make_lead(session, custom=self._values(session)).id
        return made

    def _values(self, session: Session) -> dict[str, Any]:
        pool = [None, *POOLS[self.type]]
        return values.fresh(session, SYSTEM, "lead", {self.type: self.dice.choice(pool)})


@pytest.mark.parametrize("walk", [along_cursors, as_exported])
@pytest.mark.parametrize(
    "type_",
    ["integer", *(pytest.param(t, marks=pytest.mark.deep) for t in ("text", "number", "date", "choice"))],
)
async def test_a_sort_by_a_custom_field_meets_what_stays_exactly_once(
    db: Database, walk: Walk, type_: str
) -> None:
    others = CustomChurn(type_, random.Random(1))
    await db.write(others.begin, 30, 12)

    sorts = [f"custom.{type_}", f"-custom.{type_}"]
    assert await faults(db, "lead", sorts, others, walk, size=5) == []
