"""What goes into and comes out of the room of data subjects."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from crm_api.core.schemas import Body, Email, Line, Name, example
from crm_api.privacy.words import SHORTEST


class SubjectIn(Body):
    """Who is meant: one of their records, or an e-mail address."""

    kind: Literal["contact", "lead", "user"] | None = None
    id: UUID | None = None
    email: Email | None = None

    @model_validator(mode="after")
    def _one_way(self) -> "SubjectIn":
        if (self.kind is None) != (self.id is None) or (self.id is None) == (self.email is None):
            raise ValueError("name a record by kind and id, or give an email")
        return self


class ExportIn(Body):
    """Whose data to hand over."""

    model_config = example({"subject": {"email": "dana@riverside.example"}})

    subject: SubjectIn
    also_known_as: list[Annotated[Name, Field(min_length=SHORTEST)]] = Field(
        default_factory=list, max_length=20, description="Further spellings of the name to look for in texts."
    )


class ErasureIn(ExportIn):
    """Whom to erase, and why."""

    model_config = example(
        {
            "subject": {"kind": "contact", "id": "01981f2e-5bd5-7cc0-8a48-3f1f1d0a5c11"},
            "reason": "Asked by letter",
        }
    )

    reason: Line = Field(min_length=1, description="Why. It is kept for good, so name nobody here.")
    never_write_again: bool = Field(
        False, description="Keep hashes of their addresses, so that no automatic mail ever goes there again."
    )


class ErasedRecord(BaseModel):
    """A record that the erasure was about. `label` is told by a dry run alone."""

    kind: str
    id: UUID
    label: str | None = None


class ErasureOut(BaseModel):
    """What is left of somebody who was erased: when, by whom, why, and how much there was."""

    id: UUID
    at: datetime
    actor_id: UUID | None
    subject_kind: str = Field(description="contact, lead, user, another kind, or address.")
    subject_id: UUID | None
    reason: str
    counts: dict[str, Any] = Field(
        description="By table: rows deleted, rows blanked, and rows of others that were cleaned of the words."
    )


class ErasureMade(ErasureOut):
    """An erasure that was just made, or tried."""

    records: list[ErasedRecord] = Field(description="The records that were taken for this person's.")
