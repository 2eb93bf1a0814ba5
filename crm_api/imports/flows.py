"""Importing files: one pass that checks everything and writes nothing, then one that writes.

    check   every row of every file; any fault, and nothing is written (unless faulty rows are to be skipped)
    write   slices of rows, each in a transaction of its own, all of a file under one change set; each
            transaction also says how far the file is, so that a run that was cut off goes on at exactly
            the first unwritten row

Rows are read in a thread of their own, a slice at a time: memory stays the same for any size of file.
"""

import asyncio
import csv
import hashlib
import shutil
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, Self, TextIO
from uuid import UUID

from crm_api.access import SYSTEM, Actor
from crm_api.core import context
from crm_api.core.database import Database
from crm_api.core.errors import Conflict, Invalid, Problem
from crm_api.imports import runs, service
from crm_api.imports.keys import Keys
from crm_api.imports.mapping import Mapping
from crm_api.imports.models import ImportRun
from crm_api.imports.reader import CsvFile, Fault, Row
from crm_api.imports.service import Record, Terms
from crm_api.imports.writing import own_references

SLICE = 150  # rows a transaction: some 30 ms of writing on SQLite
SHOWN = 20  # faults kept for the answer; the file of row errors has them all


@dataclass(slots=True)
class Job:
    """One file to import. `run_id` names the run an upload opened; without it one is opened here."""

    path: Path
    mapping: Mapping
    name: str
    run_id: UUID | None = None
    is_begun: bool = False  # rows were written before: a run that was cut off


@dataclass(slots=True)
class Report:
    """What became of one file."""

    name: str
    kind: str
    rows: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    repeats: list[tuple[int, int]] = field(default_factory=list)  # row, and the row it repeats
    repeated: int = 0
    error_rows: int = 0
    faults: list[tuple[int, Fault]] = field(default_factory=list)
    errors_file: Path | None = None
    written: bool = False
    resumed_after: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """Where an import is: what a progress bar shows."""

    file: str
    phase: str
    fraction: float


Progress = Callable[[Step], None]


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
        works = [_Work(db, actor, job, keys, errors_folder, progress) for job in jobs]
        for work in works:
            await work.check()
        if dry_run or (not skip_errors and any(work.report.error_rows for work in works)):
            await asyncio.gather(*(work.refuse(dry_run=dry_run) for work in works))
            return [work.report for work in works]
        for work in works:
            with context.working(label=f"Import of {work.job.name}"):
                await work.write(skip_errors=skip_errors)
    return [work.report for work in works]


