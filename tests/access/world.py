"""A small company drawn at random, and who sees what of it, written out a second time in plain Python."""

import random
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from crm_api.access import Actor
from crm_api.opportunities.service import refresh_access
from crm_api.users.models import ROLES
from tests import factories

CLOSING = date(2026, 11, 20)
KINDS = ("account", "lead", "contact", "opportunity", "activity")
CLOSED = ("closed_won", "closed_lost")


@dataclass
class World:
    """Actors, and the records of each kind."""

    actors: list[Actor] = field(default_factory=list)
    rows: dict[str, list[Any]] = field(default_factory=dict)
    parents: dict[UUID, UUID | None] = field(default_factory=dict)

    def above(self, team_id: UUID | None) -> list[UUID]:
        """A team and all teams it is below."""
        chain = []
        while team_id is not None:
            chain.append(team_id)
            team_id = self.parents[team_id]
        return chain

    def row(self, kind: str, record_id: UUID | None) -> Any:
        """The record with that id, or None."""
        return next((row for row in self.rows[kind] if row.id == record_id), None)


def drawn(session: Session, seed: int) -> World:
    """A company of seven teams in a tree, four territories, fifteen people and some 120 records."""
    dice, world = random.Random(seed), World()
    territories = [factories.make_territory(session, f"Territory {n}") for n in range(4)]
    teams: list[Any] = []
    for n in range(7):
        parent = dice.choice(teams).id if teams and dice.random() < 0.8 else None
        teams.append(factories.make_team(session, f"Team {n}", parent_id=parent))
    people = [
        factories.make_user(
            session,
            ROLES[n % len(ROLES)],
            team_id=dice.choice([*teams, None]) and dice.choice(teams).id,
            territories=dice.sample(territories, dice.randint(0, 2)),
        )
        for n in range(15)
    ]
    for team in dice.sample(teams, 3):
        team.manager_id = dice.choice([person for person in people if person.role == "manager"]).id
    session.flush()
    world.parents = {team.id: team.parent_id for team in teams}

    def somebody() -> UUID | None:
        return dice.choice([*people, *[None] * 5]) and dice.choice(people).id if dice.random() < 0.7 else None

    def some(rows: list[Any], chance: float = 0.6) -> UUID | None:
        return dice.choice(rows).id if rows and dice.random() < chance else None

    make, rows = factories, world.rows
    rows["account"] = [
        make.make_account(session, owner_id=somebody(), territory_id=some(territories)) for _ in range(20)
    ]
    rows["lead"] = [
        make.make_lead(session, owner_id=somebody(), territory_id=some(territories)) for _ in range(20)
    ]
    rows["contact"] = [
        make.make_contact(session, owner_id=somebody(), account_id=some(rows["account"])) for _ in range(25)
    ]
    rows["opportunity"] = [
        make.make_opportunity(
            session,
            dice.choice(["prospecting", "proposal", *CLOSED]),
            owner_id=somebody(),
            account_id=some(rows["account"]),
            estimated_value=100_00,
            closes_on=CLOSING,
        )
        for _ in range(25)
    ]
    rows["activity"] = [
        make.make_activity(
            session,
            owner_id=somebody(),
            **{
                f"{kind}_id": some(rows[kind], 0.25) for kind in ("account", "lead", "contact", "opportunity")
            },
        )
        for _ in range(30)
    ]
    for account in rows["account"]:
        refresh_access(session, account.id)
    world.actors = [factories.actor_for(session, person) for person in people]
    return world


def sees(world: World, actor: Actor, kind: str, row: Any) -> bool:
    """The role table of the API, read line by line."""
    if actor.role == "administrator":
        return True
    return _by_itself(world, actor, kind, row) or _through_others(world, actor, kind, row)


def _by_itself(world: World, actor: Actor, kind: str, row: Any) -> bool:
    own = row.owner_id == actor.user_id
    placed = getattr(row, "territory_id", None) in actor.territory_ids and kind in ("account", "lead")
    of_team = kind != "contact" and row.team_id is not None and row.team_id in actor.team_ids
    if actor.role == "viewer":
        return of_team
    if actor.role == "manager":
        return own or of_team or (placed and row.owner_id is None)
    if actor.role == "field":
        return own or placed
    if kind == "lead":
        return own or (placed and row.owner_id is None)
    return own or (kind == "account" and _has_open_deal(world, actor, row))


def _has_open_deal(world: World, actor: Actor, account: Any) -> bool:
    return any(
        deal.account_id == account.id and deal.owner_id == actor.user_id and deal.stage_kind not in CLOSED
        for deal in world.rows["opportunity"]
    )


def _through_others(world: World, actor: Actor, kind: str, row: Any) -> bool:
    if kind == "opportunity" and actor.role == "field" and row.stage_kind in CLOSED:
        return False
    ways = {
        "contact": ("account",),
        "opportunity": ("account",),
        "activity": ("account", "lead", "contact", "opportunity"),
    }
    for way in ways.get(kind, ()):
        linked = world.row(way, getattr(row, f"{way}_id"))
        if linked is not None and sees(world, actor, way, linked):
            return True
    return False
