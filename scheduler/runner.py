"""APScheduler as a clock, nothing more.

Jobs are code, kept in memory: a job store would keep pickles, delete what it cannot read, and stop for
ever when two processes share it. A tick may come late, be merged with the next, or be lost; the database
remembers what is to be done, and every job looks there.
"""

import asyncio
import logging
import os
import socket
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from uuid import uuid4

from apscheduler.executors.asyncio import AsyncIOExecutor
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from crm_api.core import clock, context
from crm_api.core.database import Database
from crm_api.modules import service as modules
from crm_api.organisation import jobs as rounds
from crm_api.ports import Ports
from crm_api.settings import Settings
from scheduler import (
    coarsen_plans,
    deliver_webhooks,
    forget_answers,
    forget_words,
    geocode,
    keep_calendars,
    plan_followups,
    reconcile_sends,
    refresh_figures,
    refresh_rollups,
    relay_events,
    remind,
    revalue,
    run_imports,
    send_answers,
    send_messages,
    settle_fields,
    sweep_files,
    sync_mailboxes,
)
from scheduler.jobs import Job, Turn
from scheduler.locks import PATIENCE, only_sender

log = logging.getLogger(__name__)

# Taking back from a killed predecessor and reading replies come before sending, in the first round too.
JOBS = (
    reconcile_sends.JOB,
    sync_mailboxes.JOB,
    relay_events.JOB,
    plan_followups.JOB,
    remind.JOB,
    send_answers.JOB,
    send_messages.JOB,
    deliver_webhooks.JOB,
    deliver_webhooks.TIDY_JOB,
    run_imports.JOB,
    keep_calendars.JOB,
    geocode.JOB,
    geocode.REFRESH_JOB,
    coarsen_plans.JOB,
    revalue.JOB,
    refresh_rollups.JOB,
    refresh_figures.JOB,
    forget_answers.JOB,
    settle_fields.JOB,
    forget_words.JOB,
    sweep_files.JOB,
    remind.TIDY_JOB,
)
GRACE = 35.0  # seconds; handing one mail over takes 30 at most
NOTE_EVERY = 15.0  # seconds between two notes of a job that has nothing to do


class Runner:
    """Runs jobs until it is told to stop. `alone` says that no other worker can be at work."""

    def __init__(
        self,
        db: Database,
        ports: Ports,
        settings: Settings,
        *,
        jobs: Sequence[Job] = JOBS,
        alone: bool = False,
    ) -> None:
        self._db, self._ports, self._settings = db, ports, settings
        self._jobs = jobs
        # A name that no later process can have, whatever its host and process id.
        self._turn = Turn(f"{socket.gethostname()}-{os.getpid()}-{uuid4().hex[:8]}", alone)
        self._running: set[asyncio.Task[object]] = set()
        self._noted: dict[str, float] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Tick until `stop` is set; then let what is running finish, 35 seconds at most.

        Each job has its first round at once and in the order of the list, before the clock starts.
        """
        logging.getLogger("apscheduler").setLevel(logging.ERROR)  # a round that takes longer is no news
        for job in self._jobs:
            if not stop.is_set():
                await self.tick(job)
        scheduler = self._scheduler()
        scheduler.start()
        try:
            await stop.wait()
        finally:
            scheduler.pause()
            if self._running:
                await asyncio.wait(self._running, timeout=GRACE)
            scheduler.shutdown(wait=False)
            await asyncio.sleep(0)  # the scheduler hands its shutdown to the loop

    async def tick(self, job: Job) -> None:
        """One round of one job. Nothing it raises gets out: the next round comes anyway."""
        task = asyncio.current_task()
        if task is not None:
            self._running.add(task)
        with context.working(origin="job", label=job.name, actor_id=None):
            try:
                await self._round(job)
            except Exception:
                log.exception("the job %s cannot run", job.name)
            finally:
                if task is not None:
                    self._running.discard(task)

    async def _round(self, job: Job) -> None:
        worker = self._turn.worker
        if job.module and not await self._db.read(modules.is_on, job.module):
            return
        if not (job.everywhere or self._turn.alone):
            slot = int(clock.now().timestamp() // job.seconds)
            if not await self._db.write(rounds.take_slot, job=job.name, slot=slot, worker=worker):
                return
        done, error = 0, None
        try:
            done = await job.run(self._db, self._ports, self._settings, self._turn)
        except Exception as failure:
            log.exception("the job %s failed", job.name)
            error = repr(failure)[:1000]
        if error or done or time.monotonic() - self._noted.get(job.name, -NOTE_EVERY) >= NOTE_EVERY:
            self._noted[job.name] = time.monotonic()
            await self._db.write(rounds.note_round, job=job.name, worker=worker, done=done, error=error)

    def _scheduler(self) -> AsyncIOScheduler:
        scheduler = AsyncIOScheduler(
            jobstores={"default": MemoryJobStore()},
            executors={"default": AsyncIOExecutor()},
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
            timezone=UTC,
        )
        for job in self._jobs:
            trigger = IntervalTrigger(seconds=job.seconds, jitter=job.seconds / 10, timezone=UTC)
            scheduler.add_job(self.tick, trigger, args=[job], id=job.name, next_run_time=datetime.now(UTC))
        return scheduler


async def work(
    db: Database, ports: Ports, settings: Settings, stop: asyncio.Event, *, patience: float = PATIENCE
) -> None:
    """Be a worker until `stop` is set. Raises AnotherWorker where SQLite has one already, `patience` seconds on."""
    alone = settings.database.startswith("sqlite")
    async with AsyncExitStack() as held:
        if alone:
            await held.enter_async_context(only_sender(settings.data_dir, patience=patience))
        await Runner(db, ports, settings, alone=alone).run(stop)
