"""The `crm` command. Each command is a few lines over the same flows and services the API uses."""

import asyncio
import os
import secrets
import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer
from pydantic import ValidationError
from rich.console import Console

from crm_api.core import context, logging
from crm_api.core.errors import Problem
from crm_api.settings import Settings, load
from entrypoints import commands_ask, commands_demo, commands_export, commands_import, commands_plan

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from crm_api.dependencies import State
    from entrypoints.start import Prepared

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
users_app = typer.Typer(no_args_is_help=True, help="The people who sign in.")
app.add_typer(users_app, name="users")
app.command("import")(commands_import.import_files)
app.command("export")(commands_export.export)
app.command("ask")(commands_ask.ask)
app.command("ask-eval")(commands_ask.ask_eval)
app.command("plan")(commands_plan.plan)
app.command("demo")(commands_demo.demo)
app.command("load-data")(commands_demo.load_data)
console = Console(stderr=True, highlight=False)


def settings() -> Settings:
    """The settings, or exit 2 naming the one that is wrong."""
    try:
        return load()
    except ValidationError as error:
        for fault in error.errors():
            console.print(f"[red]{'.'.join(str(p) for p in fault['loc']).upper()}[/red]: {fault['msg']}")
        raise typer.Exit(2) from None


def run(work: Callable[["State"], Awaitable[Any]], *, label: str, prepared: bool = True) -> Any:
    """Open everything, do the work as the command line, and turn a Problem into exit 1 with its sentence.

    The database is brought to this version first, with its first administrator, unless `prepared` is false.
    """
    from entrypoints.bootstrap import open_state

    async def main() -> Any:
        chosen = settings()
        logging.configure(chosen.log_level if chosen.log_level != "info" else "warning")
        if prepared:
            await _prepare(chosen)
        async with open_state(chosen) as state:
            with context.working(origin="cli", label=label):
                return await work(state)

    try:
        return asyncio.run(main())
    except Problem as problem:
        console.print(f"[red]{problem.title}.[/red] {problem.detail}")
        raise typer.Exit(1) from None


async def _prepare(chosen: Settings) -> "Prepared":
    from entrypoints import start

    made = await start.prepare(chosen)
    if made.new_password:
        console.print(f"Made the administrator {made.admin_email} with the password {made.new_password}")
    return made


@app.command()
def up() -> None:
    """Start the web process and the worker; Ctrl-C stops both."""
    from entrypoints import launch

    chosen = settings()
    logging.configure(chosen.log_level)
    raise typer.Exit(launch.up(chosen))


@app.command()
def serve() -> None:
    """Run the web process alone."""
    from entrypoints import processes

    chosen = settings()
    logging.configure(chosen.log_level)
    processes.serve(chosen)


@app.command()
def work() -> None:
    """Run the worker alone: the scheduler that relays events, plans follow-ups and sends mail."""
    from entrypoints import worker

    chosen = settings()
    logging.configure(chosen.log_level)
    raise typer.Exit(asyncio.run(worker.main(chosen)))


@app.command()
def migrate() -> None:
    """Bring the database to the schema of this version, SQLite files copied first, and make the first administrator."""
    made = asyncio.run(_prepare(settings()))
    was = "" if made.schema_before == made.schema else f" (was {made.schema_before or 'empty'})"
    console.print(f"Schema {made.schema}{was}")


@users_app.command("add")
def add_user(
    name: str,
    email: str,
    role: Annotated[str, typer.Option(help="administrator, manager, rep, field or viewer")] = "rep",
) -> None:
    """Add somebody who signs in; prints their password once."""
    from crm_api.users import service
    from crm_api.users.passwords import hash_password
    from crm_api.users.schemas import UserIn

    password = secrets.token_urlsafe(12)
    try:
        data = UserIn.model_validate({"name": name, "email": email, "role": role})
    except ValidationError as error:
        console.print("; ".join(f"{fault['loc'][0]}: {fault['msg']}" for fault in error.errors()))
        raise typer.Exit(2) from None
    run(
        lambda state: state.db.write(service.create, data=data, password_hash=hash_password(password)),
        label="users add",
    )
    typer.echo(password)


@users_app.command("list")
def list_users() -> None:
    """Everybody who signs in, by name: address, role, and whether they still may."""
    from crm_api.users import service

    def told(session: "Session") -> list[tuple[str, str | None, str, bool]]:
        return [(user.name, user.email, user.role, user.is_active) for user in service.everybody(session)]

    for name, email, role, is_active in run(lambda state: state.db.read(told), label="users list"):
        typer.echo(f"{email or '–':32} {role:14} {'' if is_active else 'inactive':9}{name}")


@users_app.command("password")
def reset_password(email: str) -> None:
    """Give somebody a new password, printed once; all their sessions end."""
    from crm_api.users.passwords import hash_password
    from entrypoints import start

    password = secrets.token_urlsafe(12)
    found = run(
        lambda state: state.db.write(start.set_password, email=email, password_hash=hash_password(password)),
        label="users password",
    )
    if not found:
        console.print(f"Nobody has the address {email}.")
        raise typer.Exit(1)
    typer.echo(password)


@app.command()
def doctor() -> None:
    """Say which parts are on, and what is missing for the rest."""
    from entrypoints.bootstrap import diagnose

    lines = run(diagnose, label="doctor", prepared=False)
    for line in lines:
        typer.echo(f"{'ok ' if line.ok else '-- '} {line.part:<16} {line.message}")
    raise typer.Exit(0 if all(line.ok for line in lines) else 1)


def main() -> None:
    """The console script. What goes wrong around it (a database that is down, a path that is not there) is one
    sentence; LOG_LEVEL=debug shows where it came from."""
    from entrypoints.failures import sentence

    try:
        app(prog_name="crm")
    except Exception as error:
        said = sentence(error)
        if said is None or os.environ.get("LOG_LEVEL", "").lower() == "debug":
            raise
        console.print(f"[red]This did not work.[/red] {said}", soft_wrap=True)
        sys.exit(1)


if __name__ == "__main__":
    sys.exit(main())  # type: ignore[func-returns-value]
