"""Leads."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crm_api.core.columns import (
    Archivable,
    Customised,
    Timestamps,
    Versioned,
    derived,
    figure,
    given_index,
    one_of,
)
from crm_api.core.database import Base
from crm_api.core.dialect import Wide
from crm_api.core.text import fold
from crm_api.matching.names import company_key, domain_of, person_key

LEAD_STATUSES = ("new", "contacted", "callback", "qualified", "proposal", "negotiation", "converted", "lost")
LEAD_SOURCES = (
    "website",
    "referral",
    "phone",
    "email",
    "trade_show",
    "social_media",
    "facebook",
    "instagram",
    "whatsapp",
    "advertising",
    "partner",
    "cold_call",
    "other",
)
PRIORITIES = ("low", "medium", "high", "urgent")
RATINGS = ("cold", "warm", "hot")
HOT = 80  # the score from which on a lead is hot


class Lead(Customised, Timestamps, Versioned, Archivable, Base):
    """A prospect. Needs one of title, company or person. Money is in minor units of `currency`.

    A score set by hand stays; else it follows from `score_reasons`. `archived_from` is where an archived lead stood.
    """

    __tablename__ = "leads"
    __kind__ = "lead"
    __audited__ = True
    __follows__ = ("team_id", "phone_e164", "value_base", "budget_base", "score_reasons")
    __money__ = ("estimated_value", "budget")
    __search__ = ("title", "company_name", "first_name", "last_name", "email", "number")
    __search_exact__ = ("phone", "mobile")
    __table_args__ = (
        one_of("status", LEAD_STATUSES),
        one_of("source", LEAD_SOURCES),
        one_of("priority", PRIORITIES),
        one_of("rating", RATINGS),
        sa.CheckConstraint("score BETWEEN 0 AND 100", name="score_range"),
        sa.CheckConstraint("probability BETWEEN 0 AND 100", name="probability_range"),
        sa.CheckConstraint("estimated_value >= 0", name="value_sign"),
        sa.CheckConstraint("budget >= 0", name="budget_sign"),
        sa.Index(
            "ix_leads_live_created",
            "created_at",
            "id",
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        ),
        sa.Index(
            "ix_leads_live_score",
            "score",
            "id",
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        ),
        sa.Index(
            "ix_leads_live_title",
            "title_key",
            "id",
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        ),
        sa.Index("ix_leads_owner", "owner_id", "created_at", "id"),
        sa.Index("ix_leads_team", "team_id", "created_at", "id"),
        sa.Index("ix_leads_territory", "territory_id", "created_at", "id"),
        sa.Index("ix_leads_status", "status", "created_at", "id"),
        sa.Index("ix_leads_stage", "stage_id", "created_at", "id"),
        given_index("ix_leads_next_follow_up_date", "next_follow_up_date"),
        given_index("ix_leads_converted", "converted_at", "id"),
        sa.Index(
            "uq_leads_email",
            "email_key",
            unique=True,
            sqlite_where=sa.text("archived_at IS NULL AND email_key IS NOT NULL"),
            postgresql_where=sa.text("archived_at IS NULL AND email_key IS NOT NULL"),
        ),
        sa.Index(
            "uq_leads_external",
            "external_system",
            "external_id",
            unique=True,
            sqlite_where=sa.text("external_id IS NOT NULL"),
            postgresql_where=sa.text("external_id IS NOT NULL"),
        ),
    )

    number: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    title_key: Mapped[str] = derived(lambda row: fold(row.title))
    company_name: Mapped[str | None]
    company_key: Mapped[str | None] = derived(lambda row: company_key(row.company_name), index=True)
    domain_key: Mapped[str | None] = derived(lambda row: domain_of(row.website, row.email), index=True)
    person_key: Mapped[str | None] = derived(
        lambda row: person_key(row.first_name, row.last_name), index=True
    )
    first_name: Mapped[str | None]
    last_name: Mapped[str | None]
    job_title: Mapped[str | None]
    email: Mapped[str | None]
    email_key: Mapped[str | None] = derived(lambda row: fold(row.email) or None)
    phone: Mapped[str | None]
    phone_e164: Mapped[str | None] = mapped_column(index=True)
    mobile: Mapped[str | None]
    website: Mapped[str | None]
    industry: Mapped[str | None]
    company_size: Mapped[str | None]
    street: Mapped[str | None]
    city: Mapped[str | None]
    state: Mapped[str | None]
    zip: Mapped[str | None]
    country: Mapped[str | None]

    status: Mapped[str] = mapped_column(default="new")
    source: Mapped[str | None]
    priority: Mapped[str] = mapped_column(default="medium")
    rating: Mapped[str | None]
    score: Mapped[int] = mapped_column(default=50)
    score_is_manual: Mapped[bool] = mapped_column(default=False)
    score_reasons: Mapped[list[Any] | None] = figure()
    is_qualified: Mapped[bool] = mapped_column(default=False)
    qualified_at: Mapped[datetime | None]
    budget: Mapped[int | None]
    budget_base: Mapped[int | None] = figure()
    authority: Mapped[str | None]
    need: Mapped[str | None]
    timeline: Mapped[str | None]
    probability: Mapped[int | None]
    estimated_value: Mapped[int | None]
    currency: Mapped[str] = mapped_column(default="USD")
    value_base: Mapped[int | None] = figure()
    estimated_close_date: Mapped[date | None]
    requirements: Mapped[str | None]
    description: Mapped[str | None]
    next_follow_up_date: Mapped[datetime | None]
    email_opt_out: Mapped[bool] = mapped_column(default=False)
    do_not_call: Mapped[bool] = mapped_column(default=False)

    pipeline_id: Mapped[UUID] = mapped_column(sa.ForeignKey("pipelines.id"))
    stage_id: Mapped[UUID] = mapped_column(sa.ForeignKey("stages.id"))
    owner_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("users.id"))
    team_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("teams.id"))
    territory_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("territories.id"))
    converted_at: Mapped[datetime | None]
    converted_account_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("accounts.id"), index=True)
    converted_contact_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("contacts.id"), index=True)
    converted_opportunity_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("opportunities.id", use_alter=True, name="fk_leads_converted_opportunity_id"),
        index=True,
    )
    lost_reason: Mapped[str | None]
    # Live deals that began with it; kept by triggers (`core/rolling.py`), because the lead's own roll-up counts by it.
    deal_count: Mapped[int] = figure(default=0, server_default="0")
    archived_from: Mapped[dict[str, Any] | None]

    external_system: Mapped[str | None]
    external_id: Mapped[str | None]
    source_updated_at: Mapped[datetime | None]
    origin: Mapped[str] = mapped_column(default="api")

    @property
    def contact_name(self) -> str | None:
        """First and last name joined, or None where neither is known."""
        return " ".join(part for part in (self.first_name, self.last_name) if part) or None

    @property
    def is_closed(self) -> bool:
        """Converted or lost."""
        return self.status in ("converted", "lost")

    @property
    def is_hot(self) -> bool:
        """Scored 80 or more, or rated hot."""
        return self.score >= HOT or self.rating == "hot"

    @property
    def is_converted(self) -> bool:
        """It became an account; from then on it is read-only."""
        return self.status == "converted"


class LeadStats(Base):
    """Figures derived from other records; they never bump the lead's version.

    `call_attempts` are the calls that were held, `missed_calls` those that nobody took.
    """

    __tablename__ = "lead_stats"
    __table_args__ = (given_index("ix_lead_stats_next_follow_up_at", "next_follow_up_at"),)

    lead_id: Mapped[UUID] = mapped_column(sa.ForeignKey("leads.id", ondelete="CASCADE"), unique=True)
    last_contact_at: Mapped[datetime | None] = mapped_column(index=True)
    call_attempts: Mapped[int] = mapped_column(default=0)
    next_follow_up_at: Mapped[datetime | None]
    missed_calls: Mapped[int] = mapped_column(default=0, server_default="0")


class LeadRollup(Base):
    """Live leads counted by the UTC day they were made and, each by itself, by status (with stage), source and
    priority; several rows of one key add up.

    Triggers (`core/rolling.py`) add a row for each change; `leads/rollups.py` reads them and says what the sums are.
    Amounts are in minor units of the organisation's currency, `weighted` a hundred times those.
    """

    __tablename__ = "lead_rollups"
    __table_args__ = (
        sa.Index("ix_lead_rollups_axis", "axis", "day"),
        sa.Index("ix_lead_rollups_word", "word"),
    )

    axis: Mapped[str]
    word: Mapped[str | None]
    stage_id: Mapped[UUID | None]
    day: Mapped[date]
    leads: Mapped[int]
    qualified: Mapped[int] = mapped_column(default=0, server_default="0")
    with_deal: Mapped[int] = mapped_column(default=0, server_default="0")
    converted: Mapped[int] = mapped_column(default=0, server_default="0")
    hot: Mapped[int] = mapped_column(default=0, server_default="0")
    score: Mapped[int] = mapped_column(default=0, server_default="0")
    timed: Mapped[int] = mapped_column(default=0, server_default="0")
    taken: Mapped[int] = mapped_column(default=0, server_default="0")
    value: Mapped[Decimal] = mapped_column(Wide, default=0, server_default="0")
    weighted: Mapped[Decimal] = mapped_column(Wide, default=0, server_default="0")
