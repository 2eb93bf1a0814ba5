"""Targets: what a person or a team is to reach in a month, quarter or year."""

from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crm_api.core.columns import Timestamps, Versioned, one_of
from crm_api.core.database import Base

MEASURES = ("won_value", "won_count", "new_leads", "activities", "visits")
PERIODS = ("month", "quarter", "year")
_OF_A_PERSON, _OF_A_TEAM = sa.text("user_id IS NOT NULL"), sa.text("user_id IS NULL")
_WHAT = ("measure", "period", "starts_on")


class Target(Timestamps, Versioned, Base):
    """What `user_id`, or without one `team_id` and all teams below it, is to reach from `starts_on` on.

    A person's target keeps the team they are in, which decides who manages it. `amount` is in minor units of
    `currency`, the organisation's, for a measure of money, a plain number for one that counts. `starts_on` is the
    first day of a period of the fiscal calendar, and so of a calendar month.
    """

    __tablename__ = "targets"
    __kind__ = "target"
    __audited__ = True
    __follows__ = ("team_id",)
    __money__ = ("amount",)
    __table_args__ = (
        one_of("measure", MEASURES),
        one_of("period", PERIODS),
        sa.CheckConstraint("amount >= 0", name="amount_sign"),
        sa.CheckConstraint("user_id IS NOT NULL OR team_id IS NOT NULL", name="somebodys"),
        sa.Index("uq_targets_user", "user_id", *_WHAT, unique=True, sqlite_where=_OF_A_PERSON,
                 postgresql_where=_OF_A_PERSON),
        sa.Index("uq_targets_team", "team_id", *_WHAT, unique=True, sqlite_where=_OF_A_TEAM,
                 postgresql_where=_OF_A_TEAM),
        sa.Index("ix_targets_starts", "starts_on", "id"),
        sa.Index("ix_targets_team", "team_id"),
    )  # fmt: skip

    user_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("users.id"))
    team_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("teams.id"))
    measure: Mapped[str]
    period: Mapped[str]
    starts_on: Mapped[date]
    amount: Mapped[int]
    currency: Mapped[str | None]
    origin: Mapped[str] = mapped_column(default="api")
