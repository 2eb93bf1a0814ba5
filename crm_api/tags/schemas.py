"""What goes in and out of tags."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from crm_api.core.schemas import Body, Line, Name, example


class TagIn(Body):
    model_config = example({"name": "Key account", "color": "green"})

    name: Name
    color: Line = "grey"


class TagPatch(Body):
    name: Name | None = None
    color: Line | None = None


class TagOut(BaseModel):
    id: UUID
    name: str
    color: str
    created_at: datetime
    updated_at: datetime
    version: int
