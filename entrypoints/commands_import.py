"""`crm import`: bring CSV files in from the command line."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from crm_api.dependencies import State
    from crm_api.imports import flows

# What the command needs is imported when it runs: `crm up` should not wait for any of it.


def import_files(
    path: Annotated[
        Path, typer.Argument(exists=True, help="The CSV file; with --plan, the folder of the files.")
    ],
    kind: Annotated[
        str | None,
        typer.Option("--as", help="accounts, contacts, leads, opportunities, orders, products, users"),
    ] = None,
    map_file: Annotated[Path | None, typer.Option("--map", help="The mapping file (TOML).")] = None,
    plan: Annotated[
        Path | None, typer.Option(help="A plan (TOML) that lists files and mappings in order.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check everything and write nothing.")] = False,
    skip_errors: Annotated[
        bool, typer.Option("--skip-errors", help="Leave faulty rows out, write the others.")
    ] = False,
) -> None:
    """Import CSV files. Nothing is written unless every row of every file is right, or with --skip-errors."""
    from crm_api.access import SYSTEM
    from crm_api.core.errors import Problem
    from crm_api.imports import flows
    from entrypoints.cli import console, run

    try:
        jobs = _jobs(path, kind, map_file, plan)
    except Problem as problem:
        console.print(problem.detail, markup=False)
        raise typer.Exit(2) from None

    async def work(state: "State") -> "list[flows.Report]":
        with _progress() as tell:
            return await flows.run_files(
                state.db, SYSTEM, jobs, errors_folder=state.settings.data_dir / "imports", dry_run=dry_run,
                skip_errors=skip_errors, progress=tell,
            )  # fmt: skip

    reports: list[flows.Report] = run(work, label="import")
    for report in reports:
        typer.echo(describe(report, dry_run=dry_run))
    if any(report.error_rows for report in reports) and not skip_errors:
        raise typer.Exit(1)


def _jobs(path: Path, kind: str | None, map_file: Path | None, plan: Path | None) -> "list[flows.Job]":
    from crm_api.core.errors import Invalid
    from crm_api.imports import flows, mapping

    if plan is not None and kind is None and map_file is None and path.is_dir():
        jobs = [flows.Job(path / name, mapping_, name) for name, mapping_ in mapping.read_plan(plan)]
        for job in jobs:
            if not job.path.is_file():
                raise Invalid(f"{plan.name}: there is no file {job.path}.")
        return jobs
    if plan is None and map_file is not None and path.is_file():
        return [flows.Job(path, mapping.load_mapping(map_file, kind=kind), path.name)]
    raise typer.BadParameter("give a file with --map (and --as), or a folder with --plan")


def describe(report: "flows.Report", *, dry_run: bool = False) -> str:
    """What became of one file, in a few lines for people."""
    from crm_api.core.text import counted

    lines = [f"{report.name}: {counted(report.rows, 'row', 'rows')}"]
    if report.written:
        lines[0] += (
            f", {report.created:,} {report.kind} created, {report.updated:,} changed,"
            f" {report.unchanged:,} as they were"
        )
        if report.resumed_after:
            lines.append(f"  went on after row {report.resumed_after:,}, where the last attempt ended")
    else:
        lines[0] += ", nothing written" + (" (dry run)" if dry_run else "")
    lines += [f"  row {row:,} repeats row {first:,} and was left out" for row, first in report.repeats]
    if report.repeated > len(report.repeats):
        lines.append(f"  … {report.repeated:,} repeated rows in all")
    if report.possible_duplicates:
        rows = ", ".join(f"{row:,}" for row in report.duplicates)
        more = " …" if report.possible_duplicates > len(report.duplicates) else ""
        lines.append(
            f"  {report.possible_duplicates:,} new rows probably are here already under another id: row {rows}{more}"
        )
    for row, fault in report.faults:
        where = f"row {row:,}" + (f", column '{fault.column}'" if fault.column else "")
        value = f" '{fault.value[:60]}'" if fault.value else ""
        lines.append(f"  {where}:{value} {fault.message}")
    if report.errors_file:
        lines.append(
            f"  {counted(report.error_rows, 'row is', 'rows are')} wrong; all of them: {report.errors_file}"
        )
    return "\n".join(lines)


@contextmanager
def _progress() -> "Iterator[flows.Progress]":
    """A bar a file and phase on a terminal; nothing where the output goes elsewhere."""
    from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeRemainingColumn

    from entrypoints.cli import console

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bars:
        tasks: dict[tuple[str, str], TaskID] = {}

        def tell(step: "flows.Step") -> None:
            if step.phase == "done":
                return
            key = (step.file, step.phase)
            if key not in tasks:
                tasks[key] = bars.add_task(f"{step.phase} {step.file}", total=1.0)
            bars.update(tasks[key], completed=step.fraction)

        yield tell
