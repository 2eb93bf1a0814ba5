"""The demo company in a database: complete, let in, and out again without a trace."""

import copy
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.accounts.models import Account, AccountStats
from crm_api.activities.models import Activity, TimelineEntry
from crm_api.audit.models import AuditEntry, ChangeSet
from crm_api.contacts.models import Contact
from crm_api.core import context, search
from crm_api.core.database import Base, Database
from crm_api.core.errors import Conflict, Invalid
from crm_api.leads.models import Lead, LeadStats
from crm_api.opportunities.models import Opportunity, StageMove
from crm_api.organisation.models import Counter
from crm_api.pipelines.models import Pipeline, Stage
from crm_api.tags.models import Tag
from crm_api.users.models import User
from entrypoints.demo import dataset, load
from entrypoints.demo.company import DemoCompany, generate
from tests.factories import make_account, make_activity, make_contact, make_opportunity, make_territory
from tests.imports.conftest import count

AT = date(2026, 11, 21)
COMPANY = generate(AT)


async def loaded(db: Database, company: DemoCompany | None = None) -> None:
    """Load the company; without most of its activities, which take most of the time, unless it is given."""
    company = company or replace(copy.deepcopy(COMPANY), activities=COMPANY.activities[-200:])
    with context.working(origin="demo", label="Demo company"):
        await db.write(load.load, company)


def everything(session: Session) -> dict[str, int]:
    return {
        table.name: rows
        for table in Base.metadata.sorted_tables
        if (rows := session.scalar(sa.select(sa.func.count()).select_from(table)))
    }


async def test_the_company_is_loaded_whole_as_one_change_set(db: Database) -> None:
    await loaded(db, generate(AT))

    def check(session: Session) -> None:
        for model, rows in (
            (Account, 300),
            (Contact, 500),
            (Lead, 400),
            (Opportunity, 600),
            (Activity, 5000),
        ):
            assert count(session, model) == rows
            assert session.scalar(sa.select(sa.func.count()).where(model.origin != "demo")) == 0  # type: ignore[attr-defined]
        assert session.scalars(sa.select(ChangeSet.label)).all() == ["Demo company"]
        assert session.scalar(sa.select(sa.func.count()).where(AuditEntry.kind == "activity")) == 5000
        assert not session.scalar(sa.select(sa.exists().where(TimelineEntry.summary == "")))
        mowers = session.scalars(search.matching(session, "account", "outdoor")).all()
        assert len(mowers) > 5

    await db.read(check)


@pytest.mark.deep_on_postgresql
async def test_last_contact_follows_from_the_activities(db: Database) -> None:
    await loaded(db)

    def check(session: Session) -> None:
        newest = (
            sa.select(Activity.account_id, sa.func.max(Activity.occurred_at).label("at"))
            .where(Activity.status == "completed", Activity.activity_type.not_in(("task", "note", "other")))
            .group_by(Activity.account_id)
            .subquery()
        )
        differing = (
            sa.select(sa.func.count())
            .select_from(AccountStats)
            .outerjoin(newest, newest.c.account_id == AccountStats.account_id)
            .where(AccountStats.last_contact_at.is_distinct_from(newest.c.at))
        )
        assert session.scalar(differing) == 0
        calls = sa.select(sa.func.count()).where(
            Activity.lead_id.is_not(None), Activity.activity_type == "call"
        )
        assert session.scalar(sa.select(sa.func.sum(LeadStats.call_attempts))) == session.scalar(calls)

    await db.read(check)


@pytest.mark.deep_on_postgresql
async def test_stages_and_moves_agree(db: Database) -> None:
    await loaded(db)

    def check(session: Session) -> None:
        wrong = (
            sa.select(sa.func.count())
            .select_from(Opportunity)
            .join(Stage, Stage.id == Opportunity.stage_id)
            .where(Stage.kind != Opportunity.stage_kind)
        )
        assert session.scalar(wrong) == 0
        assert session.scalar(sa.select(sa.func.count()).select_from(StageMove)) == len(COMPANY.moves)

    await db.read(check)


@pytest.mark.deep_on_postgresql
async def test_loading_twice_is_refused(db: Database) -> None:
    await loaded(db)
    with pytest.raises(Conflict, match="already"):
        await loaded(db)


@pytest.mark.deep_on_postgresql
async def test_numbers_go_on_after_those_of_the_same_day(db: Database) -> None:
    day = COMPANY.leads[-1]["number"].rsplit("-", 1)[0]

    def count_up(session: Session) -> None:
        session.add(Counter(key=day, value=41))

    await db.write(count_up)
    await loaded(db)

    def numbers(session: Session) -> tuple[list[str], int]:
        found = session.scalars(
            sa.select(Lead.number).where(Lead.number.startswith(day)).order_by(Lead.number)
        ).all()
        return list(found), session.scalar(sa.select(Counter.value).where(Counter.key == day)) or 0

    given, last = await db.read(numbers)
    assert given[0] == f"{day}-0042"
    assert last == 41 + len(given)


