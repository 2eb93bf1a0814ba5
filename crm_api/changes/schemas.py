"""What change sets look like from outside."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from crm_api.core.listing import Page


class ChangeSetOut(BaseModel):
    """Everything one request, import or job changed together."""

    id: UUID
    at: datetime
    actor_id: UUID | None = Field(description="Who did it; empty for the service itself.")
    origin: str = Field(description="The channel it came through.", examples=["api", "web", "import"])
    request_id: str | None
    label: str = Field(
        description="What was done, for people.", examples=["Update lead", "Import of leads.csv"]
    )
    reverts_id: UUID | None = Field(description="The change set that this one undid.")
    reverted_by_id: UUID | None = Field(description="The last change set that undid this one.")


class FieldChange(BaseModel):
    """One field, by the name it has in answers; amounts in the major unit. Secrets show as dots."""

    field: str
    before: Any = None
    after: Any = None


class EntryOut(BaseModel):
    """One record's part of a change set."""

    id: UUID
    change_set_id: UUID
    at: datetime
    actor_id: UUID | None
    origin: str
    label: str
    kind: str
    record_id: UUID
    action: str = Field(
        description="create, update, delete, erase, clean (lost words about an erased person), or what else was noted."
    )
    changes: list[FieldChange]


class Touched(BaseModel):
    """How many records of a kind were touched in one way."""

    kind: str
    action: str
    records: int


class ChangeSetWithEntries(ChangeSetOut):
    """One change set: how many records of each kind, and its entries, a page at a time."""

    counts: list[Touched]
    entries: Page[EntryOut]


class Undone(BaseModel):
    """One record and what became of it."""

    kind: str
    id: UUID
    label: str | None
    what: Literal["changed", "restored", "archived", "made_again", "taken_back"]
    fields: list[str] = Field(description="The fields that were put back.")


class Kept(BaseModel):
    """Something that is not undone, and why."""

    kind: str
    id: UUID
    detail: str


class UndoneCount(BaseModel):
    """How many records of a kind, by what became of them."""

    kind: str
    changed: int = 0
    restored: int = 0
    archived: int = 0
    made_again: int = 0
    taken_back: int = 0


class RevertOut(BaseModel):
    """What a revert did. It is a change set itself: it can be undone."""

    id: UUID = Field(description="The new change set.")
    reverts_id: UUID
    label: str
    counts: list[UndoneCount]
    records: list[Undone] = Field(description="The first hundred records.")
    kept: list[Kept] = Field(description="What is never undone: mails sent, erasures, and the like.")
