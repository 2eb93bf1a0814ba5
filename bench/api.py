"""How fast the API is, beside what it could at most be: `make bench`, or `python -m bench.api --help`.

Five calls over 32 connections against one web process: create, get, a filtered and sorted list with its
total, search, pipeline statistics; the list once more as a rep, who sees a twentieth. Two ceilings, measured
in the same rounds on the same machine: a FastAPI route that does nothing, and the bare SQL of the same call,
recorded from the service and repeated over the driver without it. The ratios carry over to other machines;
requests a second do not.
"""

import argparse
import asyncio
import json
import random
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import asdict, dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import psutil

from bench import data, serving
from bench.load import Request, Result, drive
from bench.replay import TOKEN, Call, recording, repeat
from crm_api.app import create_app
from crm_api.core.database import Database
from crm_api.settings import Settings
from entrypoints.bootstrap import open_state

CONNECTIONS = 32
SECRET = "a secret for measuring, shared by both processes"
_created = count(1)


@dataclass(slots=True)
class Measured:
    """All rounds of one call. `server` and `database` are CPU milliseconds a request."""

    results: list[Result] = field(default_factory=list)
    bare: list[Result] = field(default_factory=list)
    server: list[float] = field(default_factory=list)
    database: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Target:
    """One call: who makes it, and the requests, new ones each round for a call that writes."""

    name: str
    token: str
    requests: list[Request]
    creates: bool = False

    def round(self) -> list[Request]:
        """The requests of the next round; each lead that is created has an address of its own."""
        return (
            [new_lead(f"created{next(_created)}") for _ in range(20_000)] if self.creates else self.requests
        )


def new_lead(name: str) -> Request:
    """A request that creates a lead."""
    body = {
        "title": f"Lead {name}",
        "company_name": f"{name} Motors",
        "first_name": "Ada",
        "last_name": name,
        "email": f"{name}@bench.example",
        "phone": "+1 614 555 0100",
        "city": "Columbus",
        "source": "website",
        "estimated_value": 12_500,
    }
    return Request("POST", "/api/v1/crm/leads", body)


def targets(ids: list[Any], administrator: str, rep: str) -> list[Target]:
    """The calls that are measured."""
    drawn = random.Random(1).sample(ids, min(500, len(ids)))
    listed = "/api/v1/crm/leads?status=qualified&priority=high&sort=-score&page_size=50"
    searched = [f"/api/v1/crm/leads?search={w.replace(' ', '+')}&page_size=20" for w in data.search_words()]
    return [
        Target("create", administrator, [new_lead(TOKEN)], creates=True),
        Target("get", administrator, [Request("GET", f"/api/v1/crm/leads/{i}") for i in drawn]),
        Target("list", administrator, [Request("GET", listed)]),
        Target("list as a rep", rep, [Request("GET", listed)]),
        Target("search", administrator, [Request("GET", path) for path in searched]),
        Target(
            "pipeline statistics", administrator, [Request("GET", "/api/v1/crm/opportunities/pipeline/stats")]
        ),
    ]


async def record(settings: Settings, target: Target) -> list[Call]:
    """What each of the first few requests of a call sends to the database."""
    calls = []
    async with _client(settings) as client:
        client.headers["Authorization"] = f"Bearer {target.token}"
        await client.get("/api/v1/auth/me")  # from here on the session is cached, as it is under load
        for request in target.requests[:20]:
            with recording() as call:
                answer = await client.request(request.method, request.path, json=request.body)
            if answer.is_error:
                asked = f"{target.name}: {request.method} {request.path}"
                sys.exit(f"{asked} answered {answer.status_code} {answer.text}")
            calls.append(call)
    return calls


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


async def prepare(settings: Settings, rows: int) -> tuple[list[Target], dict[str, list[Call]]]:
    """Fill the database, sign in, record the calls."""
    db = Database.open(settings.database)
    started = time.perf_counter()
    try:
        await db.create_all()
        async with open_state(settings):  # installs the catalogues and the audit trail
            ids, reps = await data.fill(db, rows)
    finally:
        await db.close()
    print(f"filled with {rows:,} leads and {rows // 5:,} deals in {time.perf_counter() - started:.0f} s")
    administrator = await sign_in(settings, "admin@bench.example")
    chosen = targets(ids, administrator, await sign_in(settings, reps[0]))
    return chosen, {target.name: await record(settings, target) for target in chosen}


