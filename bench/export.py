"""How fast an export is and how much memory it takes: `python -m bench.export --rows 1000000`.

For 10,000, 100,000 and so many leads in turn: rows a second, the highest memory of the exporting process, which
must not rise with the rows, and the ratio to a bare driver that SELECTs the same columns in one go and gives
them to csv.writer, in the same run. Each export runs in a process of its own, over the flow the API streams from.
"""

import argparse
import asyncio
import csv
import json
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
import warnings
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import asyncpg
import sqlalchemy as sa

from bench import data, serving
from crm_api import subscriptions
from crm_api.access import SYSTEM
from crm_api.conditions.filters import Query
from crm_api.core.database import Database
from crm_api.exports import flows
from crm_api.exports.orders import Order
from crm_api.leads.models import Lead
from crm_api.migrations.runner import migrate

SIZES = (10_000, 100_000, 1_000_000)
FEW = ("number", "title", "company_name", "email", "status", "score", "estimated_value", "created_at")


async def exported(url: str, out: Path, fields: tuple[str, ...]) -> tuple[int, float]:
    """Export all leads into a file; rows and seconds."""
    subscriptions.install()
    db = Database.open(url)
    started = time.perf_counter()
    export = await flows.begin(db, SYSTEM, Order("lead", Query(fields=fields)))
    with out.open("wb") as file:
        async for part in flows.stream(db, export):
            file.write(part)
    seconds = time.perf_counter() - started
    await db.close()
    return export.rows, seconds


async def bare(url: str, out: Path, columns: list[str]) -> tuple[int, float]:
    """The same columns with the driver alone, a cursor and csv.writer."""
    statement = (
        f"SELECT {', '.join(columns)} FROM leads WHERE archived_at IS NULL ORDER BY created_at DESC, id DESC"
    )
    started, rows = time.perf_counter(), 0
    with out.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        if url.startswith("sqlite"):
            with sqlite3.connect(url.removeprefix("sqlite:///")) as raw:
                for row in raw.execute(statement):
                    writer.writerow(row)
                    rows += 1
        else:
            connection = await asyncpg.connect(url)
            async with connection.transaction(readonly=True):
                async for row in connection.cursor(statement, prefetch=1000):
                    writer.writerow(row)
                    rows += 1
            await connection.close()
    return rows, time.perf_counter() - started


def one(url: str, out: str, what: str) -> None:
    """One measurement in this process, told as JSON: what a child process does."""
    fields = FEW if what.endswith("few") else ()
    columns = (
        [column.name for column in sa.inspect(Lead).columns] if not fields else ["id", *_columns(fields)]
    )
    work = bare(url, Path(out), columns) if what.startswith("bare") else exported(url, Path(out), fields)
    rows, seconds = asyncio.run(work)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(
        json.dumps({"rows": rows, "seconds": seconds, "peak": peak, "size": Path(out).stat().st_size})
    )


def _columns(fields: tuple[str, ...]) -> list[str]:
    known = {column.name for column in sa.inspect(Lead).columns}
    return [name for name in fields if name in known]


def measured(url: str, folder: Path, what: str) -> dict[str, Any]:
    """One measurement in a process of its own, so that its memory is its own."""
    command = [
        sys.executable,
        "-m",
        "bench.export",
        "--one",
        what,
        "--url",
        url,
        "--out",
        str(folder / "out"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


async def filled(url: str, rows: int) -> None:
    """A new database with so many leads."""
    await migrate(url)
    db = Database.open(url)
    await data.fill(db, rows)
    await db.close()


def report(url: str, folder: Path, rows: int) -> None:
    """One line an export: all columns, and eight of them."""
    for columns in ("all", "few"):
        ours = measured(url, folder, f"export {columns}")
        ceiling = measured(url, folder, f"bare {columns}")
        if ours["rows"] != rows or ceiling["rows"] != rows:
            sys.exit(f"{ours['rows']:,} and {ceiling['rows']:,} rows of {rows:,} were exported")
        rate, most = rows / ours["seconds"], rows / ceiling["seconds"]
        print(
            f"{rows:>10,} {columns:>8} {rate:>10,.0f} {ours['peak']:>10,.0f} {most:>12,.0f} {most / rate:>10.1f}"
            f" {ours['size'] / 1e6:>8,.0f}"
        )


def main() -> None:
    """Fill, measure, print."""
    warnings.simplefilter("ignore")
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=100_000, help="the most rows (100,000)")
    parser.add_argument("--sqlite", action="store_true", help="SQLite instead of PostgreSQL")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    parser.add_argument("--out", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        one(options.url, options.out, options.one)
        return
    subscriptions.install()
    print(f"{'SQLite' if options.sqlite else 'PostgreSQL'}; leads, CSV, by -created_at")
    print("      rows  columns     rows/s    peak MB  bare rows/s  bare/ours       MB")
    for size in sorted({*(size for size in SIZES if size < options.rows), options.rows}):
        with ExitStack() as opened:
            folder = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="rounds-export-")))
            sqlite = f"sqlite:///{folder / 'rounds.db'}"
            url = sqlite if options.sqlite else opened.enter_context(serving.postgresql())[0]
            asyncio.run(filled(url, size))
            report(url, folder, size)


if __name__ == "__main__":
    main()
