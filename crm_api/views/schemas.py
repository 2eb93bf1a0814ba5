"""What goes in and out of saved views."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints

from crm_api.conditions.tree import Tree
from crm_api.core.schemas import Body, Name, example

SharedWith = Literal["nobody", "team", "all"]
Column = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Search = Annotated[str, StringConstraints(min_length=1, max_length=200)]

_TREE = Field(description="The condition tree of `POST …/search`. Times may be relative, ids may be `me`.")
_SORT = Field(max_length=4, description="Fields, `-` for descending; none for the usual order.")
_FIELDS = Field(max_length=100, description="The columns, in order; none for all.")


class ViewIn(Body):
    """A list to be asked for again. Its conditions are checked against the fields there are."""

    model_config = example(
        {
            "name": "My hot leads, this month",
            "kind": "lead",
            "where": {
                "all": [
                    {"field": "owner_id", "op": "eq", "value": "me"},
                    {"field": "score", "op": "gte", "value": 80},
                    {"field": "created_at", "op": "gte", "value": "this_month"},
                ]
            },
            "sort": ["-score"],
            "fields": ["title", "company_name", "score", "estimated_value"],
            "shared_with": "all",
        }
    )

    name: Name
    kind: Annotated[str, StringConstraints(max_length=60)] = Field(
        description="The kind of record, as events name it: `lead`, `opportunity`."
    )
    where: Annotated[Tree | None, _TREE] = None
    search: Search | None = None
    sort: Annotated[list[Column], _SORT] = Field(default_factory=list)
    fields: Annotated[list[Column], _FIELDS] = Field(default_factory=list)
    shared_with: SharedWith = "nobody"
    team_id: UUID | None = Field(
        None, description="The team it is shared with: yours, where nothing is said, or one you lead."
    )


class ViewPatch(Body):
    name: Name | None = None
    where: Annotated[Tree | None, _TREE] = None
    search: Search | None = None
    sort: Annotated[list[Column] | None, _SORT] = None
    fields: Annotated[list[Column] | None, _FIELDS] = None
    shared_with: SharedWith | None = None
    team_id: UUID | None = None
    owner_id: UUID | None = Field(None, description="Hand it over; administrators only.")


class ViewOut(BaseModel):
    id: UUID
    name: str
    kind: str
    where: dict[str, Any]
    search: str | None
    sort: list[str]
    fields: list[str]
    shared_with: SharedWith
    team_id: UUID | None
    owner_id: UUID
    created_at: datetime
    updated_at: datetime
    version: int


class DefaultIn(Body):
    """Which view the lists of a kind begin with; null for none."""

    model_config = example({"view_id": None, "of": "me"})

    view_id: UUID | None
    of: Literal["me", "organisation"] = "me"


class DefaultOut(BaseModel):
    """One default that holds for the asker; their own goes before the organisation's."""

    kind: str
    view_id: UUID
    of: Literal["me", "organisation"]
