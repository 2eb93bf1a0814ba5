"""Importing files: one pass that checks everything and writes nothing, then one that writes.

check   every row of every file; any fault, and nothing is written (unless faulty rows are to be skipped)
write   slices of rows, each in a transaction of its own, all of a file under one change set; each
        transaction also says how far the file is, so that a run that was cut off goes on at exactly
        the first unwritten row
"""

import asyncio
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from crm_api.access import SYSTEM, Actor
from crm_api.core import context
from crm_api.core.database import Database
from crm_api.core.errors import Conflict, Invalid
from crm_api.imports import runs, service
from crm_api.imports.keys import Keys
from crm_api.imports.mapping import Mapping
from crm_api.imports.passes import Job, Progress, Report, Step, Work

__all__ = ["Job", "Progress", "Report", "Step", "keep_upload", "run_files", "work", "work_off"]


async def run_files(
    db: Database,
    actor: Actor,
    jobs: Sequence[Job],
    *,
    errors_folder: Path,
    dry_run: bool = False,
    skip_errors: bool = False,
    progress: Progress = lambda step: None,
) -> list[Report]:
    """Import files in order, each able to refer to records that the ones before it bring.

    All files are checked before the first is written. With any fault nothing is written, unless
    `skip_errors`; every fault is in `<file>-errors.csv` under `errors_folder`. A `dry_run` only checks.
    Raises Invalid for a file that cannot be read at all, naming it.
    """
    service.require_importer(actor)
    with Keys() as keys, context.working(origin="import", actor_id=actor.user_id):
        works = [Work(db, actor, job, keys, errors_folder, progress) for job in jobs]
        for work in works:
            await work.check(dry_run=dry_run)
        if dry_run or (not skip_errors and any(work.report.error_rows for work in works)):
            await asyncio.gather(*(work.refuse(dry_run=dry_run) for work in works))
            return [work.report for work in works]
        for work in works:
            with context.working(label=f"Import of {work.job.name}"):
                await work.write(skip_errors=skip_errors)
    return [work.report for work in works]


async def keep_upload(source: BinaryIO, path: Path) -> Path:
    """Keep an uploaded file until it is imported; returns where."""

    def copy() -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as target:
            shutil.copyfileobj(source, target, 1 << 20)

    await asyncio.to_thread(copy)
    return path


async def work(db: Database, run_id: UUID, *, folder: Path, actor: Actor = SYSTEM) -> Report | None:
    """Import an uploaded file; whoever claims it first does, the others return None.

    A file that cannot be read at all ends the run as refused, with the reason in its message.
    """
    try:
        run = await db.write(runs.claim, actor, run_id=run_id)
    except Conflict:
        return None
    assert run.path is not None
    mapping = Mapping.model_validate_json(run.mapping)
    job = Job(Path(run.path), mapping, run.file_name, run.id, is_begun=run.change_set_id is not None)
    on_behalf = replace(actor, user_id=run.actor_id)
    try:
        reports: Sequence[Report | None] = await run_files(
            db, on_behalf, [job], errors_folder=folder, dry_run=run.dry_run, skip_errors=run.skip_errors
        )
    except Invalid as problem:
        await db.write(runs.finish, run_id=run_id, state="refused", progress=100, message=problem.detail)
        reports = [None]
    job.path.unlink(missing_ok=True)
    return reports[0]


async def work_off(db: Database, *, folder: Path) -> int:
    """Go on with every upload that nobody is at work on; returns how many. For the background process."""
    waiting = await db.read(runs.abandoned)
    for run_id in waiting:
        await work(db, run_id, folder=folder)
    return len(waiting)
