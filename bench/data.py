"""A company's worth of leads and deals, the same every time, written fast."""

import random
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.activities.models import Activity
from crm_api.audit import service as audit
from crm_api.core import clock
from crm_api.core.database import Database
from crm_api.leads.models import LEAD_SOURCES, PRIORITIES, Lead, LeadStats
from crm_api.opportunities.models import Opportunity
from crm_api.organisation.service import profile, territory_named
from crm_api.pipelines import service as pipelines
from crm_api.pipelines.models import Stage
from crm_api.users import service as users
from crm_api.users.models import Team
from crm_api.users.passwords import hash_password
from crm_api.users.schemas import UserIn

REPS = 20
SLICE = 2_000  # rows a transaction: as an import writes them
PASSWORD = "measured, not guessed"

FIRST = (
    "Acorn", "Alder", "Amber", "Basin", "Birch", "Cedar", "Coral", "Delta", "Ember", "Falcon", "Granite",
    "Harbor", "Iron", "Juniper", "Lark", "Maple",
)  # fmt: skip
SECOND = (
    "Freight", "Glass", "Tools", "Motors", "Paper", "Foods", "Textiles", "Timber", "Valves", "Wiring",
    "Kitchens", "Farms", "Optics", "Pumps",
)  # fmt: skip
THIRD = (
    "Group", "Partners", "Works", "Brothers", "Supply", "Trading", "Industries", "Wholesale", "Depot",
    "Company",
)  # fmt: skip
GIVEN = (
    "Ada", "Bela", "Chen", "Dora", "Emil", "Fatima", "Goran", "Hana", "Ivo", "Jun", "Kira", "Luis",
    "Mina", "Noor", "Otto", "Petra", "Quentin", "Rosa",
)  # fmt: skip
CITIES = (
    "Columbus",
    "Dayton",
    "Toledo",
    "Akron",
    "Canton",
    "Lima",
    "Mansfield",
    "Newark",
    "Marion",
    "Athens",
)


