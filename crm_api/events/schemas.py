"""What an event looks like from outside: the feed and every webhook show the same envelope."""

import re
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field, StringConstraints

from crm_api.events.types import EVENTS

_PATTERN = re.compile(r"\*|[a-z][a-z0-9_]*\.(?:\*|[a-z][a-z0-9_]*)")


def _pattern(value: str) -> str:
    if not _PATTERN.fullmatch(value):
        raise ValueError("an event type such as lead.created, all of a kind as lead.*, or * for everything")
    kind, _, happened = value.partition(".")
    if kind != "*" and kind not in EVENTS:
        raise ValueError(f"events are of the kinds {', '.join(sorted(EVENTS))}")
    if happened not in ("", "*") and happened not in EVENTS[kind]:
        raise ValueError(f"of {kind} there are {', '.join(f'{kind}.{each}' for each in EVENTS[kind])}")
    return value


TypePattern = Annotated[str, StringConstraints(max_length=100), AfterValidator(_pattern)]


class EventOut(BaseModel):
    """One fact. `data` holds ids and scalars; read the record itself for the rest.

    `position` rises without end and never changes; `id` is the same wherever the event is shown.
    """

    id: UUID
    position: int
    type: str = Field(examples=["lead.status_changed"])
    kind: str = Field(examples=["lead"])
    subject_id: UUID = Field(description="The record this is about.")
    occurred_at: datetime
    actor_id: UUID | None = Field(description="Who did it; empty for the service itself.")
    origin: str = Field(description="The channel it came through.", examples=["api", "web", "api_key:0198…"])
    request_id: str | None
    data: dict[str, Any]


class Feed(BaseModel):
    """A stretch of the feed, in order of position."""

    items: list[EventOut]
    next_after: int = Field(description="Send it as `after` to go on; everything up to here was shown.")
    has_more: bool = Field(description="Whether more is there already.")


class EventType(BaseModel):
    """One type of event; `meaning` goes on from the record it is about."""

    type: str = Field(examples=["lead.converted"])
    kind: str
    meaning: str = Field(examples=["became an account, with the ids of what was made"])
