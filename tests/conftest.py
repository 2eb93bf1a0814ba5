"""Fixtures every test may use; see `tests/support` for what stands behind them.

    db            an open, empty database; the test runs once on SQLite and once on PostgreSQL; beside `api` it has
                  the default pipelines, as every installation has
    database_url  the URL of the same, for a test that starts processes
    api           the application over `db`, without a socket
    blank_url     the URL of a database without tables, for migrations
    fresh         gives the URL of an empty database, again and again, for machines of examples

`pytest --engines sqlite` leaves PostgreSQL out; `--engines postgresql --engine-tests` is the rest.
`--run-deep` adds the exhaustive runs.
"""

# ruff: noqa: E402
import gc

gc.disable()  # what is imported stays; looking through it again and again is a fifth of the time imports take

import os
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import hypothesis
import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher, profiles
from sqlalchemy.orm import Session

from crm_api import subscriptions
from crm_api.activities.models import Activity
from crm_api.analytics import rollups
from crm_api.core.database import Database
from crm_api.leads.models import Lead
from crm_api.opportunities.models import Opportunity
from crm_api.users import passwords
from tests.support import compiled
from tests.support.api import Api, serving
from tests.support.models import all_tables
from tests.support.postgres import Postgres, Server
from tests.support.sqlite import Template

ENGINES = ("sqlite", "postgresql")
# On SQLite always, on PostgreSQL only with --run-deep. Pages hold no query (the import rules prove it), and the
# references' examples go through services whose own tests run on both.
MOSTLY_ON_SQLITE = {"pages", "reference"}
TESTS = Path(__file__).parent

# No deadlines: a shared machine may stall any example. Derandomised: a red build is never bad luck.
hypothesis.settings.register_profile("usual", deadline=None, derandomize=True, print_blob=True)
hypothesis.settings.register_profile("deep", deadline=None, max_examples=2000)

_server: Server | None = None


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--engines", default=",".join(ENGINES), help="databases to run on, comma-separated")
    parser.addoption(
        "--engine-tests", action="store_true", help="just the tests that run once for each database"
    )
    parser.addoption("--run-deep", action="store_true", help="also run what is marked `deep`")


def pytest_configure(config: pytest.Config) -> None:
    subscriptions.install()
    compiled.share()
    passwords.hasher = PasswordHasher.from_parameters(profiles.CHEAPEST)
    hypothesis.settings.load_profile("deep" if config.getoption("--run-deep") else "usual")
    # The process that starts several test processes starts the server; they find it in their environment.
    if getattr(config.option, "numprocesses", None) and "postgresql" in config.getoption("--engines"):
        server_url()


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    gc.enable()


def pytest_unconfigure(config: pytest.Config) -> None:
    global _server
    if _server is not None:
        _server.stop()
        _server = None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    left_out = []
    if not config.getoption("--run-deep"):
        left_out += [item for item in items if _is_deep(item)]
    if config.getoption("--engine-tests"):
        left_out += [item for item in items if "engine" not in getattr(item, "fixturenames", ())]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in set(left_out)]


def _is_deep(item: pytest.Item) -> bool:
    if item.get_closest_marker("deep"):
        return True
    on = getattr(item, "callspec", None)
    if on is None or on.params.get("engine") != "postgresql":
        return False
    room = item.path.relative_to(TESTS).parts[0]
    return room in MOSTLY_ON_SQLITE or item.get_closest_marker("deep_on_postgresql") is not None


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "engine" in metafunc.fixturenames:
        metafunc.parametrize("engine", metafunc.config.getoption("--engines").split(","), indirect=True)


def server_url() -> str:
    """The PostgreSQL server of this run, started when first asked for."""
    global _server
    if "TEST_DATABASE_URL" not in os.environ:
        _server = Server()
        os.environ["TEST_DATABASE_URL"] = _server.url
    return os.environ["TEST_DATABASE_URL"]


@pytest.fixture(scope="session")
def postgres(worker_id: str) -> Iterator[Postgres]:
    """The PostgreSQL databases of this test process."""
    with Postgres(server_url(), worker=worker_id) as databases:
        yield databases


@pytest.fixture(scope="session")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """The SQLite file that tests get copies of."""
    all_tables()
    return Template(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture
def engine(request: pytest.FixtureRequest) -> str:
    """`sqlite` or `postgresql`: a test that asks for it, or for a database, runs once with each."""
    return str(request.param)


@pytest.fixture
def database_url(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database with all tables and no rows, or under `api` with the default pipelines."""
    furnished = "api" in request.fixturenames
    if engine == "postgresql":
        postgres: Postgres = request.getfixturevalue("postgres")
        return postgres.emptied(all_tables(), furnished=furnished)
    template: Template = request.getfixturevalue("sqlite")
    return template.copy_to(tmp_path / "rounds.db", furnished=furnished)


@pytest.fixture
def blank_url(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database without any table."""
    if engine == "postgresql":
        postgres: Postgres = request.getfixturevalue("postgres")
        return postgres.create()
    return f"sqlite:///{tmp_path / 'blank.db'}"


@pytest.fixture
def fresh(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], str]]:
    """Gives the URL of an empty database, again and again."""
    if engine == "postgresql":
        postgres: Postgres = request.getfixturevalue("postgres")
        yield lambda: postgres.emptied(all_tables())
        return
    template: Template = request.getfixturevalue("sqlite")
    names = iter(range(10**6))
    yield lambda: template.copy_to(tmp_path / f"{next(names)}.db")


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    """An open database with all tables and no rows, closed after the test."""
    database = Database.open(database_url)
    yield database
    await database.close()


@pytest.fixture
async def api(db: Database, tmp_path: Path) -> AsyncIterator[Api]:
    """The application over `db`; `await api.client("rep")` is signed in.

    After every test the kept sums are held against a full count: whatever it wrote, and however.
    """
    async with serving(db, tmp_path) as running:
        yield running
        assert await db.read(_wrong_sums) == []


def _wrong_sums(session: Session) -> list[str]:
    # Most tests make none of these, and to plan six counts costs more than all else a small test does.
    counted = (Lead, Opportunity, Activity, *(kept.model for kept in rollups.ALL))
    if session.scalar(sa.select(sa.or_(*(sa.exists(sa.select(model.id)) for model in counted)))):
        return rollups.differences(session)
    return []
