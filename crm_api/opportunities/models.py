"""Opportunities, their lines, their quotes and their way through the stages."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, object_session, relationship, validates

from crm_api.core import clock
from crm_api.core.columns import (
    Archivable,
    Customised,
    Timestamps,
    Versioned,
    derived,
    figure,
    given_index,
    one_of,
    sort_index,
)
from crm_api.core.database import Base
from crm_api.core.dialect import Json, Wide
from crm_api.core.text import fold
from crm_api.pipelines.models import CLOSED_KINDS, OPPORTUNITY_KINDS

OPPORTUNITY_TYPES = ("new_business", "existing_business", "renewal", "upsell", "cross_sell")
PRIORITIES = ("low", "medium", "high", "urgent")
FORECAST_CATEGORIES = ("pipeline", "best_case", "commit", "omitted")
APPROVALS = ("requested", "approved", "rejected")
# What a stage says of the deals in it, where nobody says otherwise of a deal.
COMMIT_FROM, BEST_CASE_FROM = 75, 50


def category_of(probability: int) -> str:
    """The forecast category of deals in a stage of this probability."""
    if probability >= COMMIT_FROM:
        return "commit"
    return "best_case" if probability >= BEST_CASE_FROM else "pipeline"


class Opportunity(Customised, Timestamps, Versioned, Archivable, Base):
    """A deal. Money is in minor units of `currency`, `value_base` in the organisation's.

    `started_at` is when selling began: the sales cycle runs from there to `actual_close_date`. Figures stand on the
    row itself, because they change with it alone: `closes_on` is the day it is expected to close or, once closed, the
    day it did in the organisation's zone; `stage_entered_at` the time of its last move. `push_count` is how often its
    expected closing was put off while it was open; the trail tells it, so that undoing gives it back.
    `approved_value` is the value that was asked about or approved, in minor units of the deal's currency.
    """

    __tablename__ = "opportunities"
    __kind__ = "opportunity"
    __audited__ = True
    __follows__ = ("team_id", "stage_kind", "value_base")
    __money__ = ("estimated_value",)
    __search__ = ("name", "number", "external_id", "description")
    __table_args__ = (
        one_of("stage_kind", OPPORTUNITY_KINDS),
        one_of("opportunity_type", OPPORTUNITY_TYPES),
        one_of("priority", PRIORITIES),
        one_of("forecast_category", FORECAST_CATEGORIES),
        one_of("approval_status", APPROVALS),
        sa.CheckConstraint("probability BETWEEN 0 AND 100", name="probability_range"),
        sa.CheckConstraint("estimated_value >= 0", name="value_sign"),
        sort_index("ix_opportunities_live_created", "created_at"),
        sort_index("ix_opportunities_live_name", "name_key"),
        sort_index("ix_opportunities_live_value", "value_base", nullable=True),
        sort_index("ix_opportunities_live_close", "expected_close_date", nullable=True),
        sa.Index("ix_opportunities_closed", "actual_close_date", "id"),
        sa.Index("ix_opportunities_stage", "stage_id", "id"),
        sa.Index(
            "ix_opportunities_board",
            "stage_id",
            "stage_entered_at",
            "id",
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        ),
        sa.Index("ix_opportunities_closes", "closes_on", "stage_kind"),
        sa.Index("ix_opportunities_kind", "stage_kind", "owner_id"),
        sa.Index("ix_opportunities_owner", "owner_id", "created_at", "id"),
        sa.Index("ix_opportunities_account", "account_id", "stage_kind"),
        given_index("ix_opportunities_contact_id", "contact_id"),
        given_index("ix_opportunities_lead_id", "lead_id"),
        sa.Index(
            "uq_opportunities_external",
            "external_system",
            "external_id",
            unique=True,
            sqlite_where=sa.text("external_id IS NOT NULL"),
            postgresql_where=sa.text("external_id IS NOT NULL"),
        ),
    )

    number: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    name_key: Mapped[str] = derived(lambda row: fold(row.name))
    description: Mapped[str | None]
    account_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("accounts.id"))
    contact_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("contacts.id"))
    lead_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("leads.id"))
    pipeline_id: Mapped[UUID] = mapped_column(sa.ForeignKey("pipelines.id"))
    stage_id: Mapped[UUID] = mapped_column(sa.ForeignKey("stages.id"))
    stage_kind: Mapped[str]
    owner_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("users.id"))
    team_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("teams.id"), index=True)
    opportunity_type: Mapped[str] = mapped_column(default="new_business")
    priority: Mapped[str] = mapped_column(default="medium")
    estimated_value: Mapped[int | None]
    currency: Mapped[str] = mapped_column(default="USD")
    value_base: Mapped[int | None] = figure()
    probability: Mapped[int] = mapped_column(default=0)
    expected_revenue: Mapped[Decimal | None] = mapped_column(
        sa.Numeric(20, 2, asdecimal=True),
        sa.Computed("estimated_value * probability / 100.0", persisted=True),
    )
    expected_close_date: Mapped[date | None]
    started_at: Mapped[datetime | None]
    actual_close_date: Mapped[datetime | None]
    loss_reason: Mapped[str | None]
    next_step: Mapped[str | None]
    next_step_date: Mapped[datetime | None]
    products_interested: Mapped[Any | None] = mapped_column(Json)
    competitors: Mapped[Any | None] = mapped_column(Json)
    risks: Mapped[Any | None] = mapped_column(Json)
    requirements: Mapped[Any | None] = mapped_column(Json)
    forecast_category: Mapped[str] = mapped_column(default="pipeline")
    approval_status: Mapped[str | None]
    approved_value: Mapped[int | None]
    approval_note: Mapped[str | None]
    approval_by_id: Mapped[UUID | None]
    approval_at: Mapped[datetime | None]
    closes_on: Mapped[date | None] = figure()
    stage_entered_at: Mapped[datetime] = figure(default=clock.now)
    push_count: Mapped[int] = mapped_column(default=0)
    external_system: Mapped[str | None]
    external_id: Mapped[str | None]
    source_updated_at: Mapped[datetime | None]
    origin: Mapped[str] = mapped_column(default="api")

    lines: Mapped[list["OpportunityLine"]] = relationship(
        lazy="raise", order_by="OpportunityLine.position", cascade="all, delete-orphan"
    )

    @property
    def is_closed(self) -> bool:
        """Won or lost."""
        return self.stage_kind in CLOSED_KINDS

    @property
    def is_won(self) -> bool:
        """Closed as won."""
        return self.stage_kind == "closed_won"

    @property
    def is_approved(self) -> bool:
        """Approved as it is now: a deal that has grown since is not."""
        return self.approval_status == "approved" and (self.estimated_value or 0) <= (
            self.approved_value or 0
        )

    @validates("expected_close_date")
    def _count_a_push(self, _: str, day: date | None) -> date | None:
        before, session = sa.inspect(self).dict.get("expected_close_date"), object_session(self)
        undoing = session is not None and "reverts" in session.info
        if before is not None and day is not None and day > before and not self.is_closed and not undoing:
            self.push_count += 1
        return day


class OpportunityLine(Base):
    """One product of a deal; `unit_price` in minor units of the deal's currency."""

    __tablename__ = "opportunity_lines"
    __table_args__ = (
        sa.CheckConstraint("quantity > 0", name="quantity_sign"),
        sa.CheckConstraint("unit_price >= 0", name="price_sign"),
        sa.CheckConstraint("discount_percent BETWEEN 0 AND 100", name="discount_range"),
    )

    opportunity_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("opportunities.id", ondelete="CASCADE"), index=True
    )
    product_id: Mapped[UUID] = mapped_column(sa.ForeignKey("products.id"), index=True)
    position: Mapped[int] = mapped_column(default=0)
    quantity: Mapped[float] = mapped_column(default=1)
    unit_price: Mapped[int | None]
    discount_percent: Mapped[float] = mapped_column(default=0)


