"""Which worker runs a job's next round, and when each job last ran."""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.core import clock, dialect
from crm_api.core.ids import new_id
from crm_api.organisation.models import JobSlot


def take_slot(session: Session, *, job: str, slot: int, worker: str) -> bool:
    """Whether `worker` runs this round of `job`: true for one worker a slot, however many ask.

    A slot is a number that rises with time (seconds since the epoch over the period).
    """
    row = {"id": new_id(), "job": job, "slot": slot, "worker": worker, "started_at": clock.now(), "done": 0}
    if dialect.insert_if_absent(session, JobSlot.__table__, row, key=["job"]):
        return True
    moved = sa.update(JobSlot).where(JobSlot.job == job, JobSlot.slot < slot)
    values = {"slot": slot, "worker": worker, "started_at": clock.now()}
    return session.execute(moved.values(**values).returning(JobSlot.id)).first() is not None


def note_round(session: Session, *, job: str, worker: str, done: int, error: str | None) -> None:
    """Remember how a round ended; `done` counts what it did, `error` says why it failed."""
    now = clock.now()
    row: dict[str, Any] = {
        "id": new_id(), "job": job, "slot": 0, "worker": worker, "started_at": now, "finished_at": now,
        "done": done, "error": error,
    }  # fmt: skip
    changed = ["worker", "finished_at", "done", "error"]
    dialect.upsert(session, JobSlot.__table__, [row], key=["job"], update=changed)


def rounds(session: Session) -> list[JobSlot]:
    """The last round of each job."""
    return list(session.scalars(sa.select(JobSlot).order_by(JobSlot.job)))


def overdue(session: Session, *, periods: dict[str, float], since: datetime) -> list[str]:
    """Jobs (of `periods`, seconds by name) whose last round ended more than three periods and 30 s ago.

    A job that never ran counts from `since`.
    """
    ended = {row.job: row.finished_at for row in rounds(session)}
    now = clock.now()
    return [
        job
        for job, seconds in sorted(periods.items())
        if (ended.get(job) or since) < now - timedelta(seconds=3 * seconds + 30)
    ]
