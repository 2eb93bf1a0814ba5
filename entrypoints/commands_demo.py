"""`crm demo` and `crm load-data`: records to look at and to try things on."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from crm_api.dependencies import State

# What a command needs is imported when it runs: `crm up` should not wait for any of it.


def demo(
    at: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day it is at; today if not given.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Another seed makes another company.")] = 7,
    remove: Annotated[bool, typer.Option("--remove", help="Take the demo company out again.")] = False,
) -> None:
    """Fill the database with an invented dealer business, or take it out again."""
    from crm_api.core import clock, context
    from entrypoints.cli import run
    from entrypoints.demo import load
    from entrypoints.demo.company import generate, newest_day

    async def add(state: "State") -> None:
        with context.working(origin="demo", label="Demo company"):
            await state.db.write(load.load, generate(at.date() if at else newest_day(clock.now()), seed))

    async def take_out(state: "State") -> int:
        with context.working(origin="demo", label="Removal of the demo company"):
            return await state.db.write(load.remove)

    if remove:
        count = run(take_out, label="demo --remove")
        typer.echo(f"{count:,} demo records removed." if count else "There is no demo company here.")
    else:
        run(add, label="demo")
        typer.echo("The demo company is here. `crm users password manager@demo.example` lets its manager in.")


def load_data(
    file: Annotated[
        Path | None, typer.Option(help="Records in the format of examples/demo.json, the default.")
    ] = None,
) -> None:
    """Load a small set of named records from a JSON file; what is there already is left alone."""
    from crm_api.core import context
    from crm_api.core.errors import Problem
    from entrypoints.cli import console, run
    from entrypoints.demo import dataset

    chosen = file or dataset.DEFAULT
    try:
        records = dataset.read(chosen)
    except Problem as problem:
        console.print(problem.detail, markup=False)
        raise typer.Exit(2) from None

    async def add(state: "State") -> dict[str, int]:
        # Origin import: no follow-up rule ever writes to these people.
        with context.working(origin="import", label=f"Data from {chosen.name}"):
            return await state.db.write(dataset.load, records)

    made: dict[str, int] = run(add, label="load-data")
    typer.echo(
        ", ".join(f"{count} {kind}" for kind, count in made.items()) if any(made.values()) else "Nothing new."
    )
