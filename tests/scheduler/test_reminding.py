"""The jobs that remind and sweep, as the worker runs them."""

from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa

from crm_api.core import clock
from crm_api.core.database import Database
from crm_api.outbox.models import OutboxMessage
from crm_api.settings import Settings
from scheduler import remind, runner, sweep_files
from scheduler.jobs import Turn
from tests.factories import make_activity, make_user
from tests.support.api import serving
from tests.support.documents import PDF
from tests.support.ports import offline_ports

TURN = Turn("a-worker", alone=True)


async def test_the_job_tells_of_what_is_due_and_writes_with_the_sender_of_the_settings(
    db: Database, tmp_path: Path
) -> None:
    settings = Settings(_env_file=None, data_dir=tmp_path, notice_from="crm@ours.example")  # type: ignore[call-arg]
    async with serving(db, tmp_path) as api:
        user = await db.write(lambda session: make_user(session, email="dana@ours.example"))
        client = await api.signed_in(user)
        chosen = await client.put("/api/v1/crm/notifications/preferences", json={"reminder": "email"})
        assert chosen.status_code == 200
    due = clock.now() - timedelta(minutes=1)
    await db.write(lambda s: make_activity(s, "task", owner_id=user.id, status="scheduled", remind_at=due).id)

    assert await remind.run(db, offline_ports(tmp_path), settings, TURN) == 2
    assert await remind.run(db, offline_ports(tmp_path), settings, TURN) == 0
    (sender,) = await db.read(lambda s: list(s.scalars(sa.select(OutboxMessage.sender_address))))
    assert sender == "crm@ours.example"
    with clock.frozen(clock.now() + timedelta(days=91)):
        assert await remind.tidy(db, offline_ports(tmp_path), settings, TURN) == 1


async def test_the_sweep_takes_what_hangs_on_nothing_for_a_day(db: Database, tmp_path: Path) -> None:
    settings = Settings(_env_file=None, data_dir=tmp_path)  # type: ignore[call-arg]
    async with serving(db, tmp_path) as api:
        client = await api.client()
        await client.post("/api/v1/crm/attachments", files={"file": ("a.pdf", PDF)})
    ports = offline_ports(tmp_path)

    assert await sweep_files.run(db, ports, settings, TURN) == 0
    with clock.frozen(clock.now() + timedelta(days=1, minutes=1)):
        assert await sweep_files.run(db, ports, settings, TURN) == 2, "the row and its bytes"
    assert list((tmp_path / "attachments").glob("??/*")) == []


def test_the_worker_runs_these_jobs() -> None:
    assert {remind.JOB, remind.TIDY_JOB, sweep_files.JOB} <= set(runner.JOBS)
