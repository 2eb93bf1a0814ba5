"""What the outbox answers with, and what people tell it."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field

from crm_api.core.schemas import Body, Email, Line


class MessageOut(BaseModel):
    """One outgoing message. `reason` says why it waits, was stopped or failed; `due_at` when it goes on."""

    id: UUID
    status: str
    is_uncertain: bool
    reason: str | None
    purpose: str
    due_at: datetime | None
    expires_at: datetime | None
    attempts: int
    sender_id: UUID | None
    sender_address: str
    recipient_address: str
    recipient_name: str
    template: str | None
    subject: str | None
    text: str | None
    message_id: str
    provider_id: str | None
    transport: str | None
    sending_at: datetime | None
    sent_at: datetime | None
    account_id: UUID | None
    contact_id: UUID | None
    lead_id: UUID | None
    source_id: UUID | None
    source_step: int | None
    created_at: datetime
    updated_at: datetime


class Remark(Body):
    """Why somebody settles a message by hand."""

    remark: Line = Field("", examples=["She confirmed on the phone that it arrived."])


class PauseIn(Body):
    """Whether all sending rests."""

    paused: bool


class PauseOut(BaseModel):
    """Whether all sending rests."""

    paused: bool


class SuppressionIn(Body):
    """An address to keep out of all automatic mail."""

    address: Email
    reason: Literal["opt_out", "bounce", "complaint", "manual"] = "manual"
    note: Line | None = None


class SuppressionOut(BaseModel):
    """An address that gets no automatic mail."""

    id: UUID
    address_key: str = Field(description="The address; of somebody who was erased its hash, `sha256:…`.")
    reason: str
    note: str | None
    created_by: UUID | None
    created_at: datetime
