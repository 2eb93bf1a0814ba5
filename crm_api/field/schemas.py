"""What goes in and out on the road."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from crm_api.activities.schemas import WORDS
from crm_api.core.schemas import Body, Instant, Latitude, Longitude, Name, Text, example

Accuracy = Annotated[float, Field(ge=0, le=100_000, allow_inf_nan=False, description="In metres.")]
Verdict = Literal["verified", "away", "unverified"]


class NextStepIn(Body):
    """What is to be done next, which goes onto the list of whoever made the visit."""

    vocabulary = WORDS

    activity_type: Literal["task", "call", "meeting", "video_call", "visit", "email"] = "task"
    subject: Name
    due_at: Instant


class OutcomeIn(Body):
    """What came of a visit, and what follows: one form."""

    model_config = example(
        {
            "at": "2026-11-23T15:40:00Z",
            "outcome": "Wants 20 units in spring, asks for a quote",
            "next_steps": "Send the quote",
            "next_step": {
                "activity_type": "task",
                "subject": "Send the quote",
                "due_at": "2026-11-25T15:00:00Z",
            },
        }
    )

    at: Instant | None = Field(None, description="When the visit ended, by the phone; now when not given.")
    nobody_there: bool = Field(
        False, description="Then it was no visit: the account stays as overdue as it was."
    )
    outcome: Text | None = None
    next_steps: Text | None = None
    contact_id: UUID | None = Field(None, description="Who was spoken to.")
    follow_up_date: Instant | None = Field(None, description="When somebody is to be got back to.")
    next_step: NextStepIn | None = None
    follow_up_sequence_id: UUID | None = Field(
        None, description="A sequence of mails to whom was spoken to, which begins once the visit is over."
    )

    @model_validator(mode="after")
    def _mails_go_to_a_person(self) -> Self:
        if self.follow_up_sequence_id is not None and (self.contact_id is None or self.nobody_there):
            raise ValueError("say who was spoken to (contact_id): mails go to a person")
        return self


class CheckInIn(Body):
    """At the door of an account. What was queued while the phone was offline is sent later, with the time it happened
    and an `id` of the phone's own, so that its check-out can be queued behind it."""

    model_config = example(
        {
            "account_id": "0190e2a4-0000-7000-8000-000000000001",
            "at": "2026-11-23T15:02:00Z",
            "latitude": 39.9578,
            "longitude": -83.0239,
            "accuracy_metres": 12,
        }
    )

    id: UUID | None = None
    account_id: UUID
    activity_id: UUID | None = Field(
        None,
        description="The scheduled visit; that of the account and the day when not given, else a new one.",
    )
    at: Instant | None = Field(None, description="When it was, by the phone; now when not given.")
    latitude: Latitude | None = None
    longitude: Longitude | None = None
    accuracy_metres: Accuracy | None = None
    pin_here: bool = Field(
        False, description="Make this position the account's pin, where nobody has set one by hand."
    )
    check_out: OutcomeIn | None = Field(
        None, description="The whole visit at once, where it is over already."
    )

    @model_validator(mode="after")
    def _whole_position(self) -> Self:
        if (self.latitude is None) != (self.longitude is None):
            raise ValueError("give latitude and longitude together, or neither")
        return self


class CheckInOut(BaseModel):
    """A check-in: where and when, how far the account's pin was, and whether that is near enough."""

    id: UUID
    account_id: UUID
    account_name: str
    activity_id: UUID
    owner_id: UUID
    checked_in_at: datetime
    received_at: datetime
    checked_out_at: datetime | None
    latitude: float | None
    longitude: float | None
    accuracy_metres: int | None
    distance_metres: int | None
    verdict: Verdict
    is_late: bool = Field(description="The phone came online more than ten minutes later.")
    created_at: datetime


class BriefLine(BaseModel):
    """One line: what it is about, the sentence, and the record behind it."""

    code: Literal["last_order", "open_promise", "open_deals", "who_to_ask_for", "last_words"]
    text: str
    kind: str | None = None
    record_id: UUID | None = None


class BriefOut(BaseModel):
    """An account in five lines, to be read at its door."""

    account_id: UUID
    account_name: str
    phone: str | None
    address: str | None
    navigate: str | None = Field(description="A Google Maps link that leads there.")
    lines: list[BriefLine]


class FeedOut(BaseModel):
    """A calendar feed; `url` is shown once, when it is made."""

    is_on: bool
    url: str | None = None
    created_at: datetime | None = None
    last_read_at: datetime | None = None


class RoadRules(Body):
    """How the organisation checks visits and pays for kilometres."""

    model_config = example({"check_in_metres": 150, "mileage_rate": 0.67})

    check_in_metres: int = Field(150, ge=10, le=5_000, description="How near is near enough, in metres.")
    mileage_rate: float | None = Field(
        None, ge=0, le=1_000, allow_inf_nan=False,
        description="Paid per kilometre or mile, as the organisation counts, in its currency.",
    )  # fmt: skip

    @classmethod
    def of(cls, settings: Any) -> "RoadRules":
        """As kept in the organisation's settings; the defaults where nothing is."""
        return cls.model_validate(settings.get("road") or {})
