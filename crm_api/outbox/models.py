"""Outgoing messages and who must not get any."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crm_api.core.columns import Timestamps, one_of
from crm_api.core.database import Base
from crm_api.outbox.state import MessageState, Status

REASONS = ("opt_out", "bounce", "complaint", "manual")


def _only(*statuses: Status) -> dict[str, Any]:
    listed = ", ".join(f"'{status}'" for status in statuses)
    condition = sa.text(f"status IN ({listed})")
    return {"sqlite_where": condition, "postgresql_where": condition}


class OutboxMessage(Timestamps, Base):
    """One mail to one person. Its status changes through `state.transition` and nowhere else.

    `idem_key` says what the message is for, so that it is planned once however often somebody plans.
    `source_id`, `source_step` and `source_epoch` belong to the room that asked for it (`purpose` names
    it) and are read back by its author at the final check.
    """

    __tablename__ = "outbox_messages"
    __kind__ = "message"
    __table_args__ = (
        one_of("status", tuple(Status)),
        sa.Index("ix_outbox_due", "due_at", "id", **_only(Status.QUEUED, Status.PLANNED, Status.UNKNOWN)),
        sa.Index("ix_outbox_leases", "lease_until", **_only(Status.CLAIMED, Status.SENDING)),
        sa.Index("ix_outbox_expiry", "expires_at", **_only(Status.PLANNED, Status.QUEUED, Status.HELD)),
        sa.Index("ix_outbox_status", "status", "created_at", "id"),
        sa.Index("ix_outbox_created", "created_at", "id"),
        sa.Index("ix_outbox_recipient", "recipient_key", "sending_at"),
        sa.Index("ix_outbox_sender", "sender_id", "created_at", "id"),
        sa.Index("ix_outbox_lead", "lead_id"),
        sa.Index("ix_outbox_contact", "contact_id"),
        sa.Index("ix_outbox_account", "account_id"),
        sa.Index("ix_outbox_source", "source_id"),
    )

    purpose: Mapped[str]
    idem_key: Mapped[str] = mapped_column(unique=True)
    status: Mapped[str] = mapped_column(default=Status.QUEUED)
    token: Mapped[int] = mapped_column(default=0)
    attempts: Mapped[int] = mapped_column(default=0)
    looks: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    lease_until: Mapped[datetime | None]
    claimed_by: Mapped[str | None]
    handle: Mapped[str | None]
    provider_id: Mapped[str | None]
    reason: Mapped[str | None]
    stop_requested: Mapped[bool] = mapped_column(default=False)

    sender_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("users.id"))
    team_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("teams.id"), index=True)
    sender_address: Mapped[str]
    sender_name: Mapped[str] = mapped_column(default="")
    recipient_address: Mapped[str]
    recipient_name: Mapped[str] = mapped_column(default="")
    recipient_key: Mapped[str]
    template: Mapped[str | None]
    subject: Mapped[str | None]
    text: Mapped[str | None]
    html: Mapped[str | None]
    content_hash: Mapped[str | None]
    message_id: Mapped[str] = mapped_column(unique=True)
    sent_message_id: Mapped[str | None] = mapped_column(index=True)
    transport: Mapped[str | None]
    sending_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]

    account_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("accounts.id"))
    contact_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("contacts.id"))
    lead_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("leads.id"))
    source_id: Mapped[UUID | None]
    source_step: Mapped[int | None]
    source_epoch: Mapped[int | None]

    @property
    def owner_id(self) -> UUID | None:
        """A message is its sender's to look after."""
        return self.sender_id

    @property
    def state(self) -> MessageState:
        """What the rules look at."""
        return MessageState(
            status=Status(self.status), token=self.token, attempts=self.attempts, looks=self.looks,
            due_at=self.due_at, expires_at=self.expires_at, lease_until=self.lease_until,
            claimed_by=self.claimed_by, handle=self.handle, provider_id=self.provider_id, reason=self.reason,
            stop_requested=self.stop_requested,
        )  # fmt: skip

    @property
    def is_uncertain(self) -> bool:
        """It may have been sent, and the transport was asked and cannot tell: a person can."""
        return self.status == Status.UNKNOWN and self.looks > 0


class Suppression(Timestamps, Base):
    """An address that gets no automatic mail. It outlives the records that carry the address."""

    __tablename__ = "suppressions"
    __kind__ = "suppression"
    __table_args__ = (one_of("reason", REASONS),)

    address_key: Mapped[str] = mapped_column(unique=True)
    reason: Mapped[str]
    note: Mapped[str | None]
    message_id: Mapped[UUID | None]
    created_by: Mapped[UUID | None]


class RecipientTurn(Base):
    """One row a recipient, locked while somebody counts what that person was sent lately.

    Without it two workers could each see that the limit is not reached, and both send.
    """

    __tablename__ = "recipient_turns"

    recipient_key: Mapped[str] = mapped_column(unique=True)
    checked_at: Mapped[datetime]
