"""What asking costs: `python -m bench.ask [--rows 10000 …] [--postgresql] [--times 20]`.

For each number of deals, over SQLite or a PostgreSQL of its own: how long the offline planner takes for a question
(p50 and p99, milliseconds), how long the whole answer takes, and how long the very statements it sent take by
themselves on the same connection. The last column is the whole answer over the bare statements, to be at most 1.5
where those take longer than planning.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bench import data, serving
from crm_api import subscriptions
from crm_api.access import SYSTEM
from crm_api.core.database import Database
from crm_api.migrations.runner import migrate
from crm_api.questions import service

QUESTIONS = (
    "how many open deals are there",
    "won revenue by owner",
    "won revenue by month",
    "top 5 reps by won revenue",
    "win rate by team",
    "average deal size this year",
    "lost deals of Rep 3 over 500k, how many",
    "deals by stage",
    "compare won revenue of Rep 1 and Rep 2",
    "how many deals have no account",
)


def measured(session: Session, question: str, times: int) -> tuple[list[float], list[float], list[float]]:
    """Seconds of planning, of the whole answer, and of its statements alone, `times` each."""
    plans, answers, bare = [], [], []
    actor = SYSTEM
    sent: list[Any] = []
    for turn in range(times + 1):
        began = time.perf_counter()
        service.plan_offline(session, actor=actor, turns=[question])
        planned = time.perf_counter()
        sent = sent or _sent(session, question)
        alone = time.perf_counter()
        service.ask_offline(session, actor=actor, turns=[question])
        whole = time.perf_counter()
        if turn:  # the first warms the caches, as a minute of use does
            plans.append(planned - began)
            answers.append(whole - alone)
            bare.append(_alone(session, sent))
    return plans, answers, bare


def _sent(session: Session, question: str) -> list[Any]:
    """The statements that answering sends, with their values."""
    sent: list[Any] = []

    def note(_: Any, __: Any, statement: str, values: Any, *___: Any) -> None:
        sent.append((statement, values))

    connection = session.connection()
    sa.event.listen(connection, "before_cursor_execute", note)
    try:
        service.ask_offline(session, actor=SYSTEM, turns=[question])
    finally:
        sa.event.remove(connection, "before_cursor_execute", note)
    return sent


def _alone(session: Session, sent: list[Any]) -> float:
    connection = session.connection()
    began = time.perf_counter()
    for statement, values in sent:
        connection.exec_driver_sql(statement, values).fetchall()
    return time.perf_counter() - began


def report(rows: int, session: Session, times: int) -> None:
    """One line a question, and one for all of them."""
    print(f"{rows:,} deals{'':22}plan p50   p99   answer p50    p99   bare p50   ratio   (ms)")
    every: list[float] = []
    for question in QUESTIONS:
        plans, answers, bare = measured(session, question, times)
        every += plans
        middle = [1000 * statistics.median(each) for each in (plans, answers, bare)]
        worst = [1000 * sorted(each)[-1] for each in (plans, answers)]
        print(
            f"{question:40.40}{middle[0]:8.2f}{worst[0]:7.2f}{middle[1]:12.2f}{worst[1]:8.2f}"
            f"{middle[2]:10.2f}{middle[1] / middle[2]:8.2f}"
        )
    p50, p99 = 1000 * statistics.median(every), 1000 * sorted(every)[int(len(every) * 0.99)]
    print(f"planning: p50 {p50:.2f} ms, p99 {p99:.2f} ms\n")


async def run(url: str, rows: int, times: int) -> None:
    """Fill a database with so many deals and measure over it."""
    await migrate(url)
    db = Database.open(url)
    try:
        await data.fill_deals(db, rows)
        await db.read(lambda session: report(rows, session, times))
    finally:
        await db.close()


def main() -> None:
    warnings.simplefilter("ignore")
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, nargs="*", default=[10_000], help="how many deals, in turn")
    parser.add_argument("--times", type=int, default=20, help="how often each question is asked")
    parser.add_argument("--postgresql", action="store_true", help="over PostgreSQL instead of SQLite")
    options = parser.parse_args()
    subscriptions.install()
    for rows in options.rows:
        if options.postgresql:
            with serving.postgresql() as (url, _):
                asyncio.run(run(url, rows, options.times))
        else:
            with tempfile.TemporaryDirectory() as folder:
                asyncio.run(run(f"sqlite:///{Path(folder) / 'crm.db'}", rows, options.times))


if __name__ == "__main__":
    main()