class _Work:
    """One file on its way through both passes."""

    def __init__(
        self, db: Database, actor: Actor, job: Job, keys: Keys, errors_folder: Path, progress: Progress
    ) -> None:
        self.db, self.actor, self.job, self.keys, self.tell = db, actor, job, keys, progress
        mapping = job.mapping
        self.file = CsvFile(job.path, delimiter=mapping.delimiter, encoding=mapping.encoding, name=job.name)
        self.report = Report(job.name, mapping.kind)
        self.errors = _ErrorsFile(errors_folder / f"{job.run_id or Path(job.name).stem}-errors.csv", job.name)
        self.terms: Terms
        self._read_through = 0
        self._carried = 0.0
        self._is_begun = job.is_begun

    # ── Checking ─────────────────────────────────────────────────────────────────────────────

    async def check(self) -> None:
        """Find every fault of the file; writes nothing but the file of row errors."""
        self.terms = await self.db.read(service.terms, self.job.mapping)
        with self.errors:
            async for records in self._slices("checking", prepare=self._take_in):
                await self._carry()
                checked = await self.db.read(service.check, self.terms, [r for r in records if not r.faults])
                await asyncio.to_thread(self._note, records, checked)
            await asyncio.to_thread(self._settle)
        self.report.errors_file = self.errors.path if self.report.error_rows else None

    async def _carry(self) -> None:
        """Say every few seconds that an upload is being checked: nobody else may take it for abandoned."""
        if self.job.run_id is not None and time.monotonic() > self._carried + 5:
            self._carried = time.monotonic()
            progress = round(self.file.position / max(self.file.size, 1) * 99)
            state = "writing" if self._is_begun else "validating"
            await self.db.write(runs.carry, run_id=self.job.run_id, state=state, progress=progress)

    def _take_in(self, record: Record) -> bool:
        """Note what a row is called; False for a row that repeats an earlier one."""
        self.report.rows += 1
        external_id = record.values.get("external_id")
        if external_id is None:
            return True
        first = self.keys.claim(f"{self.job.name} rows", external_id, self.job.name, record.row)
        if first is not None:
            self.report.repeated += 1
            self.report.repeats += [(record.row, first)] if len(self.report.repeats) < SHOWN else []
            self.keys.leave_out(self.job.name, record.row)
            return False
        for name in self.terms.kind.unique:
            if record.values.get(name):
                space = f"{self.terms.kind.kind} {name}"
                other = self.keys.claim(space, str(record.values[name]).casefold(), self.job.name, record.row)
                if other is not None:
                    record.faults.append(Fault(name, record.values[name], f"row {other} has the same {name}"))
        if not record.faults:
            names = [str(record.values.get(name) or "") for name in self.terms.kind.names]
            self.keys.name(self.terms.kind.kind, external_id, names, self.job.name, record.row)
        return True

    def _note(self, records: Sequence[Record], checked: service.Checked) -> None:
        for record in records:
            self._fault(record.row, record.faults)
        by_row: dict[int, list[Fault]] = {}
        for row, fault in checked.faults:
            by_row.setdefault(row, []).append(fault)
        for row, faults in by_row.items():
            self._fault(row, faults)
        for row, name, kind, text in checked.unanswered:
            # Also where an earlier row answers it: that row may yet fall.
            self.keys.wait(self.job.name, row, name, kind, text)
        own = own_references(self.terms)
        for record in records:
            for name in own:
                if name in record.refers and not record.faults:
                    self.keys.above(
                        self.job.name, record.row, name, self.terms.kind.kind, record.refers[name]
                    )

    def _settle(self) -> None:
        """Judge references that a later row could still have answered, until no row falls any more."""
        for row, name, text in list(self.keys.loops(self.job.name)):
            told = "this would put the record below itself"
            self._fault(row, [Fault(service.column_of(self.terms, name), text, told)])
        while True:
            fallen = list(self.keys.unanswered(self.job.name))
            for row, name, kind, text in fallen:
                told = f"there is no {kind} of that name or id"
                self._fault(row, [Fault(service.column_of(self.terms, name), text, told)])
            if not fallen:
                return

    def _fault(self, row: int, faults: Sequence[Fault]) -> None:
        if not faults:
            return
        self.report.error_rows += self.keys.leave_out(self.job.name, row)
        for fault in faults:
            if len(self.report.faults) < SHOWN:
                self.report.faults.append((row, fault))
            self.errors.write(row, fault)

    # ── Writing ──────────────────────────────────────────────────────────────────────────────

    async def refuse(self, *, dry_run: bool) -> None:
        """The end of a run that writes nothing: a dry one, or one with faults in it or beside it."""
        if self.job.run_id is not None:
            state = "done" if dry_run and not self.report.error_rows else "refused"
            await self.db.write(
                runs.finish, run_id=self.job.run_id, state=state, progress=100, total_rows=self.report.rows,
                error_rows=self.report.error_rows, repeated_rows=self.report.repeated, message=self._message(),
            )  # fmt: skip

    def _message(self) -> str | None:
        if not self.report.faults:
            return None
        row, fault = self.report.faults[0]
        where = f"row {row}" + (f", column '{fault.column}'" if fault.column else "")
        return f"{self.report.error_rows} rows are wrong; the first: {where}: {fault.message}"

    async def write(self, *, skip_errors: bool) -> None:
        """Write every row that was found right, a slice at a time."""
        run = await self._open(skip_errors)
        run_id, done = run.id, run.written_rows
        self.report.resumed_after = done
        change_set_id = await self.db.write(runs.begin_writing, self.terms, run_id=run_id)
        # The pipeline the mapping describes is there only now.
        self.terms = await self.db.read(service.terms, self.job.mapping)
        try:
            async for records in self._slices(
                "writing", prepare=lambda r: r.row > done and self._is_right(r)
            ):
                if self._read_through <= done:
                    continue
                await self.db.write(
                    runs.write_slice, self.terms, records, run_id=run_id, after=done, through=self._read_through,
                    progress=round(self.file.position / max(self.file.size, 1) * 99), forward=self._forward(records),
                )  # fmt: skip
                done = self._read_through
            if own_references(self.terms):
                await self._link(change_set_id)
        except Exception as error:
            message = (
                error.detail
                if isinstance(error, Problem)
                else "Something went wrong on our side; see the log."
            )
            await self.db.write(runs.let_go, run_id=run_id, message=message)
            raise
        run = await self.db.write(
            runs.finish, run_id=run_id, state="done", progress=100, total_rows=self.report.rows,
            error_rows=self.report.error_rows, repeated_rows=self.report.repeated, message=self._message(),
        )  # fmt: skip
        self.report.created, self.report.updated = run.created_records, run.updated_records
        self.report.unchanged, self.report.written = run.unchanged_records, True
        self.tell(Step(self.job.name, "done", 1.0))

    async def _open(self, skip_errors: bool) -> ImportRun:
        if self.job.run_id is not None:
            return await self.db.read(runs.one, self.actor, run_id=self.job.run_id)
        return await self.db.write(
            runs.open_run, self.actor, kind=self.job.mapping.kind, system=self.job.mapping.system,
            file_name=self.job.name, mapping=self.job.mapping.model_dump_json(exclude_defaults=True),
            digest=await asyncio.to_thread(digest_of, self.job.path, self.job.mapping), skip_errors=skip_errors,
        )  # fmt: skip

    def _is_right(self, record: Record) -> bool:
        return not self.keys.left_out(self.job.name, [record.row])

    def _forward(self, records: Sequence[Record]) -> set[tuple[str, str]]:
        """References that another row of the file answers, perhaps a later one."""
        kind = self.terms.kind.kind
        texts = {
            record.refers[name]
            for record in records
            for name in own_references(self.terms)
            if name in record.refers
        }
        return {(kind, text) for text in texts if self.keys.knows(kind, text)}

    async def _link(self, change_set_id: UUID) -> None:
        own = own_references(self.terms)
        wanted: Callable[[Record], bool] = lambda r: (
            any(name in r.refers for name in own) and self._is_right(r)
        )  # noqa: E731
        async for records in self._slices("linking", prepare=wanted):
            if records:
                await self.db.write(runs.link_slice, self.terms, records, change_set_id=change_set_id)

    # ── Reading ──────────────────────────────────────────────────────────────────────────────

    async def _slices(self, phase: str, *, prepare: Callable[[Record], bool]) -> AsyncIterator[list[Record]]:
        """The records of the file that `prepare` lets through, a slice at a time, read in a thread of their own."""
        rows = self.file.rows(self.job.mapping.columns)
        while True:
            records, more = await asyncio.to_thread(self._next_slice, rows, prepare)
            self.tell(Step(self.job.name, phase, self.file.position / max(self.file.size, 1)))
            yield records
            if not more:
                return

    def _next_slice(
        self, rows: Iterator[Row], prepare: Callable[[Record], bool]
    ) -> tuple[list[Record], bool]:
        records: list[Record] = []
        count = 0
        for row in islice(rows, SLICE):
            count += 1
            record = service.read(self.terms, row)
            self._read_through = record.row
            if prepare(record):
                records.append(record)
        return records, count == SLICE


class _ErrorsFile:
    """The file of row errors: made at the first fault, one line a fault."""

    def __init__(self, path: Path, name: str) -> None:
        self.path, self.name = path, name
        self._file: TextIO | None = None
        self._writer: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def write(self, row: int, fault: Fault) -> None:
        """One fault; a value that a spreadsheet would run as a formula is quoted."""
        if self._file is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self.path.open("w", encoding="utf-8", newline="")
            self._writer = csv.writer(self._file)
            self._writer.writerow(("file", "row", "column", "value", "message"))
        value = fault.value[:500]
        if value[:1] in ("=", "+", "-", "@", "\t", "\r"):
            value = f"'{value}"
        self._writer.writerow((self.name, row, fault.column, value, fault.message))


def digest_of(path: Path, mapping: Mapping) -> str:
    """SHA-256 over a file and how it is read: what makes two imports the same one."""
    digest = hashlib.sha256(mapping.model_dump_json().encode())
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


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
