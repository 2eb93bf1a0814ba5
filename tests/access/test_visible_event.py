"""Who sees which event: compared with the rule in plain Python, for every role, with and without the subject."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api import events
from crm_api.access import SYSTEM, Actor, visible, visible_event
from crm_api.core.database import Database
from crm_api.events import Event
from crm_api.events.models import EventRow
from crm_api.opportunities.service import refresh_access
from tests.factories import (
    actor_for,
    make_account,
    make_activity,
    make_contact,
    make_lead,
    make_opportunity,
    make_product,
    make_team,
    make_territory,
    make_user,
)

ROLES = ("administrator", "manager", "rep", "field", "viewer")


@dataclass
class Cast:
    """A small company, and one event about each record: which actor is asked, what there is to see."""

    actor: Actor
    subjects: dict[UUID, Any]


def company(session: Session, role: str) -> Cast:
    east, west = make_team(session, "East"), make_team(session, "West")
    ohio, utah = make_territory(session, "Ohio"), make_territory(session, "Utah")
    me = make_user(session, role, team_id=east.id, territories=[ohio])
    colleague = make_user(session, team_id=east.id)
    stranger = make_user(session, team_id=west.id)
    subjects: dict[UUID, Any] = {}
    for owner in (me, colleague, stranger, None):
        for territory in (ohio, utah):
            who = {"owner_id": owner.id if owner else None}
            account = make_account(session, territory_id=territory.id, **who)
            lead = make_lead(session, territory_id=territory.id, **who)
            contact = make_contact(session, account_id=account.id)
            deal = make_opportunity(session, account_id=account.id, **who)
            lost = make_opportunity(session, "closed_lost", account_id=account.id, **who)
            call = make_activity(session, account_id=account.id, owner_id=stranger.id)
            note = make_activity(session, "note", lead_id=lead.id, **who)
            for row in (account, lead, contact, deal, lost, call, note):
                subjects[row.id] = row
            refresh_access(session, account.id)
    product = make_product(session)
    subjects[product.id] = product
    for row in subjects.values():
        account_id = getattr(row, "account_id", None)
        account = subjects.get(account_id) if account_id else None
        events.record(
            session,
            Event(
                f"{row.__kind__}.updated",
                row.__kind__,
                row.id,
                {},
                getattr(row, "owner_id", None),
                getattr(row, "team_id", None) or (account.team_id if account else None),
                getattr(row, "territory_id", None) or (account.territory_id if account else None),
            ),
        )
    return Cast(actor_for(session, me), subjects)


def seen(session: Session, actor: Actor) -> set[UUID]:
    return set(session.scalars(sa.select(EventRow.subject_id).where(visible_event(actor))))


@pytest.mark.parametrize("role", ROLES)
async def test_the_events_seen_are_those_of_the_records_seen(db: Database, role: str) -> None:
    def compare(session: Session) -> tuple[set[UUID], set[UUID]]:
        cast = company(session, role)
        records = {
            row.id
            for row in cast.subjects.values()
            if session.scalar(
                sa.select(type(row).id).where(type(row).id == row.id, visible(row.__kind__, cast.actor))
            )
        }
        return seen(session, cast.actor), records

    in_feed, in_lists = await db.write(compare)
    assert in_feed == in_lists


def expected_when_gone(cast: Cast, row: EventRow) -> bool:
    """What the role table says of an event whose subject was erased, in plain Python."""
    actor = cast.actor
    own = row.owner_id == actor.user_id
    mine = row.team_id is not None and row.team_id in actor.team_ids
    here = row.territory_id is not None and row.territory_id in actor.territory_ids
    unowned_here = row.owner_id is None and here
    match actor.role:
        case "administrator":
            return True
        case "manager":
            return own or mine or (unowned_here and row.kind in ("account", "lead"))
        case "rep":
            return own or (unowned_here and row.kind == "lead")
        case "field":
            return own or (here and row.kind != "opportunity")
        case _:
            return mine


@pytest.mark.parametrize("role", ROLES)
async def test_events_of_erased_records_are_filtered_by_what_the_event_keeps(db: Database, role: str) -> None:
    def compare(session: Session) -> tuple[set[UUID], set[UUID]]:
        cast = company(session, role)
        for table in ("activities", "opportunity_lines", "stage_moves", "opportunities", "contacts", "lead_stats",
                      "leads", "account_access", "accounts"):  # fmt: skip
            session.execute(sa.text(f"DELETE FROM {table}"))
        rows = session.scalars(sa.select(EventRow).where(EventRow.kind != "product"))
        expected = {row.subject_id for row in rows if expected_when_gone(cast, row)}
        products = {id_ for id_, row in cast.subjects.items() if row.__kind__ == "product"}
        return seen(session, cast.actor), expected | products

    in_feed, expected = await db.write(compare)
    assert in_feed == expected


async def test_an_event_of_an_undeclared_kind_is_its_owners_alone(db: Database) -> None:
    def ask(session: Session) -> list[int]:
        owner, other = make_user(session), make_user(session)
        events.record(session, Event("import.finished", "import", owner.id, owner_id=owner.id))
        return [len(seen(session, actor_for(session, user))) for user in (owner, other)]

    assert await db.write(ask) == [1, 0]


async def test_jobs_see_every_event_and_nobody_in_particular_none(db: Database) -> None:
    def ask(session: Session) -> list[int]:
        events.record(session, Event("lead.created", "lead", make_lead(session).id))
        return [len(seen(session, SYSTEM)), len(seen(session, Actor(None, "rep")))]

    assert await db.write(ask) == [1, 0]