class StageMove(Base):
    """One entry into a stage, by a lead or an opportunity, kept with its time."""

    __tablename__ = "stage_moves"
    __table_args__ = (sa.Index("ix_stage_moves_record", "kind", "record_id", "at"),)

    kind: Mapped[str]
    record_id: Mapped[UUID]
    from_stage_id: Mapped[UUID | None]
    to_stage_id: Mapped[UUID] = mapped_column(index=True)
    at: Mapped[datetime]
    actor_id: Mapped[UUID | None]


class Quote(Timestamps, Base):
    """An offer for a deal: a file or a mail that somebody marked as one. `amount` is in the deal's minor units."""

    __tablename__ = "opportunity_quotes"
    __table_args__ = (sa.Index("ix_opportunity_quotes_deal", "opportunity_id", "id"),)

    opportunity_id: Mapped[UUID] = mapped_column(sa.ForeignKey("opportunities.id", ondelete="CASCADE"))
    name: Mapped[str]
    message_id: Mapped[UUID | None]
    attachment: Mapped[dict[str, Any] | None]
    amount: Mapped[int | None]
    currency: Mapped[str]
    valid_until: Mapped[date | None]
    sent_at: Mapped[datetime | None]
    created_by_id: Mapped[UUID | None]


class PipelineRollup(Base):
    """Live deals counted and summed by what statistics group them by; several rows of one key add up.

    Triggers (`core/rolling.py`) add a row for each change, so that no way of writing is forgotten, and no two writers
    ever wait for each other at a common sum. `rollups.fold` makes one row a key of them again. Amounts are in minor
    units of the organisation's currency, `weighted` a hundred times those: value x probability. `timed` deals have
    `taken` so many milliseconds from start to close.
    """

    __tablename__ = "pipeline_rollups"
    __table_args__ = (
        sa.Index("ix_pipeline_rollups_stage", "stage_id"),
        sa.Index("ix_pipeline_rollups_month", "month"),
    )

    pipeline_id: Mapped[UUID]
    stage_id: Mapped[UUID]
    stage_kind: Mapped[str]
    owner_id: Mapped[UUID | None]
    team_id: Mapped[UUID | None]
    month: Mapped[str | None]
    forecast_category: Mapped[str]
    deals: Mapped[int]
    valued: Mapped[int]
    value: Mapped[Decimal] = mapped_column(Wide)
    weighted: Mapped[Decimal] = mapped_column(Wide)
    timed: Mapped[int] = mapped_column(default=0, server_default="0")
    taken: Mapped[int] = mapped_column(default=0, server_default="0")
