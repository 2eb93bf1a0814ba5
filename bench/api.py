"""How fast the API is, beside what it could at most be: `make bench`, or `python -m bench.api --help`.

Some calls over 32 connections, or as many as told, against one web process. Ceilings, measured in the same rounds on
the same machine: a FastAPI route that does nothing; for each call a bare FastAPI route that checks the token and sends
the same SQL over the driver; and that SQL alone. The ratios carry over to other machines; requests a second do not.
"""

import argparse
import asyncio
import json
import pickle
import random
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import httpx
import psutil

from bench import data, serving
from bench.load import Request, Result, drive
from bench.replay import Call, recording, repeat
from bench.targets import CONNECTIONS, FEW, LEADS, Target, targets
from crm_api.app import create_app
from crm_api.core.database import Database
from crm_api.settings import Settings
from entrypoints.bootstrap import open_state

DRAWN = 500  # leads that are read one by one
SECRET = "a secret for measuring, shared by both processes"


@dataclass(slots=True)
class Measured:
    """All turns of one call: over HTTP, of its bare route and of its bare SQL. CPU in milliseconds a request."""

    results: list[Result] = field(default_factory=list)
    server: list[float] = field(default_factory=list)
    database: list[float] = field(default_factory=list)
    route: list[Result] = field(default_factory=list)
    route_server: list[float] = field(default_factory=list)
    bare: list[Result] = field(default_factory=list)
    statements: int = 0
    answer: int = 0


@dataclass(frozen=True, slots=True)
class Recorded:
    """What the first few requests of a call sent to the database, and the bytes of an answer."""

    calls: list[Call]
    answer: int


async def record(settings: Settings, target: Target) -> Recorded:
    """What each of the first few requests of a call sends to the database."""
    calls, answered = [], 0
    async with _client(settings) as client:
        client.headers["Authorization"] = f"Bearer {target.token}"
        # From here on the session is kept, and what a process keeps of the settings, as both are under load.
        for request in target.turn()[:1]:
            await client.request(request.method, request.path, json=request.body)
        for request in target.requests[:20]:
            with recording() as call:
                answer = await client.request(request.method, request.path, json=request.body)
            if answer.is_error:
                asked = f"{target.name}: {request.method} {request.path}"
                sys.exit(f"{asked} answered {answer.status_code} {answer.text}")
            calls.append(call)
            answered = len(answer.content)
    return Recorded(calls, answered)


async def half_way(settings: Settings, token: str, rows: int) -> str:
    """The cursor of the page in the middle, newest leads first."""
    async with _client(settings) as client:
        path = f"{LEADS}?sort=-created_at&limit=50&count=none&skip={rows // 2}"
        answer = await client.get(path, headers={"Authorization": f"Bearer {token}"})
        return str(answer.raise_for_status().json()["next_cursor"])


async def sign_in(settings: Settings, email: str) -> str:
    """An access token; it lives ten minutes, longer than any measurement here."""
    async with _client(settings) as client:
        answer = await client.post("/api/v1/auth/token", data={"username": email, "password": data.PASSWORD})
        return str(answer.raise_for_status().json()["access_token"])


@asynccontextmanager
async def _client(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(settings, lambda: open_state(settings))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://bench") as client,
    ):
        yield client


async def prepare(settings: Settings, rows: int, per_lead: int) -> tuple[list[Target], dict[str, Recorded]]:
    """Fill the database unless it is full already, sign in, record the calls."""
    db = Database.open(settings.database)
    started = time.perf_counter()
    try:
        await db.create_all()
        async with open_state(settings):  # installs the catalogues and the audit trail
            if not (ids := await db.read(data.some_leads, rows, DRAWN)):
                await data.fill(db, rows, per_lead)
                ids = await db.read(data.some_leads, rows, DRAWN)
            await db.write(data.put_away)
    finally:
        await db.close()
    told = f"{rows:,} leads, {rows * per_lead:,} activities and {rows // 5:,} deals"
    print(f"filled with {told} in {time.perf_counter() - started:.0f} s", flush=True)
    administrator = await sign_in(settings, "admin@bench.example")
    rep = await sign_in(settings, "rep0@bench.example")
    chosen = targets(ids, administrator, rep, await half_way(settings, administrator, rows))
    return chosen, {target.name: await record(settings, target) for target in chosen}


