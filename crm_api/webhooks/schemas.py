"""What goes in and out of webhooks."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints, model_validator

from crm_api.core.schemas import Body, Instant, Name, Url
from crm_api.events.schemas import TypePattern

Status = Literal["pending", "sending", "delivered", "failed", "cancelled"]
Origin = Annotated[
    str,
    StringConstraints(max_length=60, pattern=r"^[a-z][a-z_]*(:[0-9a-f-]{36})?$"),
    Field(examples=["import", "api_key:0198c5a0-0000-7000-8000-000000000000", "self"]),
]
Patterns = Annotated[
    list[TypePattern],
    Field(min_length=1, max_length=50, description="Which events: `lead.created`, `lead.*`, `*`."),
]
Origins = Annotated[
    list[Origin],
    Field(
        max_length=20,
        description="Leave out changes that came through these channels. `self` is the API key of this request.",
    ),
]


class WebhookIn(Body):
    """An address to be told of events. It is told what its owner, who makes it, may see."""

    name: Name = Field(examples=["Order system"])
    url: Url = Field(examples=["https://orders.example.com/hooks/rounds"])
    event_types: Patterns = Field(default_factory=lambda: ["*"])
    exclude_origins: Origins = Field(default_factory=list)


class WebhookPatch(Body):
    name: Name | None = None
    url: Url | None = None
    event_types: Patterns | None = None
    exclude_origins: Origins | None = None
    is_active: bool | None = None


class WebhookOut(BaseModel):
    """An endpoint. `disabled_reason` says why it was switched off; its secret is shown once, when made."""

    id: UUID
    name: str
    url: str
    event_types: list[str]
    exclude_origins: list[str]
    owner_id: UUID
    is_active: bool
    disabled_at: datetime | None
    disabled_reason: str | None
    previous_secret_until: datetime | None = Field(description="Until then messages carry two signatures.")
    failing_since: datetime | None = Field(description="Nothing has arrived since; empty where all is well.")
    last_success_at: datetime | None
    last_failure_at: datetime | None
    created_at: datetime
    updated_at: datetime
    version: int


class WebhookMade(WebhookOut):
    """An endpoint with its new secret. This answer is the only one that holds it."""

    secret: str = Field(description="`whsec_…`, to verify signatures with.")


class Rotation(Body):
    """How long the old secret stays good beside the new one."""

    overlap_hours: int = Field(24, ge=0, le=168)


class Span(Body):
    """A stretch of time, by when the events happened; the end is not part of it."""

    since: Instant
    until: Instant | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.until is not None and self.until <= self.since:
            raise ValueError("until must be later than since")
        return self


class Replayed(BaseModel):
    """How many events will be delivered again."""

    queued: int


class DeliveryOut(BaseModel):
    """One event for one endpoint, with what came of the last attempt. `id` is the `webhook-id`."""

    id: UUID
    webhook_id: UUID
    event_id: UUID | None = Field(description="Empty for a test.")
    event_type: str
    status: Status
    attempts: int
    due_at: datetime = Field(description="When a waiting one is tried next.")
    created_at: datetime
    last_attempt_at: datetime | None
    delivered_at: datetime | None
    response_status: int | None
    latency_ms: int | None
    response_excerpt: str | None
    error: str | None


class AttemptOut(BaseModel):
    """One attempt."""

    at: datetime
    response_status: int | None
    latency_ms: int
    response_excerpt: str | None
    error: str | None


class DeliveryWithAttempts(DeliveryOut):
    """One delivery with every attempt, the first one first."""

    attempt_log: list[AttemptOut]
