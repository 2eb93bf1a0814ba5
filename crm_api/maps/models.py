"""What map services were asked, and what it cost."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crm_api.core import clock
from crm_api.core.columns import one_of
from crm_api.core.database import Base

OUTCOMES = ("reserved", "paid", "refused", "uncertain")


class MapMonth(Base):
    """What a calendar month (UTC, `2026-11`) has cost so far, what is set aside included.

    One row, raised by a statement that fails where the limit would be passed: so two processes cannot both
    spend the last of it.
    """

    __tablename__ = "map_months"

    month: Mapped[str] = mapped_column(unique=True)
    micros: Mapped[int] = mapped_column(default=0)


class MapCall(Base):
    """One paid call: `units` of `service` for `micros` millionths of a US dollar at list price.

    Refused calls cost nothing. Uncertain ones may have been billed, and count.
    """

    __tablename__ = "map_calls"
    __table_args__ = (one_of("outcome", OUTCOMES), sa.Index("ix_map_calls_month", "month", "service"))

    at: Mapped[datetime] = mapped_column(default=clock.now, index=True)
    month: Mapped[str]
    service: Mapped[str]
    units: Mapped[int]
    micros: Mapped[int]
    outcome: Mapped[str] = mapped_column(default="reserved")
    actor_id: Mapped[UUID | None]
