"""The mappings in `examples/` on the real data they were written for."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from crm_api.access import SYSTEM
from crm_api.accounts.models import Account
from crm_api.audit.models import AuditEntry
from crm_api.core.database import Database
from crm_api.imports import flows
from crm_api.imports.mapping import load_mapping, read_plan
from crm_api.opportunities.models import Opportunity, OpportunityLine
from crm_api.organisation.models import Territory
from crm_api.pipelines.models import Stage
from crm_api.pipelines.service import ensure_defaults
from crm_api.products.models import Product
from crm_api.users.models import Team, User, user_territories
from tests.imports.conftest import count
from tests.support.repository import ROOT
from tests.support.sqlite import Template

DATA = Path(os.environ.get("CRM_TEST_DATA", ROOT / "../shared")) / "data"
MAVEN, FORD = DATA / "maven-crm", DATA / "dealers" / "ford_dealers_us.csv"
EXAMPLES = ROOT / "examples"


def test_every_mapping_and_plan_of_the_examples_is_valid() -> None:
    assert len(read_plan(EXAMPLES / "maven.toml")) == 4
    assert load_mapping(EXAMPLES / "ford_dealers.toml").kind == "accounts"


async def import_maven(db: Database, folder: Path) -> list[flows.Report]:
    jobs = [flows.Job(MAVEN / name, mapping, name) for name, mapping in read_plan(EXAMPLES / "maven.toml")]
    return await flows.run_files(db, SYSTEM, jobs, errors_folder=folder)


@pytest.fixture
async def sqlite_db(sqlite: Template, tmp_path: Path) -> AsyncIterator[Database]:
    """An open SQLite database: what takes seconds here takes a minute on a PostgreSQL beside it."""
    database = Database.open(sqlite.copy_to(tmp_path / "rounds.db"))
    yield database
    await database.close()


@pytest.mark.deep
@pytest.mark.skipif(not MAVEN.exists(), reason=f"the Maven data is not at {MAVEN} (CRM_TEST_DATA)")
async def test_the_maven_plan_loads_on_either_database(db: Database, tmp_path: Path) -> None:
    await db.write(ensure_defaults)
    await import_maven(db, tmp_path)
    await db.read(check_maven)


@pytest.mark.skipif(not MAVEN.exists(), reason=f"the Maven data is not at {MAVEN} (CRM_TEST_DATA)")
async def test_the_maven_plan_loads_all_four_files_and_the_second_time_changes_nothing(
    sqlite_db: Database, tmp_path: Path
) -> None:
    db = sqlite_db
    await db.write(ensure_defaults)
    first = await import_maven(db, tmp_path)
    assert [(r.kind, r.created, r.error_rows) for r in first] == [
        ("users", 35, 0), ("accounts", 85, 0), ("products", 7, 0), ("opportunities", 8800, 0),
    ]  # fmt: skip
    await db.read(check_maven)
    entries = await db.read(count, AuditEntry)
    second = await import_maven(db, tmp_path)
    assert [(r.created, r.updated, r.unchanged) for r in second] == [
        (0, 0, 35),
        (0, 0, 85),
        (0, 0, 7),
        (0, 0, 8800),
    ]
    assert await db.read(count, AuditEntry) == entries


def check_maven(session: Session) -> None:
    """Figures counted from the files by hand."""
    roles = dict(session.execute(sa.select(User.role, sa.func.count()).group_by(User.role)).all())
    assert roles == {"rep": 35, "manager": 6}
    assert count(session, Team) == count(session, Territory) == 3
    assert session.scalar(sa.select(sa.func.count()).select_from(user_territories)) == 41
    assert not session.scalars(sa.select(User).where(User.email.is_not(None))).all()

    stages = dict(
        session.execute(sa.select(Stage.name, sa.func.count()).join(Opportunity).group_by(Stage.name)).all()
    )
    assert stages == {"Prospecting": 500, "Engaging": 1589, "Won": 4238, "Lost": 2473}
    won = sa.select(sa.func.sum(Opportunity.estimated_value)).where(Opportunity.stage_kind == "closed_won")
    assert session.scalar(won) == 10_005_534 * 100
    assert session.scalar(sa.select(sa.func.count()).where(Opportunity.account_id.is_(None))) == 1425
    pro = (
        sa.select(sa.func.count()).select_from(OpportunityLine).join(Product).where(Product.name == "GTX Pro")
    )
    assert session.scalar(pro) == 1480
    assert count(session, OpportunityLine) == 8800

    parent = aliased(Account)
    below = sa.select(sa.func.count()).select_from(Account).join(parent, Account.parent_id == parent.id)
    assert session.scalar(below) == 15
    assert session.scalar(below.where(parent.name == "Sonron")) == 3
    acme = session.scalars(sa.select(Account).where(Account.name == "Acme Corporation")).one()
    assert (acme.industry, acme.annual_revenue, acme.year_established) == (
        "technology",
        110_004_000_000,
        1996,
    )
    assert (
        session.scalar(sa.select(Account.billing_country).where(Account.name == "Bioholding"))
        == "Philippines"
    )


@pytest.mark.skipif(not FORD.exists(), reason=f"the dealers are not at {FORD} (CRM_TEST_DATA)")
async def test_the_dealers_become_2900_accounts_with_one_repeat_reported(
    sqlite_db: Database, tmp_path: Path
) -> None:
    db = sqlite_db
    job = flows.Job(FORD, load_mapping(EXAMPLES / "ford_dealers.toml"), FORD.name)
    (report,) = await flows.run_files(db, SYSTEM, [job], errors_folder=tmp_path)
    assert (report.rows, report.created, report.repeats) == (2901, 2900, [(2902, 1187)])
    located = sa.select(sa.func.count()).where(
        Account.latitude.is_not(None), Account.account_type == "dealer"
    )

    def check(session: Session) -> None:
        assert session.scalar(located) == 2900
        assert session.scalar(sa.select(sa.func.count()).where(Account.opening_hours.is_not(None))) == 0
        assert session.scalar(sa.select(sa.func.count()).where(Account.phone.is_not(None))) == 2898

    await db.read(check)
