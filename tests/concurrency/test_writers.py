"""Many writers at once: numbers, counts, the trail and shared records come out as if they had come one by one."""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.concurrency.office import USUAL, Book, Office, Writer, check, from_json, furnished, tasks_for
from tests.support.api import Api

# SQLite has one writer a process, so that only several processes are at it at once.
USUAL_CREWS = {"postgresql": [32], "sqlite": [2, 2, 2, 2]}
DEEP_CREWS = {"postgresql": [16, 16], "sqlite": [4, 4, 4, 4]}


async def worked(api: Api, crews: Sequence[int], many: int, *, seed: int) -> list[Book]:
    """Let the crews work, a process each where there are several, and hold their books against the database."""
    client = await api.client()
    office = await furnished(client)
    token = client.headers["Authorization"]
    crew = [
        [(f"writer{c}{n:03d}", token, seed + 100 * c + n) for n in range(size)]
        for c, size in enumerate(crews)
    ]
    if len(crew) == 1:
        writers = [(Writer(client, name, office, s), s) for name, _, s in crew[0]]
        books = await asyncio.gather(*(writer.work(tasks_for(s, many)) for writer, s in writers))
    else:
        books = await in_processes(api, office, crew, many)
    await check(api, office, books)
    return list(books)


async def in_processes(
    api: Api, office: Office, crews: Sequence[Sequence[tuple[str, str, int]]], many: int
) -> list[Book]:
    """The books of crews that work in processes of their own, all begun at the same moment."""
    url = api.db.url.replace("+asyncpg", "")
    jobs = [{"url": url, "office": asdict(office), "many": many, "writers": crew} for crew in crews]
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.concurrency.process", json.dumps(job), stdin=PIPE, stdout=PIPE,
            limit=10**8,
        )
        for job in jobs
    ]  # fmt: skip
    try:
        for process in processes:
            assert process.stdout is not None
            assert await process.stdout.readline() == b"ready\n"
        told = await asyncio.gather(*(process.communicate(b"\n") for process in processes))
    finally:
        for process in processes:
            if process.returncode is None:
                process.kill()
                await process.wait()
    return [from_json(book) for out, _ in told for book in json.loads(out)]


def answers(books: Sequence[Book]) -> Counter[str]:
    """How often each status came."""
    total: Counter[str] = Counter()
    for book in books:
        total.update(book.answers)
    return total


async def test_nothing_is_lost_or_taken_twice_by_writers_at_once(api: Api, engine: str) -> None:
    books = await worked(api, USUAL_CREWS[engine], 8, seed=1)

    # They did get into each other's way: else this would show nothing.
    assert answers(books)["412"] > 0


@pytest.mark.deep
@pytest.mark.parametrize("seed", range(1000, 6000, 1000))
async def test_nothing_is_lost_by_several_processes_over_longer_work(
    api: Api, engine: str, seed: int
) -> None:
    await worked(api, DEEP_CREWS[engine], 40, seed=seed)


@pytest.mark.deep
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 10**6),
    choices=st.lists(st.sampled_from(sorted(set(USUAL))), min_size=1, max_size=8),
    writers=st.integers(2, 32),
)
async def test_nothing_is_lost_whatever_the_mix_of_work(
    api: Api, seed: int, choices: list[str], writers: int
) -> None:
    client = await api.client()
    office = await furnished(client, mark=f"{seed}-{len(choices)}-{writers}-")
    mark = client.headers["Authorization"][-8:]
    crew = [Writer(client, f"{mark}{n:03d}".replace("_", "."), office, seed + n) for n in range(writers)]
    books = await asyncio.gather(*(w.work(tasks_for(seed + n, 6, choices)) for n, w in enumerate(crew)))
    await check(api, office, books)
