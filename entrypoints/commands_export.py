"""`crm export`: every record of a kind that matches, into a file."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from crm_api.dependencies import State

# What the command needs is imported when it runs: `crm up` should not wait for any of it.


def export(
    kind: Annotated[
        str,
        typer.Argument(
            help="accounts, contacts, leads, opportunities, orders, activities, products, segments, tags"
        ),
    ],
    out: Annotated[Path, typer.Option("--out", help="The file to write; one that is there is replaced.")],
    format: Annotated[str, typer.Option("--format", help="csv or jsonl")] = "csv",
    where: Annotated[
        list[str] | None,
        typer.Option(
            "--where", help="A filter as the API takes it, such as status=qualified; may be repeated."
        ),
    ] = None,
    sort: Annotated[str | None, typer.Option("--sort", help="One field; -field for descending.")] = None,
    fields: Annotated[str | None, typer.Option("--fields", help="The columns; all by default.")] = None,
    bom: Annotated[bool, typer.Option("--bom", help="Begin with a byte order mark, for Excel.")] = False,
) -> None:
    """Export records as CSV or JSON lines. The file has its name only once it is whole."""
    from crm_api.access import system
    from crm_api.core.errors import Problem
    from crm_api.exports import flows, orders
    from entrypoints.cli import console, run

    asked = [("format", format), ("bom", str(bom)), *_filters(where or [])]
    asked += [(name, value) for name, value in (("sort", sort), ("fields", fields)) if value]
    try:
        order = orders.from_parameters(orders.exported(kind), asked)
    except Problem as problem:
        console.print(problem.detail, markup=False)
        raise typer.Exit(2) from None

    async def work(state: "State") -> int:
        begun = await flows.begin(state.db, await state.db.read(system), order)
        part = out.with_name(f"{out.name}.part")
        with part.open("wb") as file:
            async for piece in flows.stream(state.db, begun):
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        part.replace(out)
        return begun.rows

    rows: int = run(work, label="export")
    typer.echo(f"{rows:,} {kind} in {out}")


def _filters(given: list[str]) -> list[tuple[str, str]]:
    filters = []
    for text in given:
        name, separator, value = text.partition("=")
        if not separator:
            raise typer.BadParameter(f"write a filter as name=value, not '{text}'")
        filters.append((name, value))
    return filters
