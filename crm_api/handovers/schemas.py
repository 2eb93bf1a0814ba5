"""What goes in and out of a hand-over."""

from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field

from crm_api.core.schemas import Body, example

Kind = Literal["account", "contact", "lead", "opportunity", "activity", "view"]


class Part(Body):
    """Some of the records: those of a kind, of a territory, or both. Accounts and leads have a territory of
    their own, everything else that of its account; views, of which those shared with others are handed over, have
    none."""

    kind: Kind | None = None
    territory_id: UUID | None = None
    successor_id: UUID


class HandoverIn(Body):
    """Who gets what somebody owns: the first part that fits a record, else `successor_id`."""

    model_config = example({"successor_id": "0198c000-0000-7000-8000-000000000001", "deactivate": True})

    successor_id: UUID | None = None
    parts: list[Part] = Field([], max_length=200)
    include_closed: bool = Field(
        False, description="Leads and deals that are over, too. Else they go on counting for who closed them."
    )
    deactivate: bool = Field(False, description="Deactivate the user at the end; for administrators.")


class TerritoryCount(BaseModel):
    territory_id: UUID | None
    territory_name: str | None
    count: int


class Owned(BaseModel):
    """The live records of one kind, and how many are over."""

    kind: Kind
    count: int
    closed: int
    by_territory: list[TerritoryCount]


class Others(BaseModel):
    """What does not change hands: it is stopped, withdrawn or revoked, or goes to who gets the rest."""

    sequences: int = Field(description="Leads in a sequence of mails in the user's name; these stop.")
    visit_plans: int = Field(description="Planned days ahead; withdrawn, their visits change hands.")
    webhooks: int = Field(description="Switched off with a deactivation.")
    api_keys: int = Field(description="Revoked with a deactivation.")
    teams_managed: int = Field(description="Go to `successor_id` with a deactivation.")
    reports: int = Field(
        description="People who report to the user; go to `successor_id` with a deactivation."
    )


class HandoverPreview(BaseModel):
    """What somebody owns that the asker may see."""

    user_id: UUID
    user_name: str
    total: int
    records: list[Owned]
    others: Others


class Moved(BaseModel):
    kind: Kind
    successor_id: UUID
    count: int


class HandoverPlan(BaseModel):
    """What a hand-over would move, and what nobody would get."""

    moved: list[Moved]
    left: dict[str, int]


class HandoverOut(BaseModel):
    """What a hand-over moved. One change set holds all of it."""

    user_id: UUID
    moved: list[Moved]
    total: int
    others: Others
    is_active: bool
    change_set_id: UUID | None
