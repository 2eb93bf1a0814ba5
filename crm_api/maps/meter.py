"""The SpendMeter of paid map services: price set aside before, logged after, stopped at the month's limit."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.core import clock, context
from crm_api.core.database import Database
from crm_api.core.dialect import insert_if_absent
from crm_api.core.ids import new_id
from crm_api.maps.models import MapCall, MapMonth
from crm_api.ports import PaidCall, PermanentFailure, PortFailure

MICROS = 1_000_000
log = logging.getLogger(__name__)


class DatabaseSpendMeter:
    """Counts in the database, so that every process sees one limit. `limit` is US dollars a calendar month."""

    def __init__(self, db: Database, *, limit: float) -> None:
        self._db, self._limit = db, round(limit * MICROS)

    @asynccontextmanager
    async def paying(self, call: PaidCall) -> AsyncIterator[None]:
        """Make the call inside; see `SpendMeter.paying`.

        What failed for good was not billed. What failed for now may have been, because a lost answer is billed too:
        it counts, so that the limit is never passed.
        """
        call_id = await self._db.write(reserve, call=call, limit=self._limit)
        if call_id is None:
            raise PermanentFailure(
                f"The monthly limit of {dollars(self._limit)} for paid maps is reached (MAPS_MONTHLY_USD); "
                "it opens again on the first of the month."
            )
        outcome = "uncertain"
        try:
            yield
            outcome = "paid"
        except PermanentFailure:
            outcome = "refused"
            raise
        except PortFailure:
            raise
        finally:
            spent = await self._db.write(settle, call_id=call_id, outcome=outcome)
            log.info(
                "%s: %d units, %s %s; %s of %s this month",
                call.service, call.units, dollars(call.micros), outcome, dollars(spent), dollars(self._limit),
            )  # fmt: skip


def dollars(micros: int) -> str:
    """USD 12.30, and USD 0.005 where there are fractions of a cent."""
    places = 2 if micros % (MICROS // 100) == 0 else 3
    return f"USD {micros / MICROS:.{places}f}"


def month_of(at: datetime) -> str:
    """The calendar month of an instant, in UTC: `2026-11`."""
    return f"{at:%Y-%m}"


def reserve(session: Session, *, call: PaidCall, limit: int) -> UUID | None:
    """Set the price aside, in one statement with the check; None where the limit (micros) would be passed."""
    month = month_of(clock.now())
    insert_if_absent(
        session, MapMonth.__table__, {"id": new_id(), "month": month, "micros": 0}, key=["month"]
    )
    raised = session.execute(
        sa.update(MapMonth)
        .where(MapMonth.month == month, MapMonth.micros + call.micros <= limit)
        .values(micros=MapMonth.micros + call.micros)
    )
    if raised.rowcount == 0:  # type: ignore[attr-defined]
        return None
    made = MapCall(
        month=month, service=call.service, units=call.units, micros=call.micros,
        actor_id=context.current().actor_id,
    )  # fmt: skip
    session.add(made)
    session.flush()
    return made.id


def settle(session: Session, *, call_id: UUID, outcome: str) -> int:
    """Note what became of a call, and give its price back where it was refused; returns the month's micros."""
    call = session.get_one(MapCall, call_id)
    call.outcome = outcome
    if outcome == "refused":
        session.execute(
            sa.update(MapMonth)
            .where(MapMonth.month == call.month)
            .values(micros=MapMonth.micros - call.micros)
        )
    return spent(session, call.month)


def spent(session: Session, month: str) -> int:
    """What a month has cost so far, in micros."""
    return session.scalar(sa.select(MapMonth.micros).where(MapMonth.month == month)) or 0
