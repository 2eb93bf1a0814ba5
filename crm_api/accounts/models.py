"""Accounts."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crm_api.core.columns import Archivable, Customised, Timestamps, Versioned, derived, figure, one_of
from crm_api.core.database import Base
from crm_api.core.text import fold
from crm_api.matching.names import company_key, domain_of

ACCOUNT_TYPES = ("prospect", "customer", "dealer", "distributor", "partner", "supplier", "competitor")
TIERS = ("bronze", "silver", "gold", "platinum")
RATINGS = ("cold", "warm", "hot")

_LIVE: dict[str, Any] = {
    "sqlite_where": sa.text("archived_at IS NULL"),
    "postgresql_where": sa.text("archived_at IS NULL"),
}


class Account(Customised, Timestamps, Versioned, Archivable, Base):
    """A company. Money is in minor units of `currency`; coordinates are those of the visit address, which is the
    billing address where it is empty.

    `opening_hours` is keyed by ISO weekday: `{"1": [["08:00", "12:00"], ["13:00", "18:00"]]}`, local time;
    `visit_days` are the weekdays on which visits are welcome, None is any.
    """

    __tablename__ = "accounts"
    __kind__ = "account"
    __audited__ = True
    __follows__ = (
        "team_id",
        "phone_e164",
        "latitude",
        "longitude",
        "coordinates_source",
        "annual_revenue_base",
    )
    __money__ = ("annual_revenue",)
    __search__ = ("name", "website", "email", "billing_city", "number")
    __search_exact__ = ("phone",)
    __table_args__ = (
        one_of("account_type", ACCOUNT_TYPES),
        one_of("tier", TIERS),
        one_of("rating", RATINGS),
        sa.CheckConstraint("parent_id <> id", name="not_its_own_parent"),
        sa.CheckConstraint("latitude BETWEEN -90 AND 90", name="latitude_range"),
        sa.CheckConstraint("longitude BETWEEN -180 AND 180", name="longitude_range"),
        sa.Index("ix_accounts_live_name", "name_key", "id", **_LIVE),
        sa.Index("ix_accounts_live_created", "created_at", "id", **_LIVE),
        sa.Index("ix_accounts_owner", "owner_id", "name_key", "id"),
        sa.Index("ix_accounts_territory", "territory_id", "name_key", "id"),
        sa.Index("ix_accounts_team", "team_id"),
        sa.Index("ix_accounts_place", "latitude", "longitude"),
        sa.Index(
            "uq_accounts_external",
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
    company_key: Mapped[str | None] = derived(lambda row: company_key(row.name), index=True)
    domain_key: Mapped[str | None] = derived(lambda row: domain_of(row.website, row.email), index=True)
    account_type: Mapped[str] = mapped_column(default="prospect")
    industry: Mapped[str | None]
    tier: Mapped[str | None]
    rating: Mapped[str | None]
    website: Mapped[str | None]
    email: Mapped[str | None]
    phone: Mapped[str | None]
    phone_e164: Mapped[str | None] = mapped_column(index=True)
    employees: Mapped[int | None]
    annual_revenue: Mapped[int | None]
    annual_revenue_base: Mapped[int | None] = figure()
    currency: Mapped[str] = mapped_column(default="USD")
    year_established: Mapped[int | None]
    description: Mapped[str | None]

    parent_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("accounts.id"), index=True)
    owner_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("users.id"))
    team_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("teams.id"))
    territory_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("territories.id"))

    billing_street: Mapped[str | None]
    billing_city: Mapped[str | None]
    billing_state: Mapped[str | None]
    billing_zip: Mapped[str | None]
    billing_country: Mapped[str | None]
    shipping_street: Mapped[str | None]
    shipping_city: Mapped[str | None]
    shipping_state: Mapped[str | None]
    shipping_zip: Mapped[str | None]
    shipping_country: Mapped[str | None]
    visit_street: Mapped[str | None]
    visit_city: Mapped[str | None]
    visit_state: Mapped[str | None]
    visit_zip: Mapped[str | None]
    visit_country: Mapped[str | None]
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    coordinates_source: Mapped[str | None]
    opening_hours: Mapped[dict[str, Any] | None]
    visit_minutes: Mapped[int | None]
    visit_every_days: Mapped[int | None]
    visit_days: Mapped[list[Any] | None]

    external_system: Mapped[str | None]
    external_id: Mapped[str | None]
    source_updated_at: Mapped[datetime | None]
    origin: Mapped[str] = mapped_column(default="api")


# Where visits go: the visit address or, where it is empty, the billing address.
VISIT_CITY = sa.func.coalesce(Account.visit_city, Account.billing_city)


class AccountStats(Base):
    """Figures derived from other records; they never bump the account's version.

    What its orders say of an account is worked out in `orders/figures.py`, which defines each figure; amounts are in
    minor units of the organisation's currency. `figured_on` is the day they are of.
    """

    __tablename__ = "account_stats"
    __table_args__ = (
        sa.Index("ix_account_stats_spend", "annual_spend", "account_id"),
        sa.Index("ix_account_stats_last_order", "last_order_date", "account_id"),
        sa.Index("ix_account_stats_next_order", "next_order_date", "account_id"),
        sa.Index("ix_account_stats_figured", "figured_on"),
    )

    account_id: Mapped[UUID] = mapped_column(sa.ForeignKey("accounts.id", ondelete="CASCADE"), unique=True)
    last_contact_at: Mapped[datetime | None] = mapped_column(index=True)
    last_visit_at: Mapped[datetime | None]
    order_count: Mapped[int | None]
    annual_orders: Mapped[int | None]
    annual_spend: Mapped[int | None]
    last_order_date: Mapped[date | None]
    last_order_value: Mapped[int | None]
    order_rhythm_days: Mapped[float | None]
    next_order_date: Mapped[date | None]
    order_overdue_days: Mapped[int | None]
    recency_score: Mapped[int | None]
    frequency_score: Mapped[int | None]
    monetary_score: Mapped[int | None]
    figured_on: Mapped[date | None]
