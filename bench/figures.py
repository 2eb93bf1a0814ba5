"""What figures cost when there are ten times as many records: boards, statistics, forecast, dashboard, reports.

    python -m bench.figures                                 100,000 and 1,000,000 leads, on SQLite
    python -m bench.figures --rows 20000                    20,000 and 200,000
    python -m bench.figures --url postgresql://…            the same in an empty PostgreSQL database

For each size there are as many leads and activities as said and a fifth as many deals, over two years: copies of one
record of each kind, written by plain statements, which takes a minute or two for the larger size. Prints the median of
each reading at both sizes and their ratio, for somebody who sees everything, in a zone whose days are not those of UTC.
Exits with 1 where one costs more than twice as much at ten times the size.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bench.copies import MINUTES, Words, copy, deal_cells, lead_cells
from bench.data import set_up
from crm_api import subscriptions
from crm_api.access import Actor, system
from crm_api.activities.models import ACTIVITY_TYPES, Activity
from crm_api.analytics import dashboard, forecast, reports, rollups, service
from crm_api.analytics.periods import period
from crm_api.analytics.tables import Asked
from crm_api.conditions.filters import Query
from crm_api.core import clock, dialect
from crm_api.core.database import Database
from crm_api.leads import board as lead_board
from crm_api.leads.models import Lead
from crm_api.opportunities import board as deal_board
from crm_api.opportunities.models import Opportunity
from crm_api.pipelines.board import Asked as Board
from crm_api.users.models import User

ZONE = "America/New_York"
MOST = 2.0
RUNS = 15
TOO_SHORT = 0.003  # seconds: below this the clock measures itself
Reading = Callable[[Session, Actor], Any]

READINGS: dict[str, Reading] = {
    "board of leads": lambda session, actor: lead_board.read(session, actor, Board(Query())),
    "board of deals": lambda session, actor: deal_board.read(session, actor, Board(Query())),
    "statistics of leads": lambda session, actor: service.lead_summary(session, actor),
    "leads of this quarter": lambda session, actor: _of_quarter(session, actor),
    "statistics of the pipeline": lambda session, actor: service.pipeline_stats(session, actor),
    "forecast": lambda session, actor: forecast.forecast(
        session, actor, group_by="month", scope=forecast.scope(session, None, None)
    ),
    "dashboard": lambda session, actor: dashboard.dashboard(
        session, actor, period=period(session, actor, "this_month")
    ),
    "dashboard of a year": lambda session, actor: dashboard.dashboard(
        session, actor, period=period(session, actor, "last_12_months")
    ),
    "report: funnel": lambda session, actor: _report(session, actor, "funnel"),
    "report: sources": lambda session, actor: _report(session, actor, "sources"),
    "report: activity": lambda session, actor: _report(session, actor, "activity"),
}


def _of_quarter(session: Session, actor: Actor) -> Any:
    days = period(session, actor, "this_quarter")
    return service.lead_summary(session, actor, start_date=days.start, end_date=days.end)


def _report(session: Session, actor: Actor, name: reports.Name) -> Any:
    return reports.report(session, actor, name=name, asked=Asked(period(session, actor, "this_quarter")))


def fill(session: Session, rows: int) -> None:
    """Write the records, and count them into the kept sums once instead of row by row."""
    stages, owners = set_up(session)
    sql, now = Words(session), clock.now()
    lead = Lead(title="Lead", number="LEAD-0", pipeline_id=stages["lead"][0].pipeline_id,
                stage_id=stages["lead"][0].id)  # fmt: skip
    deal = Opportunity(name="Deal", number="OPP-0", pipeline_id=stages["opportunity"][0].pipeline_id,
                       stage_id=stages["opportunity"][0].id, stage_kind="prospecting", started_at=now,
                       stage_entered_at=now)  # fmt: skip
    done = Activity(
        activity_type="call", subject="Call", duration_minutes=15, occurred_at=now, completed_at=now
    )
    session.add_all([lead, deal, done])
    session.flush()
    if not sql.postgresql:
        for name in session.scalars(sa.text("SELECT name FROM sqlite_master WHERE type = 'trigger'")):
            session.execute(sa.text(f"DROP TRIGGER {name}"))
    at = sql.ago(f"(s.n * 7919) % {MINUTES}")
    whose = {"owner_id": sql.one_of([owner for owner, _, _ in owners], 7), "created_at": at, "updated_at": at}
    copy(session, sql, Lead, lead.id, rows, whose | lead_cells(sql, stages["lead"]))
    copy(session, sql, Opportunity, deal.id, rows // 5, whose | deal_cells(sql, stages["opportunity"], at))
    copy(session, sql, Activity, done.id, rows, whose | _activity(sql, at))
    dialect.create_objects(session.connection())
    rollups.rebuild(session)
    session.execute(sa.text("ANALYZE"))


def _activity(sql: Words, at: str) -> Mapping[str, str]:
    # One in two hundred is a task to be done within a month or late by as much.
    open_ = "s.n % 200 = 0"
    return {
        "activity_type": f"CASE WHEN {open_} THEN 'task' ELSE {sql.one_of(list(ACTIVITY_TYPES[:6]), 2)} END",
        "status": f"CASE WHEN {open_} THEN 'scheduled' ELSE 'completed' END",
        "occurred_at": f"CASE WHEN NOT ({open_}) THEN {at} END",
        "due_at": f"CASE WHEN {open_} THEN {sql.ago('(s.n * 7919) % 86400 - 43200')} END",
    }


def somebody(session: Session) -> Actor:
    """Who sees everything, in New York."""
    boss = session.scalars(sa.select(User).where(User.role == "administrator")).first()
    assert boss is not None
    return replace(system(session), user_id=boss.id, time_zone=ZONE)


async def measure(url: str, rows: int) -> dict[str, float]:
    """The median of each reading, in seconds."""
    db = Database.open(url)
    try:
        await db.create_all()
        began = time.perf_counter()
        await db.write(fill, rows)
        print(
            f"{rows:>9,} leads written in {timedelta(seconds=round(time.perf_counter() - began))}", flush=True
        )
        actor = await db.read(somebody)
        return {name: await _median(db, actor, reading) for name, reading in READINGS.items()}
    finally:
        await db.close()


async def _median(db: Database, actor: Actor, reading: Reading) -> float:
    # SQLite works in this process: its CPU seconds say what a reading costs whatever else the machine does.
    now = time.perf_counter if await db.read(dialect.is_postgresql) else time.process_time
    took = []
    for _ in range(RUNS):
        began = now()
        await db.read(reading, actor)
        took.append(now() - began)
    return statistics.median(took[1:])


async def main(rows: int, url: str | None) -> int:
    """Measure both sizes, print them side by side; 1 where one reading costs more than it may."""
    subscriptions.install()
    with tempfile.TemporaryDirectory() as folder:
        found = []
        for size in (rows, 10 * rows):
            if url is not None and found:
                await _empty(url)
            found.append(await measure(url or f"sqlite:///{Path(folder) / f'{size}.db'}", size))
    small, large = found
    print(f"{'':30}{rows:>12,}{10 * rows:>14,}     ratio")
    failed = []
    for name in READINGS:
        ratio = large[name] / small[name]
        fine = ratio <= MOST or large[name] <= TOO_SHORT
        failed += [] if fine else [name]
        print(
            f"{name:30}{small[name] * 1000:>9.1f} ms{large[name] * 1000:>11.1f} ms{ratio:>10.2f}{'' if fine else '  !'}"
        )
    return 1 if failed else 0


async def _empty(url: str) -> None:
    db = Database.open(url)
    names = "SELECT string_agg(quote_ident(tablename), ', ') FROM pg_tables WHERE schemaname = 'public'"
    await db.write(
        lambda session: (
            session.execute(sa.text(f"TRUNCATE {session.scalar(sa.text(names))} CASCADE")) and None
        )
    )
    await db.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=100_000, help="leads of the smaller size")
    parser.add_argument("--url", help="an empty PostgreSQL database; a temporary SQLite file where not given")
    asked = parser.parse_args()
    raise SystemExit(asyncio.run(main(asked.rows, asked.url)))
