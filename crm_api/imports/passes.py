"""The two passes over one file: checking every row, and writing the right ones.

Rows are read in a thread of their own, a slice at a time: memory stays the same for any size of file.
"""

import asyncio
import csv
import hashlib
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Self, TextIO
from uuid import UUID

from crm_api.access import Actor
from crm_api.core.cells import guarded
from crm_api.core.database import Database
from crm_api.core.errors import Problem
from crm_api.core.text import counted
from crm_api.imports import runs, service
from crm_api.imports.custom import is_custom
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
    possible_duplicates: int = 0
    duplicates: list[int] = field(default_factory=list)  # the first rows of those
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


class Work:
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

    async def check(self, *, dry_run: bool = False) -> None:
        """Find every fault of the file; writes nothing but the file of row errors.

        In a dry run duplicates are looked for too; else that is done on writing, when those within the file are there.
        """
        self.terms = await self.db.read(service.terms, self.job.mapping)
        with self.errors:
            async for records in self._slices("checking", prepare=self._take_in):
                await self._carry()
                right = [record for record in records if not record.faults]
                checked = await self.db.read(service.check, self.terms, right, duplicates=dry_run)
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
            if (value := record.values.get(name)) not in (None, ""):
                space = f"{self.terms.kind.kind} {name}"
                key = self.terms.unique_key(name, value)
                other = self.keys.claim(space, key, self.job.name, record.row)
                if other is not None:
                    record.faults.append(Fault(name, str(value), f"row {other} has the same {name}"))
        if not record.faults:
            names = [str(record.values.get(name) or "") for name in self.terms.kind.names]
            self.keys.name(self.terms.kind.kind, external_id, names, self.job.name, record.row)
        return True

    def _note(self, records: Sequence[Record], checked: service.Checked) -> None:
        for record in records:
            self._fault(record.row, record.faults)
        self.report.possible_duplicates += len(checked.alike)
        self.report.duplicates += checked.alike[: SHOWN - len(self.report.duplicates)]
        by_row: dict[int, list[Fault]] = {}
        for row, fault in checked.faults:
            by_row.setdefault(row, []).append(fault)
        for row, faults in by_row.items():
            self._fault(row, faults)
        for row, name, kind, text in checked.unanswered:
            # Also where an earlier row answers it: that row may yet fall.
            self.keys.wait(self.job.name, row, name, kind, text)
        # A custom field may lead in circles: nothing goes up along it.
        own = [name for name in own_references(self.terms) if not is_custom(name)]
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
                runs.finish,
                run_id=self.job.run_id,
                state=state,
                progress=100,
                total_rows=self.report.rows,
                error_rows=self.report.error_rows,
                repeated_rows=self.report.repeated,
                possible_duplicates=self.report.possible_duplicates,
                message=self._message(),
            )

    def _message(self) -> str | None:
        if not self.report.faults:
            return None
        row, fault = self.report.faults[0]
        where = f"row {row}" + (f", column '{fault.column}'" if fault.column else "")
        return f"{counted(self.report.error_rows, 'row is', 'rows are')} wrong; the first: {where}: {fault.message}"

    async def write(self, *, skip_errors: bool) -> None:
        """Write every row that was found right, a slice at a time."""
        run = await self._open(skip_errors)
        run_id, done = run.id, run.written_rows
        self.report.resumed_after = done
        self.report.duplicates = []  # writing finds those too that come twice in the file
        change_set_id = await self.db.write(runs.begin_writing, self.terms, run_id=run_id)
        # The pipeline the mapping describes is there only now.
        self.terms = await self.db.read(service.terms, self.job.mapping)
        try:
            async for records in self._slices("writing", prepare=self._is_left_to_write):
                if self._read_through <= done:
                    continue
                alike = await self.db.write(
                    runs.write_slice,
                    self.terms,
                    records,
                    run_id=run_id,
                    after=done,
                    through=self._read_through,
                    progress=round(self.file.position / max(self.file.size, 1) * 99),
                    forward=self._forward(records),
                )
                self.report.duplicates += alike[: SHOWN - len(self.report.duplicates)]
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
            runs.finish,
            run_id=run_id,
            state="done",
            progress=100,
            total_rows=self.report.rows,
            error_rows=self.report.error_rows,
            repeated_rows=self.report.repeated,
            message=self._message(),
        )
        self.report.created, self.report.updated = run.created_records, run.updated_records
        self.report.possible_duplicates = run.possible_duplicates
        self.report.unchanged, self.report.written = run.unchanged_records, True
        self.tell(Step(self.job.name, "done", 1.0))

    async def _open(self, skip_errors: bool) -> ImportRun:
        if self.job.run_id is not None:
            return await self.db.read(runs.one, self.actor, run_id=self.job.run_id)
        return await self.db.write(
            runs.open_run,
            self.actor,
            kind=self.job.mapping.kind,
            system=self.job.mapping.system,
            file_name=self.job.name,
            mapping=self.job.mapping.model_dump_json(exclude_defaults=True),
            digest=await asyncio.to_thread(digest_of, self.job.path, self.job.mapping),
            skip_errors=skip_errors,
        )

    def _is_right(self, record: Record) -> bool:
        return not self.keys.is_left_out(self.job.name, record.row)

    def _is_left_to_write(self, record: Record) -> bool:
        return record.row > self.report.resumed_after and self._is_right(record)

    def _names_another(self, record: Record) -> bool:
        return any(name in record.refers for name in own_references(self.terms)) and self._is_right(record)

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
        async for records in self._slices("linking", prepare=self._names_another):
            if records:
                await self.db.write(runs.link_slice, self.terms, records, change_set_id=change_set_id)

    # ── Reading ──────────────────────────────────────────────────────────────────────────────

    async def _slices(self, phase: str, *, prepare: Callable[[Record], bool]) -> AsyncIterator[list[Record]]:
        """The records of the file that `prepare` lets through, a slice at a time, read in a thread."""
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
        self._writer.writerow((self.name, row, fault.column, guarded(fault.value[:500]), fault.message))


def digest_of(path: Path, mapping: Mapping) -> str:
    """SHA-256 over a file and how it is read: what makes two imports the same one."""
    digest = hashlib.sha256(mapping.model_dump_json().encode())
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
