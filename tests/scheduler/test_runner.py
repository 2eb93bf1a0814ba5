import asyncio
import subprocess
import sys
from datetime import timedelta

import pytest

from crm_api import subscriptions
from crm_api.core import clock
from crm_api.core.database import Database
from crm_api.modules import service as modules
from crm_api.organisation import jobs as rounds
from crm_api.settings import Settings
from scheduler.jobs import Job
from scheduler.locks import AnotherWorker, only_sender
from scheduler.runner import JOBS, Runner, work
from tests.support.models import all_tables
from tests.support.ports import offline_ports
from tests.support.waiting import until


@pytest.fixture
def settings(tmp_path):
    return Settings(_env_file=None, data_dir=tmp_path)


def counting(name="count", seconds=0.05, **how):
    async def run(db, ports, settings, turn):
        run.rounds.append(turn)
        if how.get("fails"):
            raise RuntimeError("broken")
        return 1

    run.rounds = []
    return Job(name, seconds, run, everywhere=how.get("everywhere", False), module=how.get("module"))


async def run_until(runner, condition):
    stop = asyncio.Event()
    task = asyncio.create_task(runner.run(stop))
    await until(condition)
    stop.set()
    await task


def runner_with(db, tmp_path, settings, *jobs, alone=True):
    return Runner(db, offline_ports(tmp_path), settings, jobs=jobs, alone=alone)


async def test_a_job_runs_at_once_and_again_and_again(db, tmp_path, settings):
    job = counting()
    await run_until(runner_with(db, tmp_path, settings, job), lambda: len(job.run.rounds) >= 3)


async def test_a_job_rests_while_its_part_is_switched_off(db, tmp_path, settings):
    job = counting(module="followups")
    runner = runner_with(db, tmp_path, settings, job)
    await db.write(modules.uninstall, name="followups")
    await runner.tick(job)
    assert job.run.rounds == []
    await db.write(modules.install, name="followups")
    await runner.tick(job)
    assert len(job.run.rounds) == 1


async def test_a_job_that_fails_is_noted_and_runs_again(db, tmp_path, settings):
    job = counting(fails=True)
    await run_until(runner_with(db, tmp_path, settings, job), lambda: len(job.run.rounds) >= 2)
    (row,) = await db.read(rounds.rounds)
    assert "broken" in row.error


async def test_a_failing_job_does_not_keep_the_others_from_running(db, tmp_path, settings):
    bad, good = counting("bad", fails=True), counting("good")
    await run_until(runner_with(db, tmp_path, settings, bad, good), lambda: len(good.run.rounds) >= 2)


async def test_what_is_running_when_the_stop_comes_is_finished(db, tmp_path, settings):
    begun, finished = asyncio.Event(), []

    async def slow(db, ports, settings, turn):
        begun.set()
        await asyncio.sleep(0.1)
        finished.append(True)
        return 1

    stop = asyncio.Event()
    runner = runner_with(db, tmp_path, settings, Job("slow", 60, slow))
    task = asyncio.create_task(runner.run(stop))
    await begun.wait()
    stop.set()
    await task
    assert finished


async def test_of_several_workers_one_runs_each_round(db, tmp_path, settings):
    job = counting(seconds=1000)
    one, two = (runner_with(db, tmp_path, settings, job, alone=False) for _ in range(2))
    with clock.frozen(clock.now()):
        await asyncio.gather(one.tick(job), two.tick(job))
        await one.tick(job)
    assert len(job.run.rounds) == 1
    with clock.frozen(clock.now() + timedelta(seconds=1001)):
        await two.tick(job)
    assert len(job.run.rounds) == 2


async def test_what_runs_everywhere_asks_nobody(db, tmp_path, settings):
    job = counting(seconds=1000, everywhere=True)
    for _ in range(2):
        await runner_with(db, tmp_path, settings, job, alone=False).tick(job)
    first, second = job.run.rounds
    assert first.worker != second.worker


async def test_a_job_without_rounds_is_overdue(db, tmp_path, settings):
    job, since = counting(), clock.now()
    await runner_with(db, tmp_path, settings, job).tick(job)
    asked = {"periods": {"count": 1.0}, "since": since}
    assert await db.read(rounds.overdue, **asked) == []
    with clock.frozen(clock.now() + timedelta(minutes=2)):
        assert await db.read(rounds.overdue, **asked) == ["count"]


async def test_the_real_jobs_run_on_an_empty_house(db, tmp_path, settings):
    subscriptions.install()
    runner = runner_with(db, tmp_path, settings, *JOBS)
    for job in JOBS:
        await runner.tick(job)
    assert {row.job: row.error for row in await db.read(rounds.rounds)} == {job.name: None for job in JOBS}


async def test_a_second_sender_is_refused(tmp_path):
    async with only_sender(tmp_path):
        with pytest.raises(AnotherWorker, match="PostgreSQL"):
            async with only_sender(tmp_path, patience=0.1):
                pass


def hold_lock_elsewhere(path):
    """A process that holds the lock until it is killed."""
    code = f"import fcntl,os,time; f=os.open({str(path)!r}, os.O_RDWR|os.O_CREAT); fcntl.flock(f, fcntl.LOCK_EX); "
    code += "print('held', flush=True); time.sleep(60)"
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)


async def test_a_sender_that_was_killed_leaves_its_place(tmp_path):
    with hold_lock_elsewhere(tmp_path / "sender.lock") as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        with pytest.raises(AnotherWorker):
            async with only_sender(tmp_path, patience=0.1):
                pass
        holder.kill()
    async with only_sender(tmp_path, patience=5):
        pass


async def test_two_workers_on_one_sqlite_file_are_refused(tmp_path, settings):
    subscriptions.install()
    database = Database.open(settings.database)
    all_tables()
    await database.create_all()
    stop, ports = asyncio.Event(), offline_ports(tmp_path)
    first = asyncio.create_task(work(database, ports, settings, stop))
    await until(lambda: database.read(rounds.rounds))
    with pytest.raises(AnotherWorker):
        await work(database, ports, settings, asyncio.Event(), patience=0.1)
    stop.set()
    await first
    await database.close()
