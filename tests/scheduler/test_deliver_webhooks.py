"""The webhook jobs, as the worker runs them: with the installation's own keys, from its settings."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from crm_api.core import clock
from crm_api.core.database import Database
from crm_api.settings import Settings
from scheduler import deliver_webhooks, runner
from scheduler.jobs import Turn
from tests.support.receiver import verify
from tests.webhooks.stage import Stage, staged

TURN = Turn("a-worker", alone=True)


@pytest.fixture
async def stage(db: Database, tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(db, tmp_path) as opened:
        yield opened


async def test_the_job_signs_with_the_keys_of_the_settings_and_the_log_is_forgotten_by_another(
    stage: Stage, tmp_path: Path
) -> None:
    settings = Settings(
        _env_file=None, data_dir=tmp_path, secret_key=SecretStr("a test's own secret, long enough to be one")
    )  # type: ignore[call-arg]
    hook = await stage.hook()
    await stage.happened("lead.created")

    assert await deliver_webhooks.run(stage.db, stage.ports, settings, TURN) == 1

    (request,) = stage.receiver.received
    assert verify(hook["secret"], request.headers, request.body, now=clock.now().timestamp())
    with clock.frozen(clock.now() + timedelta(days=31)):
        assert await deliver_webhooks.tidy(stage.db, stage.ports, settings, TURN) == 1


def test_the_worker_runs_both_jobs() -> None:
    assert {deliver_webhooks.JOB, deliver_webhooks.TIDY_JOB} <= set(runner.JOBS)
