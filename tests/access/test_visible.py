"""Who sees what: the rule in SQL against the rule in Python, over companies drawn at random."""

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.access import SYSTEM, visible
from crm_api.core.database import Database
from crm_api.core.fields import CATALOGUES
from tests.access.world import KINDS, World, drawn, sees


@pytest.mark.parametrize("seed", range(4))
async def test_everybody_sees_exactly_what_the_role_table_says(db: Database, seed: int) -> None:
    world = await db.write(drawn, seed)
    await db.read(compare, world)


@pytest.mark.deep
@pytest.mark.parametrize("seed", range(100, 200))
async def test_everybody_sees_exactly_that_in_a_hundred_more_companies(db: Database, seed: int) -> None:
    world = await db.write(drawn, seed)
    await db.read(compare, world)


def compare(session: Session, world: World) -> None:
    for actor in world.actors:
        for kind in KINDS:
            model = CATALOGUES[kind].model
            found = set(session.scalars(sa.select(model.id).where(visible(kind, actor))))
            wanted = {row.id for row in world.rows[kind] if sees(world, actor, kind, row)}
            assert found == wanted, f"{actor.role} and {kind}"


async def test_a_drawn_company_shows_something_and_hides_something_from_every_role(db: Database) -> None:
    world = await db.write(drawn, 0)

    for role in ("manager", "rep", "field", "viewer"):
        seen = [
            sees(world, actor, kind, row)
            for actor in world.actors
            if actor.role == role
            for kind in KINDS
            for row in world.rows[kind]
        ]
        assert any(seen), role
        assert not all(seen), role


async def test_the_system_sees_everything(db: Database) -> None:
    world = await db.write(drawn, 1)

    def leads(session: Session) -> int:
        return len(
            session.scalars(sa.select(CATALOGUES["lead"].model.id).where(visible("lead", SYSTEM))).all()
        )

    assert await db.read(leads) == len(world.rows["lead"])