def measure(
    target: Target,
    port: int,
    web: psutil.Process,
    seconds: float,
    results: list[Result],
    server: list[float],
    others: tuple[psutil.Process | None, list[float]] = (None, []),
) -> None:
    """One turn of one call over HTTP, with the CPU time of the web process and of another."""
    process, spent_there = others
    if target.connections == FEW:
        seconds *= 3  # such a call takes a second or more
    before = serving.cpu_seconds(web), serving.cpu_seconds(process)
    result = drive(port, target.turn(), token=target.token, seconds=seconds, connections=target.connections)
    results.append(result)
    server.append(1000 * (serving.cpu_seconds(web) - before[0]) / max(result.requests, 1))
    spent_there.append(1000 * (serving.cpu_seconds(process) - before[1]) / max(result.requests, 1))


def run(options: argparse.Namespace) -> tuple[dict[str, Measured], int]:
    """The whole measurement: prepare, then rounds in which every call and every ceiling has its turn.

    Returns what was measured, and the bytes of memory the web process holds in the end.
    """
    with ExitStack() as stack:
        directory = stack.enter_context(tempfile.TemporaryDirectory(prefix="rounds-bench-"))
        url, database = f"sqlite:///{options.keep or directory}/rounds.db", None
        if not options.sqlite:
            url, database = stack.enter_context(serving.postgresql(options.keep))
        environment = {
            "DATABASE_URL": url,
            "DATA_DIR": directory,
            "SECRET_KEY": SECRET,
            "LOG_LEVEL": "warning",
            "RATE_LIMIT": "0",
        }
        values = {name.lower(): value for name, value in environment.items()}
        settings = Settings(_env_file=None, **values)  # type: ignore[arg-type, call-arg]
        chosen, recorded = asyncio.run(prepare(settings, options.rows, options.activities))
        chosen = [_over(target, options.connections) for target in chosen if options.only in target.name]
        port, web = stack.enter_context(serving.web("entrypoints.web:app", environment, factory=True))
        peer = {} if options.sqlite else _peer(Path(directory, "calls"), url, chosen, recorded)
        peer_port, peer_web = stack.enter_context(serving.web("bench.ceilings:app", peer, factory=False))
        nothing = Target("empty route", "", [Request("GET", "/empty")])
        found = {target.name: Measured() for target in [nothing, *chosen]}
        for target in chosen:  # caches, prepared statements, connections
            found[target.name].statements = max(call.statements for call in recorded[target.name].calls)
            found[target.name].answer = recorded[target.name].answer
            drive(port, target.turn(), token=target.token, seconds=1, connections=target.connections)
        for number in range(options.rounds):
            empty = found[nothing.name]
            serving.settle(web, peer_web, database)
            measure(nothing, peer_port, peer_web, options.seconds, empty.results, empty.server)
            for target in random.Random(number).sample(chosen, len(chosen)):
                into = found[target.name]
                also = database, into.database
                serving.settle(web, peer_web, database)
                measure(target, port, web, options.seconds, into.results, into.server, also)
                if peer:
                    bare = target.bare()
                    serving.settle(web, peer_web, database)
                    measure(bare, peer_port, peer_web, options.seconds, into.route, into.route_server)
                into.bare.append(repeat(url, recorded[target.name].calls, seconds=options.seconds / 2))
        return found, web.memory_info().rss


def _over(target: Target, connections: int) -> Target:
    return target if target.connections == FEW else replace(target, connections=connections)


