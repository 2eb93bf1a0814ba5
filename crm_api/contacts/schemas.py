"""What goes in and out of contacts."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from crm_api.core.schemas import Body, CustomValues, Email, Line, Name, Phone, Shown, Text, example
from crm_api.core.vocabulary import Vocabulary
from crm_api.writes.duplicates import PossibleDuplicate

ContactRole = Literal["decision_maker", "influencer", "contact", "distributor", "dealer"]


WORDS = Vocabulary(
    names={
        "customer_id": "account_id",
        "title_position": "job_title",
        "assigned_to_id": "owner_id",
        "assigned_to": "owner_id",
    },
)


class _ContactFields(Body):
    vocabulary = WORDS

    last_name: Name | None = None
    email: Email | None = None
    phone: Phone | None = None
    mobile: Phone | None = None
    job_title: Line | None = None
    department: Line | None = None
    account_id: UUID | None = None
    reports_to_id: UUID | None = None
    owner_id: UUID | None = None
    time_zone: Line | None = None
    street: Line | None = None
    city: Line | None = None
    state: Line | None = None
    zip: Line | None = None
    country: Line | None = None
    description: Text | None = None
    tags: list[Name] | None = Field(None, max_length=50)
    custom_fields: CustomValues | None = None
    external_system: Line | None = None
    external_id: Line | None = None


class ContactIn(_ContactFields):
    """A new contact."""

    model_config = example(
        {
            "first_name": "Dana",
            "last_name": "Reyes",
            "email": "dana@riverside.example",
            "role": "decision_maker",
        }
    )

    first_name: Name = Field(examples=["Dana"])
    role: ContactRole = "contact"
    is_primary: bool = False
    do_not_call: bool = False
    email_opt_out: bool = False
    is_active: bool = Field(True, description="Whether they still work there.")


class ContactPatch(_ContactFields):
    first_name: Name | None = None
    role: ContactRole | None = None
    is_primary: bool | None = None
    do_not_call: bool | None = None
    email_opt_out: bool | None = None
    is_active: bool | None = None


class ContactOut(Shown):
    vocabulary = WORDS

    id: UUID
    first_name: str
    last_name: str | None
    email: str | None
    phone: str | None
    mobile: str | None
    job_title: str | None
    department: str | None
    role: ContactRole
    account_id: UUID | None
    reports_to_id: UUID | None
    owner_id: UUID | None
    is_primary: bool
    do_not_call: bool
    email_opt_out: bool
    is_active: bool
    time_zone: str | None
    street: str | None
    city: str | None
    state: str | None
    zip: str | None
    country: str | None
    description: str | None
    tags: list[str]
    last_contact_at: datetime | None
    custom_fields: dict[str, Any]
    external_system: str | None
    external_id: str | None
    origin: str
    archived_at: datetime | None
    created_at: datetime
    updated_at: datetime
    version: int


class ContactMade(ContactOut):
    """A contact just made, with the records that are probably the same."""

    possible_duplicates: list[PossibleDuplicate]
