"""How long the server works on each page of a large company: `python -m bench.pages`, for PostgreSQL; `--sqlite`.

    python -m bench.pages --rows 10000            a tenth of the usual 100,000 leads and a million activities
    python -m bench.pages --keep DIR              keep the database there, and use one that is there
    python -m bench.pages --only board --times 50 some pages, more often

Every page of `tools/pages.py` is opened one after the other, as somebody who sees everything, as the manager of a
team, as a rep and on the road, over one connection to one web process. Beside the seconds of the wall, which
a busy machine stretches, stand the CPU milliseconds of the web process and of the database; the ratio is that of the
medians to the settings page of the same run, which reads nothing: what is left is the page's own. Exits with 1 where a
page takes longer than `--most` milliseconds at p95, or with `--cpu` where it takes more CPU time than that.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import psutil

from bench import company, serving
from bench.data import PASSWORD
from crm_api import subscriptions
from crm_api.core.database import Database
from tools.pages import ADMINISTRATOR, MANAGER, PAGES, REP, Page
from tools.walker import Walker

EMPTY = "/crm/settings"
ADDRESSES = {ADMINISTRATOR: "admin", MANAGER: "manager", REP: "rep0", "field": "field"}
ON_THE_ROAD = ("/", "/crm/visits", "/visits")  # what a field rep is measured on: theirs have a planned day


@dataclass(slots=True)
class Measured:
    """The seconds of each time a page was opened, and the CPU seconds of all of them together."""

    seconds: list[float] = field(default_factory=list)
    web: float = 0.0
    database: float = 0.0
    bytes: int = 0

    def at(self, share: float) -> float:
        """The milliseconds that so many were answered within."""
        ordered = sorted(self.seconds)
        return 1000 * ordered[min(int(len(ordered) * share), len(ordered) - 1)]


async def prepared(url: str, rows: int) -> None:
    """The company, unless it is there already."""
    subscriptions.install()
    db = Database.open(url)
    try:
        await db.create_all()
        began = time.perf_counter()
        if not await db.read(company.is_filled, rows):
            await db.write(company.fill, rows)
            told = f"{rows:,} leads, {rows * company.PER_LEAD:,} activities and {rows * 3 // 10:,} deals"
            print(
                f"filled with {told} in {timedelta(seconds=round(time.perf_counter() - began))}", flush=True
            )
    finally:
        await db.close()


def walked(role: str, only: str) -> list[Page]:
    """The pages that are measured as somebody of a role."""
    mine = [page for page in PAGES if page.only in (None, role) and only in page.name]
    if role == "field":
        mine = [page for page in mine if page.path == "/" or page.path.startswith(ON_THE_ROAD[1:])]
    return mine


def measure(
    walker: Walker,
    page: Page,
    times: int,
    web: psutil.Process,
    database: psutil.Process | None,
    into: Measured,
) -> None:
    """Open a page so many times."""
    path = walker.address(page)
    before = serving.cpu_seconds(web), serving.cpu_seconds(database)
    for _ in range(times):
        began = time.perf_counter()
        answer = walker.get(path, part=page.part)
        into.seconds.append(time.perf_counter() - began)
        if answer.status_code != 200:
            sys.exit(f"{path} answered {answer.status_code}")
        into.bytes = len(answer.content)
    into.web += serving.cpu_seconds(web) - before[0]
    into.database += serving.cpu_seconds(database) - before[1]


def run(options: argparse.Namespace) -> dict[tuple[str, str], Measured]:
    """The whole measurement, by role and page."""
    with ExitStack() as stack:
        directory = stack.enter_context(tempfile.TemporaryDirectory(prefix="rounds-bench-"))
        url, database = f"sqlite:///{options.keep or directory}/rounds.db", None
        if not options.sqlite:
            url, database = stack.enter_context(serving.postgresql(options.keep))
        asyncio.run(prepared(url, options.rows))
        environment = {"DATABASE_URL": url, "DATA_DIR": directory, "LOG_LEVEL": "warning", "RATE_LIMIT": "0"}
        environment["WEBHOOK_ALLOW_NETWORKS"] = (
            "127.0.0.0/8"  # nothing is sent; an address of this machine is taken
        )
        port, web = stack.enter_context(serving.web("entrypoints.web:app", environment, factory=True))
        found: dict[tuple[str, str], Measured] = {}
        for role in options.role:
            walker = stack.enter_context(
                Walker(f"http://127.0.0.1:{port}", f"{ADDRESSES[role]}@bench.example", PASSWORD)
            )
            ready(walker, role)
            mine = walked(role, options.only)
            for page in mine:  # caches, prepared statements
                measure(walker, page, 2, web, database, Measured())
            empty = Page(EMPTY, EMPTY)
            for _ in range(options.rounds):
                for page in [empty, *(page for page in mine if page.path != EMPTY)]:
                    into = found.setdefault((role, ("~ " if page.part else "") + page.name), Measured())
                    measure(walker, page, options.times, web, database, into)
        return found


def ready(walker: Walker, role: str) -> None:
    """What the pages of a role show has to be there: an answer, a webhook, an import, a planned day."""
    if role == ADMINISTRATOR:
        walker.set_up()
    elif role == "field":
        walker.plan()
    walker.look_up()
    walker.ask()


def table(found: dict[tuple[str, str], Measured], most: float, by_cpu: bool) -> tuple[str, list[str]]:
    """The figures as text, the slowest last; and the pages that take longer than they may."""
    name = Page(EMPTY, EMPTY).name
    lines = [f"{'':14}{'':52}{'p50 ms':>9}{'p95 ms':>9}{'web CPU':>9}{'db CPU':>9}{'kB':>7}{'ratio':>8}"]
    slow = []
    for (role, page), measured in sorted(found.items(), key=lambda item: item[1].at(0.5)):
        count = len(measured.seconds)
        ratio = statistics.median(measured.seconds) / statistics.median(found[role, name].seconds)
        busy = 1000 * (measured.web + measured.database) / count
        late = (busy if by_cpu else measured.at(0.95)) > most
        slow += [f"{page} ({role})"] if late else []
        lines.append(
            f"{role:14}{page[:52]:52}{measured.at(0.5):9.1f}{measured.at(0.95):9.1f}{1000 * measured.web / count:9.1f}"
            f"{1000 * measured.database / count:9.1f}{measured.bytes / 1000:7.1f}{ratio:8.1f}{'  !' if late else ''}"
        )
    return "\n".join(lines), slow


def main() -> None:
    """Fill, measure, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--rows", type=int, default=100_000, help="leads; ten times as many activities (100000)"
    )
    parser.add_argument("--sqlite", action="store_true", help="SQLite instead of PostgreSQL")
    parser.add_argument("--only", default="", help="just the pages with this in their address")
    parser.add_argument("--role", choices=list(ADDRESSES), action="append", help="whose pages; all four")
    parser.add_argument("--times", type=int, default=10, help="how often a page is opened a round (10)")
    parser.add_argument("--rounds", type=int, default=2, help="rounds over all pages (2)")
    parser.add_argument("--most", type=float, default=100.0, help="milliseconds a page may take at p95 (100)")
    parser.add_argument("--cpu", action="store_true", help="judge by CPU time, where the machine is busy")
    parser.add_argument(
        "--keep", type=Path, help="keep the database in this directory, and use one that is there"
    )
    options = parser.parse_args()
    options.role = options.role or list(ADDRESSES)
    text, slow = table(run(options), options.most, options.cpu)
    print(f"{'SQLite' if options.sqlite else 'PostgreSQL'}, one web process, one connection\n\n{text}")
    if slow:
        sys.exit(
            f"\n{len(slow)} above {options.most:g} ms{' of CPU' if options.cpu else ' at p95'}: {', '.join(slow)}"
        )


if __name__ == "__main__":
    main()