def _peer(kept: Path, url: str, chosen: list[Target], recorded: dict[str, Recorded]) -> dict[str, str]:
    """The environment of the process with the bare routes."""
    calls = {target.path.rpartition("/")[2]: recorded[target.name].calls for target in chosen}
    kept.write_bytes(pickle.dumps(calls))
    return {"BENCH_CALLS": str(kept), "BENCH_URL": url, "SECRET_KEY": SECRET}


def table(found: dict[str, Measured]) -> str:
    """The medians as text: figures of this machine to the left, the ratios that carry over to the right."""
    lines = [
        f"{'':22}{'HTTP':^27}{'CPU ms a request':^20}{'a request':^16}"
        f"{'times its bare route':^24}{'share of':>10}",
        f"{'':22}{'req/s':>9}{'p50 ms':>9}{'p99 ms':>9}{'server':>10}{'database':>10}{'SQL':>6}{'bytes':>10}"
        f"{'CPU':>8}{'p50':>8}{'p99':>8}{'bare SQL':>10}",
    ]
    for name, measured in found.items():
        http, route, bare = (_medians(of) for of in (measured.results, measured.route, measured.bare))
        server = statistics.median(measured.server)
        line = f"{name:22}{http[0]:9,.0f}{http[1]:9.1f}{http[2]:9.1f}"
        line += f"{server:10.2f}{statistics.median(measured.database or [0]):10.2f}"
        line += f"{measured.statements:6}{measured.answer:10,}"
        if measured.route:
            cpu = server / statistics.median(measured.route_server)
            line += f"{cpu:8.1f}{_times(http[1], route[1]):8.1f}{_times(http[2], route[2]):8.1f}"
        else:
            line += f"{'':24}"
        line += f"{_times(http[0], bare[0]):10.1%}" if measured.bare else ""
        failed = sum(result.failed for result in [*measured.results, *measured.route])
        lines.append(line + (f"   {failed} failed" if failed else ""))
    return "\n".join(lines)


def _times(ours: float, theirs: float) -> float:
    """How many times theirs ours is; nothing can be said where a turn was too short for one answer."""
    return ours / theirs if theirs else float("nan")


def _medians(results: list[Result]) -> tuple[float, float, float]:
    if not results:
        return (float("nan"),) * 3
    columns = zip(*((r.per_second, r.p50, r.p99) for r in results), strict=True)
    return tuple(statistics.median(column) for column in columns)  # type: ignore[return-value]


def main() -> None:
    """Measure and print; with --json, write every round to a file too."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=100_000, help="leads in the database (100000)")
    parser.add_argument("--activities", type=int, default=3, help="activities a lead (3)")
    parser.add_argument("--only", default="", help="just the calls with this in their name")
    parser.add_argument("--connections", type=int, default=CONNECTIONS, help=f"at a time ({CONNECTIONS})")
    parser.add_argument("--sqlite", action="store_true", help="SQLite instead of PostgreSQL")
    parser.add_argument("--rounds", type=int, default=3, help="how often every call has its turn (3)")
    parser.add_argument("--seconds", type=float, default=2, help="how long a turn lasts (2)")
    parser.add_argument(
        "--keep", type=Path, help="keep the database in this directory, and use one that is there"
    )
    parser.add_argument("--json", type=Path, help="write every round to this file")
    options = parser.parse_args()
    found, memory = run(options)
    engine = "SQLite" if options.sqlite else "PostgreSQL"
    client = "wrk" if shutil.which("wrk") else "Python client"
    rounds = f"medians of {options.rounds} rounds of {options.seconds:g} s"
    print(
        f"{engine}, {options.connections} connections, one web process, {client}; {rounds}\n\n{table(found)}"
    )
    print(f"\nthe web process holds {memory / 2**20:,.0f} MiB in the end")
    if options.json:
        options.json.write_text(
            json.dumps({name: asdict(measured) for name, measured in found.items()}, indent=1)
        )
    if any(r.failed for measured in found.values() for r in [*measured.results, *measured.route]):
        sys.exit("some requests failed; figures with failures mean nothing")


if __name__ == "__main__":
    main()
