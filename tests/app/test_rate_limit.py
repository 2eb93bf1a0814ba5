"""Who sends too much is told when to go on; others notice nothing."""

from pathlib import Path

from crm_api.core.database import Database
from tests.app.resources import problem
from tests.support.api import serving

LEADS = "/api/v1/crm/leads"


async def test_beyond_the_limit_the_answer_says_when_to_go_on(db: Database, tmp_path: Path) -> None:
    async with serving(db, tmp_path, rate_limit=2) as api:
        client = await api.client("rep")
        assert [(await client.get(LEADS)).status_code for _ in range(2)] == [200, 200]

        refused = await client.get(LEADS)

    problem(refused, 429)
    assert refused.headers["Retry-After"] == "30"


async def test_one_person_at_the_limit_leaves_the_others_alone(db: Database, tmp_path: Path) -> None:
    async with serving(db, tmp_path, rate_limit=1) as api:
        ada, bob = await api.client("rep"), await api.client("rep")
        await ada.get(LEADS)

        assert (await ada.get(LEADS)).status_code == 429
        assert (await bob.get(LEADS)).status_code == 200