def measure(
    target: Target,
    port: int,
    web: psutil.Process,
    database: psutil.Process | None,
    seconds: float,
    into: Measured,
) -> None:
    """One round of one call over HTTP."""
    before = serving.cpu_seconds(web), serving.cpu_seconds(database)
    result = drive(port, target.round(), token=target.token, seconds=seconds, connections=CONNECTIONS)
    spent = serving.cpu_seconds(web) - before[0], serving.cpu_seconds(database) - before[1]
    into.results.append(result)
    into.server.append(1000 * spent[0] / max(result.requests, 1))
    into.database.append(1000 * spent[1] / max(result.requests, 1))


def run(options: argparse.Namespace) -> dict[str, Measured]:
    """The whole measurement: prepare, then rounds in which every call and every ceiling has its turn."""
    with ExitStack() as stack:
        directory = stack.enter_context(tempfile.TemporaryDirectory(prefix="rounds-bench-"))
        url, database = f"sqlite:///{directory}/rounds.db", None
        if not options.sqlite:
            url, database = stack.enter_context(serving.postgresql())
        environment = {
            "DATABASE_URL": url,
            "DATA_DIR": directory,
            "SECRET_KEY": SECRET,
            "LOG_LEVEL": "warning",
        }
        values = {name.lower(): value for name, value in environment.items()}
        settings = Settings(_env_file=None, **values)  # type: ignore[arg-type, call-arg]
        chosen, calls = asyncio.run(prepare(settings, options.rows))
        port, web = stack.enter_context(serving.web("entrypoints.web:app", environment, factory=True))
        empty_port, empty_web = stack.enter_context(serving.web("bench.ceilings:app", {}, factory=False))
        nothing = Target("empty route", "", [Request("GET", "/empty")])
        found = {target.name: Measured() for target in [nothing, *chosen]}
        for target in chosen:  # caches, prepared statements, connections
            drive(port, target.round(), token=target.token, seconds=1, connections=CONNECTIONS)
        for number in range(options.rounds):
            measure(nothing, empty_port, empty_web, None, options.seconds, found[nothing.name])
            for target in random.Random(number).sample(chosen, len(chosen)):
                measure(target, port, web, database, options.seconds, found[target.name])
                found[target.name].bare.append(repeat(url, calls[target.name], seconds=options.seconds / 2))
        return found


def table(found: dict[str, Measured]) -> str:
    """The medians as text: figures of this machine to the left, the ratios that carry over to the right."""
    empty = statistics.median(r.per_second for r in found["empty route"].results)
    lines = [
        f"{'':22}{'HTTP':^27}{'CPU ms a request':^20}{'bare SQL':^19}{'HTTP as a share of':^22}",
        f"{'':22}{'req/s':>9}{'p50 ms':>9}{'p99 ms':>9}{'server':>10}{'database':>10}{'calls/s':>10}"
        f"{'p50 ms':>9}{'empty':>11}{'SQL':>11}",
    ]
    for name, measured in found.items():
        http, bare = _medians(measured.results), _medians(measured.bare)
        line = f"{name:22}{http[0]:9,.0f}{http[1]:9.1f}{http[2]:9.1f}"
        line += f"{statistics.median(measured.server):10.2f}{statistics.median(measured.database):10.2f}"
        if measured.bare:
            line += f"{bare[0]:10,.0f}{bare[1]:9.1f}{http[0] / empty:11.1%}{http[0] / bare[0]:11.1%}"
        failed = sum(result.failed for result in measured.results)
        lines.append(line + (f"   {failed} failed" if failed else ""))
    return "\n".join(lines)


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
    parser.add_argument("--sqlite", action="store_true", help="SQLite instead of PostgreSQL")
    parser.add_argument("--rounds", type=int, default=3, help="how often every call has its turn (3)")
    parser.add_argument("--seconds", type=float, default=2, help="how long a turn lasts (2)")
    parser.add_argument("--json", type=Path, help="write every round to this file")
    options = parser.parse_args()
    found = run(options)
    engine = "SQLite" if options.sqlite else "PostgreSQL"
    client = "wrk" if shutil.which("wrk") else "Python client"
    rounds = f"medians of {options.rounds} rounds of {options.seconds:g} s"
    print(f"{engine}, {CONNECTIONS} connections, one web process, {client}; {rounds}\n\n{table(found)}")
    if options.json:
        options.json.write_text(
            json.dumps({name: asdict(measured) for name, measured in found.items()}, indent=1)
        )
    if any(result.failed for measured in found.values() for result in measured.results):
        sys.exit("some requests failed; figures with failures mean nothing")


if __name__ == "__main__":
    main()
