"""How far each mailbox was read, and what was found in it."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crm_api.core import clock
from crm_api.core.columns import one_of
from crm_api.core.database import Base

VERDICTS = ("reply", "stop", "automatic", "bounce", "soft_bounce", "other")


class MailboxState(Base):
    """How far one mailbox was read. The cursor is committed with what was made of the mails before it."""

    __tablename__ = "mailbox_states"

    address_key: Mapped[str] = mapped_column(unique=True)
    cursor: Mapped[str | None]
    synced_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    error: Mapped[str | None]


class ReceivedMail(Base):
    """One mail that arrived, and what it was taken for. Providers deliver twice: it counts once."""

    __tablename__ = "received_mails"
    __table_args__ = (
        sa.UniqueConstraint("mailbox_key", "provider_id"),
        one_of("verdict", VERDICTS),
        sa.Index("ix_received_mails_outbox", "outbox_id"),
        sa.Index("ix_received_mails_activity", "activity_id"),
        sa.Index("ix_received_mails_sender", "sender_key"),
    )

    mailbox_key: Mapped[str]
    provider_id: Mapped[str]
    message_id: Mapped[str]
    sender_key: Mapped[str]
    subject: Mapped[str]
    received_at: Mapped[datetime]
    read_at: Mapped[datetime] = mapped_column(default=clock.now)
    verdict: Mapped[str]
    outbox_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("outbox_messages.id"))
    activity_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("activities.id"))
