"""Sequences of mails, rules that start them, and the leads and people that are in one."""

from datetime import datetime, time
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crm_api.core.columns import Archivable, Timestamps, Versioned, one_of
from crm_api.core.database import Base
from crm_api.followups.windows import SendWindow

CATEGORIES = ("transactional", "relationship", "marketing")
STATUSES = ("active", "paused", "completed", "stopped", "failed")
LIVE = ("active", "paused")
STOP_REASONS = (
    "reply", "contact", "status", "owner", "address", "opt_out", "bounce", "archived", "manual", "expired", "sequence",
)  # fmt: skip
_LIVE = sa.text("status IN ('active', 'paused')")
_OF_CONTACT = sa.text("contact_id IS NOT NULL")


class Sequence(Timestamps, Versioned, Archivable, Base):
    """Mails that follow one another. Leads that are in it keep the steps as they were when they entered."""

    __tablename__ = "sequences"
    __kind__ = "sequence"
    __audited__ = True
    __table_args__ = (one_of("category", CATEGORIES),)

    name: Mapped[str]
    category: Mapped[str] = mapped_column(default="relationship")
    steps: Mapped[list[Any]] = mapped_column(default=list)
    origin: Mapped[str] = mapped_column(default="api")


class FollowUpRule(Timestamps, Versioned, Archivable, Base):
    """A lead that nobody has contacted for `after_minutes` enters the sequence; its owner writes.

    Born switched off. `conditions` narrows the leads (a condition tree over leads). The window's times
    are local to the owner. `expected` is what the preview promised when it was switched on.
    """

    __tablename__ = "followup_rules"
    __kind__ = "followup_rule"
    __audited__ = True
    __table_args__ = (sa.CheckConstraint("after_minutes >= 0", name="after_sign"),)

    name: Mapped[str]
    sequence_id: Mapped[UUID] = mapped_column(sa.ForeignKey("sequences.id"), index=True)
    is_on: Mapped[bool] = mapped_column(default=False)
    after_minutes: Mapped[int]
    conditions: Mapped[dict[str, Any] | None]
    window_days: Mapped[list[Any]] = mapped_column(default=lambda: [1, 2, 3, 4, 5])
    window_start: Mapped[str] = mapped_column(default="09:00")
    window_end: Mapped[str] = mapped_column(default="17:00")
    expected: Mapped[int | None]
    switched_on_at: Mapped[datetime | None]
    switched_on_by: Mapped[UUID | None]
    off_reason: Mapped[str | None]
    origin: Mapped[str] = mapped_column(default="api")

    @property
    def window(self) -> SendWindow:
        """When this rule's mails may leave."""
        return SendWindow(
            frozenset(self.window_days),
            time.fromisoformat(self.window_start),
            time.fromisoformat(self.window_end),
        )


class Enrolment(Timestamps, Base):
    """One lead, or one contact, in one sequence. `stop_epoch` rises with every stop: a mail planned before it never
    leaves. `lead_status` is where the lead stood when it entered."""

    __tablename__ = "enrolments"
    __kind__ = "enrolment"
    __table_args__ = (
        one_of("status", STATUSES),
        sa.Index("uq_enrolments_live", "sequence_id", "lead_id", unique=True, sqlite_where=_LIVE,
                 postgresql_where=_LIVE),
        sa.Index("uq_enrolments_live_contact", "sequence_id", "contact_id", unique=True, sqlite_where=_LIVE,
                 postgresql_where=_LIVE),
        sa.CheckConstraint("(lead_id IS NULL) <> (contact_id IS NULL)", name="one_of_them"),
        sa.UniqueConstraint("rule_id", "lead_id", "run_no"),
        sa.Index("ix_enrolments_lead", "lead_id", "status"),
        sa.Index("ix_enrolments_contact", "contact_id", sqlite_where=_OF_CONTACT, postgresql_where=_OF_CONTACT),
        sa.Index("ix_enrolments_address", "address_key", sqlite_where=_LIVE, postgresql_where=_LIVE),
        sa.Index("ix_enrolments_rule_created", "rule_id", "created_at"),
        sa.Index("ix_enrolments_created", "created_at", "id"),
    )  # fmt: skip

    sequence_id: Mapped[UUID] = mapped_column(sa.ForeignKey("sequences.id"))
    rule_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("followup_rules.id"))
    lead_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("leads.id"))
    contact_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("contacts.id"))
    owner_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id"), index=True)
    run_no: Mapped[int] = mapped_column(default=1)
    status: Mapped[str] = mapped_column(default="active")
    stop_epoch: Mapped[int] = mapped_column(default=0)
    stop_reason: Mapped[str | None]
    step: Mapped[int] = mapped_column(default=0)
    steps: Mapped[list[Any]] = mapped_column(default=list)
    address_key: Mapped[str]
    lead_status: Mapped[str | None]
    time_zone: Mapped[str] = mapped_column(default="UTC")
    resume_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]

    @property
    def zone(self) -> ZoneInfo:
        """The zone its send window is local to."""
        return ZoneInfo(self.time_zone)

    @property
    def is_live(self) -> bool:
        """Something may still be sent."""
        return self.status in LIVE