async def fill(db: Database, rows: int, per_lead: int = 0) -> None:
    """Write `rows` leads with `per_lead` activities each, and a fifth as many deals."""
    stages, owners = await db.write(set_up)
    for start in range(0, rows, SLICE):
        count = min(SLICE, rows - start)
        made = await db.write(_leads, start, count, stages["lead"], owners)
        for n in range(per_lead):
            await db.write(_activities, start * per_lead + n, made, owners)
        await db.write(_deals, start // 5, count // 5, stages["opportunity"], owners)
    await db.write(_analyse)


async def fill_deals(db: Database, rows: int) -> None:
    """Write `rows` deals, and nothing beside them but their owners and teams."""
    stages, owners = await db.write(set_up)
    for start in range(0, rows, SLICE):
        await db.write(_deals, start, min(SLICE, rows - start), stages["opportunity"], owners)
    await db.write(_analyse)


def some_leads(session: Session, rows: int, number: int) -> list[UUID]:
    """The ids of `number` of the `rows` leads, the same every time; none where there are no leads yet."""
    drawn = random.Random(1).sample(range(rows), min(number, rows))
    wanted = [_number(n) for n in drawn]
    return list(session.scalars(sa.select(Lead.id).where(Lead.number.in_(wanted)).order_by(Lead.number)))


def put_away(session: Session) -> None:
    """Archive what an earlier measurement created, so that its addresses are free again."""
    filled = Lead.number.like(f"{_number(0)[:-6]}%")
    now = clock.now()
    session.execute(sa.update(Lead).where(~filled, Lead.archived_at.is_(None)).values(archived_at=now))


def _number(n: int) -> str:
    return f"LEAD-20240101-{n + 1:06d}"


def search_words() -> list[str]:
    """What people type: one word that many leads have, two that few have, and the start of a word."""
    return [
        *FIRST[:4],
        *(f"{a} {b}" for a, b in zip(FIRST, SECOND, strict=False)),
        *(w[:4] for w in THIRD),
    ]


def _analyse(session: Session) -> None:
    # What a database that has been up for a minute knows of its tables; without it the plans are guesses.
    session.execute(sa.text("ANALYZE"))


def set_up(session: Session) -> tuple[dict[str, list[Stage]], list[tuple[UUID, UUID, UUID]]]:
    profile(session)
    pipelines.ensure_defaults(session)
    stages = {}
    for kind in ("lead", "opportunity"):
        pipeline_id = pipelines.default_id(session, kind)
        assert pipeline_id
        stages[kind] = pipelines.stages_of(session, pipeline_id)
    teams = [Team(name=f"Team {n}") for n in range(4)]
    session.add_all(teams)
    session.flush()
    territories = [territory_named(session, city) for city in CITIES]
    hashed = hash_password(PASSWORD)
    administrator = UserIn(name="Administrator", email="admin@bench.example", role="administrator")
    users.create(session, data=administrator, password_hash=hashed)
    owners = []
    for n in range(REPS):
        rep = UserIn(name=f"Rep {n}", email=f"rep{n}@bench.example", role="rep", team_id=teams[n % 4].id)
        owner = users.create(session, data=rep, password_hash=hashed)
        owners.append((owner.id, teams[n % 4].id, territories[n % len(territories)].id))
    return stages, owners


def _leads(
    session: Session, start: int, count: int, stages: list[Stage], owners: list[tuple[UUID, UUID, UUID]]
) -> list[UUID]:
    ids = audit.bulk_insert(session, Lead, _lead_rows(start, count, stages, owners))
    audit.bulk_insert(session, LeadStats, ({"lead_id": lead_id} for lead_id in ids))
    return ids


def _lead_rows(
    start: int, count: int, stages: list[Stage], owners: list[tuple[UUID, UUID, UUID]]
) -> Iterator[dict[str, Any]]:
    draw = random.Random(start)
    now = clock.now()
    for n in range(start, start + count):
        company = f"{draw.choice(FIRST)} {draw.choice(SECOND)} {draw.choice(THIRD)} {n}"
        given = draw.choice(GIVEN)
        stage = draw.choice(stages)
        owner_id, team_id, territory_id = draw.choice(owners)
        made_at = now - timedelta(minutes=draw.randrange(2 * 365 * 24 * 60))
        yield {
            "number": _number(n),
            "title": company,
            "company_name": company,
            "first_name": given,
            "last_name": f"Person{n}",
            "email": f"{given.lower()}.{n}@bench.example",
            "phone": f"+1614555{n % 10_000:04d}",
            "city": draw.choice(CITIES),
            "state": "OH",
            "status": stage.kind,
            "source": draw.choice(LEAD_SOURCES),
            "priority": draw.choice(PRIORITIES),
            "score": draw.randrange(101),
            "estimated_value": draw.randrange(1_000, 9_000_000),
            "value_base": 0,
            "pipeline_id": stage.pipeline_id,
            "stage_id": stage.id,
            "owner_id": owner_id,
            "team_id": team_id,
            "territory_id": territory_id,
            "created_at": made_at,
            "updated_at": made_at,
        }


def _activities(
    session: Session, start: int, leads: list[UUID], owners: list[tuple[UUID, UUID, UUID]]
) -> None:
    """One activity for each of these leads."""
    draw, now = random.Random(start), clock.now()
    rows = []
    for lead_id in leads:
        owner_id, team_id, _ = draw.choice(owners)
        at = now - timedelta(minutes=draw.randrange(2 * 365 * 24 * 60))
        rows.append(
            {
                "activity_type": draw.choice(("call", "email", "meeting", "visit")),
                "subject": f"{draw.choice(SECOND)} for {draw.choice(THIRD).lower()}",
                "occurred_at": at,
                "completed_at": at,
                "lead_id": lead_id,
                "owner_id": owner_id,
                "team_id": team_id,
            }
        )
    audit.bulk_insert(session, Activity, rows)


def _deals(
    session: Session, start: int, count: int, stages: list[Stage], owners: list[tuple[UUID, UUID, UUID]]
) -> None:
    draw = random.Random(start)
    rows = []
    for n in range(start, start + count):
        stage = draw.choice(stages)
        owner_id, team_id, _ = draw.choice(owners)
        value = draw.randrange(10_000, 90_000_000)
        rows.append(
            {
                "number": f"OPP-20240101-{n + 1:06d}",
                "name": f"{draw.choice(FIRST)} {draw.choice(SECOND)} deal {n}",
                "pipeline_id": stage.pipeline_id,
                "stage_id": stage.id,
                "stage_kind": stage.kind,
                "owner_id": owner_id,
                "team_id": team_id,
                "estimated_value": value,
                "value_base": value,
                "probability": stage.probability,
                "actual_close_date": clock.now() if stage.kind in ("closed_won", "closed_lost") else None,
            }
        )
    audit.bulk_insert(session, Opportunity, rows)
