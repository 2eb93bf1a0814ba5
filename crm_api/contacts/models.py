"""Contacts."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crm_api.core.columns import Archivable, Customised, Timestamps, Versioned, derived, one_of
from crm_api.core.database import Base
from crm_api.core.text import fold

CONTACT_ROLES = ("decision_maker", "influencer", "contact", "distributor", "dealer")


class Contact(Customised, Timestamps, Versioned, Archivable, Base):
    """A person, usually at an account."""

    __tablename__ = "contacts"
    __kind__ = "contact"
    __audited__ = True
    __follows__ = ("phone_e164", "mobile_e164")
    __search__ = ("first_name", "last_name", "email", "job_title")
    __search_exact__ = ("phone", "mobile")
    __table_args__ = (
        one_of("role", CONTACT_ROLES),
        sa.CheckConstraint("reports_to_id <> id", name="not_their_own_boss"),
        sa.Index(
            "ix_contacts_live_name",
            "name_key",
            "id",
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        ),
        sa.Index(
            "ix_contacts_live_created",
            "created_at",
            "id",
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        ),
        sa.Index(
            "uq_contacts_primary",
            "account_id",
            unique=True,
            info={"refusal": "An account has one primary contact; it was given another at the same moment."},
            sqlite_where=sa.text("is_primary AND archived_at IS NULL"),
            postgresql_where=sa.text("is_primary AND archived_at IS NULL"),
        ),
        sa.Index(
            "uq_contacts_external",
            "external_system",
            "external_id",
            unique=True,
            sqlite_where=sa.text("external_id IS NOT NULL"),
            postgresql_where=sa.text("external_id IS NOT NULL"),
        ),
    )

    first_name: Mapped[str]
    last_name: Mapped[str | None]
    name_key: Mapped[str] = derived(lambda row: fold(f"{row.last_name or ''} {row.first_name}"))
    email: Mapped[str | None]
    email_key: Mapped[str | None] = derived(lambda row: fold(row.email) or None, index=True)
    phone: Mapped[str | None]
    phone_e164: Mapped[str | None] = mapped_column(index=True)
    mobile: Mapped[str | None]
    mobile_e164: Mapped[str | None] = mapped_column(index=True)
    job_title: Mapped[str | None]
    department: Mapped[str | None]
    role: Mapped[str] = mapped_column(default="contact")
    account_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("accounts.id"), index=True)
    reports_to_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("contacts.id"), index=True)
    owner_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("users.id"), index=True)
    is_primary: Mapped[bool] = mapped_column(default=False)
    do_not_call: Mapped[bool] = mapped_column(default=False)
    email_opt_out: Mapped[bool] = mapped_column(default=False)
    is_active: Mapped[bool] = mapped_column(default=True)
    time_zone: Mapped[str | None]
    street: Mapped[str | None]
    city: Mapped[str | None]
    state: Mapped[str | None]
    zip: Mapped[str | None]
    country: Mapped[str | None]
    description: Mapped[str | None]
    external_system: Mapped[str | None]
    external_id: Mapped[str | None]
    origin: Mapped[str] = mapped_column(default="api")

    @property
    def full_name(self) -> str:
        """First and last name, as written on a letter."""
        return " ".join(part for part in (self.first_name, self.last_name) if part)


class ContactStats(Base):
    """Figures derived from other records."""

    __tablename__ = "contact_stats"

    contact_id: Mapped[UUID] = mapped_column(sa.ForeignKey("contacts.id", ondelete="CASCADE"), unique=True)
    last_contact_at: Mapped[datetime | None]