@pytest.mark.deep_on_postgresql
async def test_its_people_get_in_with_the_password_of_this_start(db: Database) -> None:
    await loaded(db)
    people = await db.write(load.let_in, password_hash="a hash")
    assert people[:4] == [f"{name}@demo.example" for name in ("field", "manager", "rep", "viewer")]

    def able(session: Session) -> int:
        return sum(user.can_sign_in for user in session.scalars(sa.select(User)))

    assert await db.read(able) == len(people) == 12


async def test_removing_it_leaves_the_database_as_it_was(db: Database) -> None:
    await loaded(db)
    assert await db.write(load.remove) > 2_000
    left = await db.read(everything)
    assert left.keys() <= {"counters", "pipelines", "stages", "change_sets", "audit_entries", "erasures"}
    assert left["audit_entries"] == 2 + 13  # the default pipelines and their stages
    assert not await db.read(load.is_loaded)
    await loaded(db)


@pytest.mark.deep_on_postgresql
async def test_removing_what_is_not_there_removes_nothing(db: Database) -> None:
    assert await db.write(load.remove) == 0


@pytest.mark.deep_on_postgresql
async def test_what_people_made_themselves_stays(db: Database) -> None:
    await loaded(db)

    def own_records(session: Session) -> dict[str, Any]:
        demo = session.scalars(sa.select(Account)).first()
        rep = session.scalars(sa.select(User).where(User.role == "rep")).first()
        assert demo is not None
        assert rep is not None
        return {
            "account": make_account(session, owner_id=rep.id, parent_id=demo.id).id,
            "contact": make_contact(session, account_id=demo.id).id,
            "deal": make_opportunity(session, account_id=demo.id, owner_id=rep.id).id,
            "activity": make_activity(session, account_id=demo.id, owner_id=rep.id).id,
        }

    ids = await db.write(own_records)
    await db.write(load.remove)

    def check(session: Session) -> None:
        account = session.get_one(Account, ids["account"])
        assert (account.owner_id, account.team_id, account.parent_id) == (None, None, None)
        assert session.get_one(Contact, ids["contact"]).account_id is None
        assert session.get_one(Opportunity, ids["deal"]).account_id is None
        assert session.get_one(Activity, ids["activity"]).owner_id is None

    await db.read(check)


@pytest.mark.deep_on_postgresql
async def test_a_territory_and_a_tag_of_the_same_name_are_used_and_stay(db: Database) -> None:
    def mine(session: Session) -> tuple[Any, Any]:
        tag = Tag(name="KEY ACCOUNT")
        session.add(tag)
        session.flush()
        return make_territory(session, "Central Ohio").id, tag.id

    territory_id, _ = await db.write(mine)
    await loaded(db)

    def used(session: Session) -> int:
        return session.scalar(sa.select(sa.func.count()).where(Account.territory_id == territory_id)) or 0

    assert await db.read(used) == 70
    await db.write(load.remove)
    assert {"territories": 1, "tags": 1}.items() <= (await db.read(everything)).items()


# ── The small data set ───────────────────────────────────────────────────────────────────────────


async def test_the_small_data_set_has_what_the_reference_lists_and_loads_once(db: Database) -> None:
    records = dataset.read(dataset.DEFAULT)
    made = await db.write(dataset.load, records)
    assert made == {"tags": 8, "pipelines": 2, "accounts": 5, "contacts": 5, "leads": 5, "opportunities": 4}
    assert not any((await db.write(dataset.load, records)).values())

    def check(session: Session) -> None:
        names = set(session.scalars(sa.select(Account.name)))
        assert names == {"Acme Corp", "Global Industries", "Tech Innovators", "MedHealth", "EduLearn"}
        enterprise = session.scalars(sa.select(Pipeline).where(Pipeline.name == "Enterprise Deals")).one()
        assert session.scalar(sa.select(sa.func.count()).where(Stage.pipeline_id == enterprise.id)) == 7
        assert session.scalar(sa.select(sa.func.count()).where(Opportunity.pipeline_id == enterprise.id)) == 2

    await db.read(check)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"accounts": [{"name": "A"}]}', "every record needs a key"),
        ('{"accounts": [{"key": "a", "name": "A", "colour": "red"}]}', "accounts.a: colour"),
        (
            '{"contacts": [{"key": "c", "account": "x", "first_name": "A"}]}',
            "contacts.c: account: there is no 'x'",
        ),
        ('{"leads": [{"key": "l", "title": "L", "pipeline": "X"}]}', "leads.l: pipeline: there is none"),
    ],
)
async def test_a_fault_in_a_data_set_names_the_record_and_makes_nothing(
    db: Database, tmp_path: Any, content: str, message: str
) -> None:
    path = tmp_path / "data.json"
    path.write_text(content)
    with pytest.raises(Invalid, match=message):
        await db.write(dataset.load, dataset.read(path))
    assert "accounts" not in await db.read(everything)


@pytest.mark.parametrize("content", ["", "[1", '{"spaceships": []}', "\udce4"])
def test_a_file_that_is_no_data_set_is_told_by_name(tmp_path: Any, content: str) -> None:
    path = tmp_path / "data.json"
    path.write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(Invalid, match=r"data\.json"):
        dataset.read(path)
