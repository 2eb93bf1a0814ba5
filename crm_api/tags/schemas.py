"""What goes in and out of tags."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from crm_api.core.schemas import Body, Line, Name, example


class TagIn(Body):
    model_config = example({"name": "Key account", "color": "green"})

    name: Name
    color: Line = "grey"


class TagPatch(Body):
    name: Name | None = None
    color: Line | None = None


class Merge(Body):
    """The tag that stays, and is put wherever the other one was."""

    into_id: UUID


class Labelled(Body):
    """Records of one kind, up to 1,000."""

    model_config = example({"kind": "account", "ids": ["0198a1f0-0000-7000-8000-000000000001"]})

    kind: str = Field(max_length=60, description="The kind of record, as events name it: `account`, `lead`.")
    ids: Annotated[list[UUID], Field(min_length=1, max_length=1000)]


class LabelledOut(BaseModel):
    tag_id: UUID
    kind: str
    changed: int
    unchanged: int


class TagCount(BaseModel):
    """How many records carry a tag, of those you see."""

    id: UUID
    name: str
    color: str
    total: int
    counts: dict[str, int] = Field(examples=[{"account": 3, "contact": 0, "lead": 7, "opportunity": 1}])


class TagOut(BaseModel):
    id: UUID
    name: str
    color: str
    created_at: datetime
    updated_at: datetime
    version: int
