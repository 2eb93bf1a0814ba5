"""`crm up`: prepare the database, start both processes, say where and how to sign in.

Where the schema is this version's already, the processes load while the parent prepares: that is what every
start but the first is like, and it halves the waiting.
"""

import asyncio
import os
import secrets
import sqlite3
from contextlib import closing
from pathlib import Path

from rich.console import Console

from crm_api.settings import Settings
from entrypoints import processes

_REVISIONS = Path(__file__).resolve().parents[1] / "crm_api" / "migrations" / "versions"


def up(settings: Settings) -> int:
    """Run until Ctrl-C or SIGTERM; returns the exit code, 1 where the port is taken."""
    out, error = Console(highlight=False), Console(stderr=True, highlight=False)
    if not processes.is_free(settings.host, settings.port):
        error.print(f"[red]Port {settings.port} of {settings.host} is taken;[/red] set PORT to another one.")
        return 1
    if settings.web_workers > 1 and settings.database.startswith("sqlite"):
        error.print(
            "[yellow]WEB_WORKERS is for PostgreSQL; on SQLite one web process is faster than several.[/yellow]"
        )
    demo_password = None
    if settings.demo and not settings.is_local:
        error.print(
            "[yellow]DEMO is for this machine only; HOST is not, so there are no demo sign-ins.[/yellow]"
        )
    elif settings.demo:
        # The web process offers the demo users at the sign-in and reads it from there.
        demo_password = os.environ.setdefault("DEMO_PASSWORD", secrets.token_urlsafe(9))
    return asyncio.run(_run(settings, demo_password, out))


async def _run(settings: Settings, demo_password: str | None, out: Console) -> int:
    is_current = is_at_newest_schema(settings.database)
    preparing = asyncio.create_task(asyncio.to_thread(_prepare, settings, demo_password))
    if not is_current:
        await preparing

    def announce() -> None:
        admin_email, new_password = preparing.result()
        out.print(f"\n  Rounds is ready at [bold]{settings.address}[/bold]")
        if new_password:
            out.print(f"  Sign in as {admin_email} with {new_password} (shown this once)")
        if demo_password:
            from entrypoints.start import DEMO_USERS

            out.print(f"  Demo users: {', '.join(DEMO_USERS)}\n  with the password {demo_password}")
        out.print("  Ctrl-C stops it.\n")

    def is_prepared() -> bool:
        if preparing.done():
            preparing.result()  # what went wrong there ends everything, with its own words
        return preparing.done()

    return await processes.supervise(settings, is_prepared=is_prepared, on_ready=announce)


def _prepare(settings: Settings, demo_password: str | None) -> tuple[str, str | None]:
    from entrypoints import start

    prepared = asyncio.run(start.prepare(settings, demo_password=demo_password))
    return prepared.admin_email, prepared.new_password


def newest_revision() -> str:
    """The schema of this version."""
    return max(file.name.partition("_")[0] for file in _REVISIONS.glob("[0-9]*.py"))


def is_at_newest_schema(url: str) -> bool:
    """Whether a SQLite file needs no migration, found out without loading Alembic; False where unsure."""
    path = Path(url.removeprefix("sqlite:///"))
    if not url.startswith("sqlite:///") or not path.exists():
        return False
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            return connection.execute("SELECT version_num FROM alembic_version").fetchall() == [
                (newest_revision(),)
            ]
    except sqlite3.Error:
        return False
