"""What goes in and out of attachments."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field, StringConstraints, model_validator

from crm_api.core.schemas import LINE, Body, Clean, Name

RecordKind = Literal["account", "contact", "lead", "opportunity", "activity"]
MOST = 50  # files of one activity


def _web(value: str) -> str:
    """Only what a browser fetches: `javascript:` and `file:` in a list that people click on are traps."""
    if not value.lower().startswith(("https://", "http://")):
        raise ValueError("an address that starts with https:// or http://")
    return value


Link = Annotated[str, StringConstraints(max_length=LINE), Clean, AfterValidator(_web)]


class AttachmentRef(Body):
    """A file uploaded before, by its `file_id`, or one that lies elsewhere, by its `url`."""

    name: Name | None = Field(None, description="The file's own name, where none is given.")
    file_id: UUID | None = None
    url: Link | None = None
    size: int | None = Field(None, ge=0, description="In bytes; of a file of ours, ours counts.")
    type: Annotated[str, StringConstraints(max_length=100), Clean] | None = Field(
        None, description="The media type; of a file of ours, ours counts."
    )

    @model_validator(mode="after")
    def _one_place(self) -> "AttachmentRef":
        if (self.file_id is None) == (self.url is None):
            raise ValueError("give one of file_id and url")
        return self


Attachments = Annotated[list[AttachmentRef], Field(max_length=MOST)]


class AttachmentShown(BaseModel):
    """One file of a record, as its list shows it."""

    name: str
    file_id: UUID | None
    url: str | None
    size: int | None
    type: str | None


class AttachmentOut(BaseModel):
    file_id: UUID
    id: UUID
    name: str
    type: str
    size: int
    sha256: str
    url: str
    kind: RecordKind | None
    record_id: UUID | None
    owner_id: UUID | None
    origin: str
    created_at: datetime
    updated_at: datetime
    version: int


def address_of(file_id: Any) -> str:
    """Where a file is downloaded."""
    return f"/api/v1/crm/attachments/{file_id}/content"
